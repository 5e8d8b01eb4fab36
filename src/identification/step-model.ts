import { UsageError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { ProxKind } from "../solvers/prox.ts";
import { type RenCertificate, type RenCheck, recheckRen } from "../verification/ren-certificate.ts";
import type { Predictor } from "./predictor.ts";
import { acyclicNeurons, dot, fullNeurons, type NeuronSolver } from "./step-neurons.ts";
import { hashOfWeights } from "./weights-hash.ts";

/**
 * A model of one step in the units of the data, as it is stored: the float32 matrices A, B1, B2, C1, D11,
 * D12, C2, D21, D22, b_x, b_v and b_y of a recurrent equilibrium network on standardised signals, and `u.mean`, `u.scale`, `y.mean`, `y.scale` that standardise them. A linear
 * model is one of a single neuron that is neither driven nor read.
 */
export interface StepModel {
  readonly kind: "ren" | "linear";
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly sampleTime: number; // s
  readonly activation: ProxKind;
  /** D11 strictly lower triangular, unless "full": then w = σ(D11 w + …) is solved in each step. */
  readonly feedback?: "acyclic" | "full";
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly certificate: RenCertificate | null;
}

const sigmas: Readonly<Partial<Record<ProxKind, (v: number) => number>>> = {
  tanh: Math.tanh,
  relu: (v) => Math.max(v, 0),
};

/**
 * What w = σ(D11 w + v) of one step is solved by, in float64.
 *
 * @throws UsageError  for an activation other than tanh and relu
 */
export function neuronsOf({
  tensors,
  activation,
  feedback,
}: Pick<StepModel, "tensors" | "activation" | "feedback">): () => NeuronSolver {
  const sigma = sigmas[activation];
  if (sigma === undefined)
    throw new UsageError(`a step model with the activation ${activation}; tanh or relu`);
  const D11 = Float64Array.from(tensors.D11.data, Number);
  const q = tensors.b_v.data.length;
  return (feedback === "full" ? fullNeurons : acyclicNeurons)(D11, q, sigma);
}

/**
 * The model as a predictor without an observer, computed in float64 from the stored numbers.
 *
 * @throws UsageError  for an activation other than tanh and relu
 * @throws NumericError  from `simulate`, where the neurons of a full D11 without a certificate have no solution
 */
export function stepPredictor(model: StepModel, name: string = model.kind): Predictor {
  const { tensors, inputs, outputs, sampleTime } = model;
  const neurons = neuronsOf(model);
  const numbers = (key: string) => Float64Array.from(tensors[key].data, Number);
  const [A, B1, B2, bx] = ["A", "B1", "B2", "b_x"].map(numbers);
  const [C1, D12, bv] = ["C1", "D12", "b_v"].map(numbers);
  const [C2, D21, D22, by] = ["C2", "D21", "D22", "b_y"].map(numbers);
  const [uMean, uScale, yMean, yScale] = ["u.mean", "u.scale", "y.mean", "y.scale"].map(numbers);
  const [n, q, m, l] = [bx.length, bv.length, inputs.length, outputs.length];
  return {
    name,
    inputs,
    outputs,
    sampleTime,
    states: n,
    simulate(given, x0) {
      const count = given.length / m;
      const y = new Float64Array(count * l);
      const u = new Float64Array(m);
      const v = new Float64Array(q);
      const solve = neurons();
      let [x, next] = [Float64Array.from(x0), new Float64Array(n)];
      for (let t = 0; t < count; t++) {
        for (let j = 0; j < m; j++) u[j] = (given[t * m + j] - uMean[j]) / uScale[j];
        for (let i = 0; i < q; i++) v[i] = bv[i] + dot(C1, i, x, n) + dot(D12, i, u, m);
        const w = solve(v);
        for (let j = 0; j < l; j++) {
          const out = by[j] + dot(C2, j, x, n) + dot(D21, j, w, q) + dot(D22, j, u, m);
          y[t * l + j] = out * yScale[j] + yMean[j];
        }
        for (let i = 0; i < n; i++)
          next[i] = bx[i] + dot(A, i, x, n) + dot(B1, i, w, q) + dot(B2, i, u, m);
        [x, next] = [next, x];
      }
      return { y, x };
    },
  };
}

/**
 * By how much a gain between standardised signals, ‖Δy‖ ≤ γ‖Δu‖, is to be multiplied to bound it in the
 * units of the data: the largest scale of an output over the smallest of an input, rounded up.
 */
export function unitsOfGain({ tensors }: Pick<StepModel, "tensors">): number {
  const scales = (name: string) => Array.from(tensors[name].data, Number);
  return (Math.max(...scales("y.scale")) / Math.min(...scales("u.scale"))) * (1 + 2 ** -50);
}

/**
 * The same of a gain that was attained, from below: the smallest scale of an output over the largest of an
 * input, which with one of each is the same number.
 */
export function unitsOfAttained({ tensors }: Pick<StepModel, "tensors">): number {
  const scales = (name: string) => Array.from(tensors[name].data, Number);
  return Math.min(...scales("y.scale")) / Math.max(...scales("u.scale"));
}

/** The certificate held against the stored numbers. */
export interface StepCheck extends RenCheck {
  /** Whether these are to the last bit the numbers that were certified; null where no hash was kept. */
  readonly weightsMatch: boolean | null;
}

/** The certificate held against the stored numbers; null for a model without one. */
export function recheckStep({ certificate, tensors }: StepModel): StepCheck | null {
  if (certificate === null) return null;
  const { weightsSha256: kept } = certificate;
  const weightsMatch = kept === undefined ? null : kept === hashOfWeights(tensors);
  return { ...recheckRen(certificate, tensors), weightsMatch };
}
