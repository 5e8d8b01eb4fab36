import { type PendulumParameters, pendulumDefaults } from "../data/systems/pendulum.ts";
import { fromRows, type Matrix } from "../linalg/matrix.ts";
import { accumulate, type Response, type StateSpace, stateSpace, stepsOf } from "./state-space.ts";

/**
 * A linear system with a static nonlinearity around it (Lur'e's form):
 *
 *     x_{k+1} = A x_k + B u_k + B_w w_k,   y_k = C x_k + D u_k,   z_k = C_z x_k,   w_k = Δ(z_k)
 */
export interface LureSystem {
  readonly linear: StateSpace;
  readonly Bw: Matrix; // [n × q]
  readonly Cz: Matrix; // [q × n]
  /** Δ, entry by entry. */
  readonly nonlinearity: (z: number) => number;
}

/** The outputs to inputs from x0; else as `simulate`. @throws ShapeError  for sizes that do not fit */
export function simulateLure(
  { linear: { A, B, C, D }, Bw, Cz, nonlinearity }: LureSystem,
  u: Float64Array,
  x0: ArrayLike<number>,
): Response {
  const [n, m, l] = [A.rows, B.cols, C.rows];
  const count = stepsOf({ A, B }, u, x0);
  const y = new Float64Array(count * l);
  let x = Float64Array.from(x0);
  for (let t = 0; t < count; t++) {
    const held = u.subarray(t * m, (t + 1) * m);
    const now = y.subarray(t * l, (t + 1) * l); // of x_k, not of x_{k+1}
    accumulate(C, x, now);
    accumulate(D, held, now);
    const z = new Float64Array(Cz.rows);
    accumulate(Cz, x, z);
    const next = new Float64Array(n);
    accumulate(A, x, next);
    accumulate(B, held, next);
    accumulate(Bw, z.map(nonlinearity), next);
    x = next;
  }
  return { y, x };
}

/**
 * Forward Euler of the pendulum as a linear system plus the nonlinearity Δ(z) = z − sin z of z = φ:
 *
 *     A = [1, δ; ±gδ/l, 1 − μδ/(ml²)],   B = [0; δ/(ml²)],   B_w = [0; ∓gδ/l],   C = C_z = [1, 0]
 *
 * upper signs for "inverted", φ = 0 upright. Exactly Euler's method, since
 * (g/l)(φ − w) = (g/l) sin φ; printed elsewhere with B and B_w exchanged, which it is not. The slope
 * of Δ lies in [0, 2], and its sector is [0, 1.2172].
 */
export function pendulumLure(
  kind: "hanging" | "inverted",
  dt: number,
  parameters: PendulumParameters = {},
): LureSystem {
  const { mass, length, friction, gravity } = { ...pendulumDefaults, ...parameters };
  const inertia = mass * length ** 2;
  const pull = ((kind === "inverted" ? gravity : -gravity) / length) * dt;
  return {
    linear: stateSpace(
      [
        [1, dt],
        [pull, 1 - (friction * dt) / inertia],
      ],
      [[0], [dt / inertia]],
      [[1, 0]],
      undefined,
      dt,
    ),
    Bw: fromRows([[0], [-pull]]),
    Cz: fromRows([[1, 0]]),
    nonlinearity: (z) => z - Math.sin(z),
  };
}
