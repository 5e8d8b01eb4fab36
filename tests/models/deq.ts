import type { Value } from "../../src/graph/node.ts";
import type { Values } from "../../src/graph/ops/control.ts";
import { castTensor, constantOf, type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import type { Model, Parameters, Pass, Supplies } from "../../src/models/model.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import { meanSquaredError } from "../../src/training/losses.ts";
import { objective, suppliesOf } from "../../src/training/supplies.ts";
import { noise } from "../autodiff/differences.ts";

/** As exact as float64 allows, so that differences of solves can be taken. */
export const exact = { options: { rtol: 1e-13, maxIterations: 2000 } };
export const exactly = { forward: exact, backward: exact };

export const double = (tensors: Parameters): Parameters =>
  Object.fromEntries(Object.entries(tensors).map(([k, v]) => [k, castTensor(v, "float64")]));
const constants = (tensors: Parameters): Values =>
  Object.fromEntries(Object.entries(tensors).map(([k, v]) => [k, constantOf(v)]));

export const rowsOf = (model: Model, count: number, seed = 7) =>
  tensorOf(Float64Array.from(noise(count * model.inputs, seed)), [count, model.inputs]);

/** A training pass in float64 of `rows` samples, as step 0 of seed 1 is given it. */
export function passOf(model: Model, rows: number): Pass {
  const drawn = suppliesOf(model, undefined, {
    seed: 1,
    first: 0,
    steps: 1,
    size: rows,
    rows: new BigInt64Array(rows),
  });
  const step = (prefix: string) =>
    Object.fromEntries(
      Object.entries(drawn)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, { data, shape }]) => [
          name.slice(prefix.length),
          constantOf(castTensor(tensorOf(data, shape.slice(1)), "float64")),
        ]),
    );
  const remembered = Object.entries(model.wants?.remembered ?? {}).map(
    ([name, shape]): [string, Tensor] => {
      const size = [rows, ...shape];
      const count = size.reduce((a, b) => a * b);
      return [name, tensorOf(new Float64Array(count), size)];
    },
  );
  const supplies: Supplies = {
    noise: step("noise."),
    carried: constants(double(model.wants?.carried?.(1) ?? {})),
    remembered: constants(Object.fromEntries(remembered)),
    next: { carried: {}, remembered: {} },
    penalties: [],
    corrections: [],
  };
  return { ...solverHealth(), supplies };
}

export interface Built {
  readonly inputs: Values;
  readonly feeds: Parameters;
  readonly loss: Value; // all that training minimises
  readonly prediction: Value;
  readonly pass: Pass;
}

/** The loss of a model over its parameters in float64. */
export function built(model: Model, { rows = 3, seed = 3 } = {}): Built {
  const feeds = double(model.initialise(seed));
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
  const pass = passOf(model, rows);
  const x = constantOf(rowsOf(model, rows));
  const prediction = model.apply(model.explicit(inputs, pass.supplies), x, pass);
  const target = constantOf(
    tensorOf(Float64Array.from(noise(rows * model.outputs, 9)), [rows, model.outputs]),
  );
  const lossOf = (found: Value) => meanSquaredError(found, target);
  return { inputs, feeds, prediction, pass, loss: objective(lossOf(prediction), pass.supplies, lossOf) };
}
