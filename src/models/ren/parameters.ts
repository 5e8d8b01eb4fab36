import { randomStream } from "../../data/random.ts";
import { type Tensor, tensorOf, zerosOf } from "../../graph/tensor.ts";
import type { Parameters } from "../model.ts";
import { type RenForm, throughRoom } from "./parametrisation.ts";

/** Shapes of the free parameters of `direct`, by name. */
export function parameterShapes(form: RenForm): Readonly<Record<string, readonly number[]>> {
  const { inputs: m, outputs: p, states: n, neurons: q, supply } = form;
  const [size, small, more] = [2 * n + q, Math.min(m, p), Math.abs(m - p)];
  return {
    X: [size, size],
    ...(form.parametrisation === "polar" && { rho: [1] }),
    Y1: [n, n],
    ...(form.feedback === "full" && { Y2: [q, q], g: [q] }),
    "B2.implicit": [n, m],
    "D12.implicit": [q, m],
    C2: [p, n],
    D21: [p, q],
    ...(supply === null ? { D22: [p, m] } : { X3: [small, small], Y3: [small, small] }),
    ...(supply !== null && more > 0 && { Z3: [more, small] }),
    b_x: [n],
    b_v: [q],
    b_y: [p],
  };
}

/**
 * A random start: X of entries N(0, 1/(2n + q)), so that H is of size 1; inputs and outputs by their
 * fan-in; no feed-through beyond what the supply rate asks for (M = I, which makes N = 0), since
 * a large one would dominate the output at once. float32.
 */
export function randomStart(form: RenForm, seed: number): Parameters {
  const start = (name: string, shape: readonly number[]): Tensor => {
    const random = randomStream(seed, "initialise", name);
    const normal = (deviation: number) => filled(shape, () => random.normal() * deviation);
    switch (name) {
      case "X":
      case "Y1":
      case "Y2":
        return normal(shape[0] ** -0.5);
      case "B2.implicit":
      case "D12.implicit":
      case "C2":
      case "D21":
        return normal(shape[1] ** -0.5);
      case "X3":
        return filled(shape, (k) =>
          k % (shape[0] + 1) === 0 ? Math.sqrt(Math.max(0, 1 - throughRoom(form))) : 0,
        );
      default:
        return zerosOf("float32", shape);
    }
  };
  const drawn = Object.fromEntries(
    Object.entries(parameterShapes(form)).map(([name, shape]) => [name, start(name, shape)]),
  );
  return withSize(drawn);
}

/** The parameters with ρ = ‖X‖_F, where there is a ρ: polar and plain then have the same H. */
export function withSize(parameters: Parameters): Parameters {
  if (!("rho" in parameters)) return parameters;
  const size = Math.hypot(...Array.from(parameters.X.data, Number));
  return { ...parameters, rho: tensorOf(Float32Array.of(size), [1]) };
}

const filled = (shape: readonly number[], entry: (k: number) => number): Tensor => {
  const count = shape.reduce((product, size) => product * size, 1);
  return tensorOf(
    Float32Array.from({ length: count }, (_, k) => entry(k)),
    shape,
  );
};
