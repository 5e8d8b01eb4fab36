import { type Tensor, tensorOf, zerosOf } from "../graph/tensor.ts";
import { add, identity, type Matrix, matrixOf, multiply, subtract } from "../linalg/matrix.ts";
import { solve } from "../linalg/solve.ts";
import { isStable, type StateSpace } from "../lti/state-space.ts";
import { type Linearised, restOf } from "./linearise.ts";
import { neuronsOf, type StepModel, stepPredictor } from "./step-model.ts";
import { dot } from "./step-neurons.ts";

/** The same model between standardised signals: means 0 and scales 1. */
export function standardised(model: StepModel): StepModel {
  const plain = Object.entries(model.tensors).map(([name, tensor]): [string, Tensor] => {
    if (name.endsWith(".mean")) return [name, zerosOf("float32", tensor.shape)];
    if (!name.endsWith(".scale")) return [name, tensor];
    return [name, tensorOf(new Float32Array(tensor.data.length).fill(1), tensor.shape)];
  });
  return { ...model, tensors: Object.fromEntries(plain) };
}

/**
 * A model linearised where it rests under constant inputs, between standardised signals: with σ′ = diag D
 * there and M = (I − D D11)⁻¹ D,
 *
 *   A + B1 M C1,  B2 + B1 M D12,  C2 + D21 M C1,  D22 + D21 M D12.
 *
 * The gain of a derivative is a lower bound of the gain between two trajectories, in the limit of small
 * differences: what is proven of the model bounds the H∞ norm of this system.
 *
 * @param u  [m], standardised; the mean inputs, 0, when left out
 * @returns null where it does not come to rest, where that is at a kink of relu, or is not stable
 */
export function restOfStep(model: StepModel, u?: Float64Array): Linearised | null {
  const own = standardised(model);
  const held = u ?? new Float64Array(model.inputs.length);
  const x = restOf(stepPredictor(own), held);
  return x && linearisedAt(own, held, x);
}

/** As many samples of constant inputs as bring a state to where Newton's method is at home. */
const settling = 100;

/**
 * The same, found by Newton's method on x = f(x, u) from a state near by: simulating a slow model until it
 * rests takes as long as it is slow. Null also where that does not converge.
 */
export function restNear(
  standard: StepModel,
  u: Float64Array,
  near: Float64Array,
): Linearised | null {
  const [m, { simulate }] = [u.length, stepPredictor(standard)];
  const many = Float64Array.from({ length: settling * m }, (_, k) => u[k % m]);
  const left = (at: Float64Array) =>
    Float64Array.from(simulate(u, at).x, (value, i) => value - at[i]);
  let x: Float64Array = near;
  for (let round = 0; round < 4; round++) {
    x = Float64Array.from(simulate(many, x).x);
    for (let k = 0; k < 8; k++) {
      const r = left(x);
      const size = Math.hypot(...r);
      if (!Number.isFinite(size)) return null;
      if (size <= 1e-12 * (1 + Math.hypot(...x))) return linearisedAt(standard, u, x);
      const system = slopesAt(standard, x, u);
      if (system === null) return null;
      const away = subtract(identity(x.length), system.A);
      const step = solve(away, matrixOf(x.length, 1, r)).data;
      x = x.map((value, i) => value + step[i]);
    }
  }
  return Math.hypot(...left(x)) <= 1e-10 * (1 + Math.hypot(...x))
    ? linearisedAt(standard, u, x)
    : null;
}

/** Null at a kink of relu, and where it is not stable. */
function linearisedAt(standard: StepModel, u: Float64Array, x: Float64Array): Linearised | null {
  const system = slopesAt(standard, x, u);
  if (system === null || !isStable(system)) return null;
  return { system, x, y: Float64Array.from(stepPredictor(standard).simulate(u, x).y) };
}

/** The derivative of one step at the state x under the inputs u. */
function slopesAt(
  { tensors, activation, sampleTime: dt, feedback }: StepModel,
  x: Float64Array,
  u: Float64Array,
): StateSpace | null {
  const of = (name: string): Matrix => {
    const { shape, data } = tensors[name];
    return matrixOf(shape[0], shape[1], Float64Array.from(data, Number));
  };
  const [A, B1, B2, C1, D11, D12] = ["A", "B1", "B2", "C1", "D11", "D12"].map(of);
  const [C2, D21, D22] = ["C2", "D21", "D22"].map(of);
  const q = D11.rows;
  const v = Float64Array.from(tensors.b_v.data, Number).map(
    (b, i) => b + dot(C1.data, i, x, x.length) + dot(D12.data, i, u, u.length),
  );
  const w = neuronsOf({ tensors, activation, feedback })()(v).slice();
  const t = v.map((drive, i) => drive + dot(D11.data, i, w, q));
  if (activation === "relu" && t.some((at) => at === 0)) return null;
  const slopes = t.map((at, i) => (activation === "relu" ? +(at > 0) : 1 - w[i] ** 2));
  const scaled = ({ rows, cols, data }: Matrix): Matrix =>
    matrixOf(
      rows,
      cols,
      data.map((value, k) => slopes[Math.floor(k / cols)] * value),
    );
  const M = solve(subtract(identity(q), scaled(D11)), scaled(identity(q)));
  const through = (left: Matrix, right: Matrix) => multiply(left, multiply(M, right));
  return {
    A: add(A, through(B1, C1)),
    B: add(B2, through(B1, D12)),
    C: add(C2, through(D21, C1)),
    D: add(D22, through(D21, D12)),
    dt,
  };
}
