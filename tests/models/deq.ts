import type { Value } from "../../src/graph/node.ts";
import type { Values } from "../../src/graph/ops/control.ts";
import { castTensor, constantOf, type Tensor, tensorOf, zerosOf } from "../../src/graph/tensor.ts";
import { constant, input } from "../../src/graph/value.ts";
import type { Model, Parameters, Pass, Supplies } from "../../src/models/model.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import { meanSquaredError } from "../../src/training/losses.ts";
import { objective, suppliesOf } from "../../src/training/supplies.ts";
import { noise } from "../autodiff/differences.ts";

/** As exact as float64 allows, so that differences of solves can be taken. */
export const exact = { rtol: 1e-13, atol: 1e-13, maxIterations: 2000 };
export const exactly = { forward: exact, backward: exact };

type Float = "float32" | "float64";
const castAll = (tensors: Parameters, dtype: Float): Parameters =>
  Object.fromEntries(Object.entries(tensors).map(([k, v]) => [k, castTensor(v, dtype)]));
const constants = (tensors: Parameters): Values =>
  Object.fromEntries(Object.entries(tensors).map(([k, v]) => [k, constantOf(v)]));

export const rowsOf = (model: Model, count: number, dtype: Float = "float64") =>
  castTensor(
    tensorOf(Float64Array.from(noise(count * model.inputs, 7)), [count, model.inputs]),
    dtype,
  );

/** A training pass of `rows` samples, as step 0 of seed 1 is given it. */
export function passOf(model: Model, rows: number, dtype: Float = "float64"): Pass {
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
          constantOf(castTensor(tensorOf(data, shape.slice(1)), dtype)),
        ]),
    );
  const remembered = Object.entries(model.wants?.remembered ?? {}).map(
    ([name, shape]): [string, Tensor] => [name, zerosOf(dtype, [rows, ...shape])],
  );
  const supplies: Supplies = {
    noise: step("noise."),
    carried: constants(castAll(model.wants?.carried?.(1) ?? {}, dtype)),
    remembered: constants(Object.fromEntries(remembered)),
    next: { carried: {}, remembered: {}, settled: {} },
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

/** The loss of a model over its parameters. */
export function built(
  model: Model,
  { rows = 3, seed = 3, dtype = "float64" as Float } = {},
): Built {
  const feeds = castAll(model.initialise(seed), dtype);
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
  const pass = passOf(model, rows, dtype);
  const x = constantOf(rowsOf(model, rows, dtype));
  const prediction = model.apply(model.explicit(inputs, pass.supplies), x, pass);
  const target = constant(noise(rows * model.outputs, 9), dtype, [rows, model.outputs]);
  const lossOf = (found: Value) => meanSquaredError(found, target);
  return {
    inputs,
    feeds,
    prediction,
    pass,
    loss: objective(lossOf(prediction), pass.supplies, lossOf),
  };
}
