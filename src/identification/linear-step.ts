import type { Experiment } from "../data/experiment/experiment.ts";
import { fitScaling, type SignalScaling } from "../data/experiment/prepare.ts";
import { CertificateError } from "../errors.ts";
import { type Tensor, tensorOf, zerosOf } from "../graph/tensor.ts";
import { spectralRadius } from "../linalg/eigenvalues.ts";
import { discreteLyapunov } from "../linalg/lyapunov.ts";
import { identity, type Matrix, matrix, scale, transpose } from "../linalg/matrix.ts";
import { balance } from "../lti/balance.ts";
import { isStable, type StateSpace } from "../lti/state-space.ts";
import { certifyRen, type RenCertificate } from "../verification/ren-certificate.ts";
import type { Identified } from "./identify.ts";
import { fromUnits } from "./model.ts";
import type { StepModel } from "./step-model.ts";
import { sealed } from "./weights-hash.ts";

/** Scaling as the tensors that a file holds. */
export const scalingTensors = ({ inputs, outputs }: SignalScaling): Record<string, Tensor> => ({
  "u.mean": vector(inputs.offset),
  "u.scale": vector(inputs.scale),
  "y.mean": vector(outputs.offset),
  "y.scale": vector(outputs.scale),
});

/**
 * A linear model of the data in signals of deviation 1, in balanced coordinates where it is stable, so
 * that its states are of a size; means are those of its operating point.
 */
export function standardForm(
  { model, operatingPoint }: Identified,
  experiments: readonly Experiment[],
): { readonly system: StateSpace; readonly scaling: SignalScaling } {
  const { inputs, outputs } = fitScaling(experiments);
  const scaling: SignalScaling = {
    inputs: { offset: operatingPoint.inputs.offset, scale: inputs.scale },
    outputs: { offset: operatingPoint.outputs.offset, scale: outputs.scale },
  };
  const { system } = fromUnits(model.system, model.K, { u: inputs.scale, y: outputs.scale }, true);
  return { system: isStable(system) ? balance(system).system : system, scaling };
}

/**
 * The linear model as one of a step, with a certificate of its contraction where its poles lie inside the
 * circle of the rate: 𝒫 from ᾱ²𝒫 − Aᵀ𝒫A = ᾱ²I.
 *
 * @param rate  ᾱ; half of the decay of the slowest pole when left out, null for an unstable model
 * @throws CertificateError  for a rate given that the poles do not keep
 */
export function linearStep(
  identified: Identified,
  experiments: readonly Experiment[],
  rate?: number,
): StepModel {
  const { system, scaling } = standardForm(identified, experiments);
  const { A, B, C, D, dt } = system;
  const [n, m, l] = [A.rows, B.cols, C.rows];
  const none = (...shape: number[]) => zerosOf("float32", shape);
  const tensors = {
    A: float32(A),
    B1: none(n, 1),
    B2: float32(B),
    C1: none(1, n),
    D11: none(1, 1),
    D12: none(1, m),
    C2: float32(C),
    D21: none(l, 1),
    D22: float32(D),
    b_x: none(n),
    b_v: none(1),
    b_y: none(l),
    ...scalingTensors(scaling),
  };
  const { inputs, outputs } = identified.model;
  const base = { kind: "linear", inputs, outputs, sampleTime: dt, tensors } as const;
  const certificate = contraction(tensors, rate);
  return { ...base, activation: "tanh", certificate: certificate && sealed(certificate, tensors) };
}

function contraction(
  tensors: Readonly<Record<string, Tensor>>,
  given: number | undefined,
): RenCertificate | null {
  const n = tensors.b_x.shape[0];
  const stored = Float64Array.from(tensors.A.data, Number); // as it is in the file
  const A = matrix(n, n, (i, j) => stored[i * n + j]);
  const radius = spectralRadius(A);
  const rate = given ?? roundedUp((1 + radius) / 2);
  if (!(radius < rate && rate <= 1)) {
    if (given === undefined) return null;
    throw new CertificateError(
      `the linear model does not contract at ${given}: its slowest pole has the modulus ${radius.toPrecision(6)}`,
      radius < 1
        ? `ask for a rate above that, such as --contraction ${roundedUp((1 + radius) / 2)}`
        : "the model is unstable: leave the contraction out, or take another order",
    );
  }
  const P = discreteLyapunov(transpose(scale(A, 1 / rate)), identity(n));
  return certifyRen(
    tensors,
    { P: tensorOf(P.data, [n, n]), Lambda: tensorOf(Float64Array.of(1), [1]) },
    { activation: "tanh", feedback: "acyclic", rate, guarantee: { kind: "contracting" } },
  );
}

/** To four digits of what is missing to 1. */
export const roundedUp = (rate: number): number => {
  const digits = 10 ** (3 - Math.floor(Math.log10(Math.max(1 - rate, 1e-9))));
  return Math.min(1, Math.ceil(rate * digits) / digits);
};

const float32 = ({ rows, cols, data }: Matrix): Tensor =>
  tensorOf(Float32Array.from(data), [rows, cols]);
const vector = (data: Float64Array): Tensor => tensorOf(Float32Array.from(data), [data.length]);
