import { randomStream } from "../data/random.ts";
import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { add, mul } from "../graph/ops/elementwise.ts";
import { gather } from "../graph/ops/indexing.ts";
import { elementCount } from "../graph/shape.ts";
import { type Tensor, tensorOf, zerosOf } from "../graph/tensor.ts";
import { input } from "../graph/value.ts";
import type { Model, Pass, Supplies } from "../models/model.ts";
import { solverHealth } from "../solvers/fixed-point.ts";

/*
 * What a model wants of training: random numbers drawn here, by seed and step, so that they depend
 * on neither threads nor calls; tensors that the steps carry; and what is remembered of each row,
 * gathered before a call and scattered after it, since an epoch visits a row once.
 */

/** Carried and remembered tensors between two calls, under the names of the step graph. */
export type Kept = Readonly<Record<string, Tensor>>;

const prefixed = <T>(prefix: string, values: Readonly<Record<string, T>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
const stripped = <T>(prefix: string, values: Readonly<Record<string, T>>) =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => name.startsWith(`${prefix}.`))
      .map(([name, value]) => [name.slice(prefix.length + 1), value]),
  );

/** The carried tensors that a run starts from. */
export function firstKept({ wants }: Model, seed: number): Kept | undefined {
  return wants?.carried && prefixed("carried", wants.carried(seed));
}

/** What is kept, with zeros for the rows that nothing fitting is remembered of. */
export function withRemembered({ wants }: Model, kept: Kept | undefined, rows: number) {
  if (!wants?.remembered) return kept;
  const tables = Object.entries(wants.remembered).map(([name, shape]): [string, Tensor] => {
    const key = `remembered.${name}`;
    const whole = [rows, ...shape];
    const old = kept?.[key];
    return [key, old && `${old.shape}` === `${whole}` ? old : zerosOf("float32", whole)];
  });
  return { ...kept, ...Object.fromEntries(tables) };
}

/** The part of a step graph that supplies a model. */
export interface SuppliesGraph {
  readonly inputs: Values;
  /** Loop-carried inputs. */
  readonly carried: Values;
  /** What a model is given in one step of the loop. */
  readonly pass: (now: Values, step: Value) => Pass;
}

export function suppliesGraph(model: Model): SuppliesGraph {
  const { noise = {}, remembered = {} } = model.wants ?? {};
  const noiseInputs = Object.fromEntries(
    Object.entries(noise).map(([name, { per, shape }]) => [
      `noise.${name}`,
      input(`noise.${name}`, "float32", per === "step" ? ["S", ...shape] : ["S", "B", ...shape]),
    ]),
  );
  const rememberedInputs = Object.fromEntries(
    Object.entries(remembered).map(([name, shape]) => [
      `remembered.${name}`,
      input(`remembered.${name}`, "float32", ["S", "B", ...shape]),
    ]),
  );
  // Which shapes they have is all that is wanted of the seed here.
  const carried = Object.fromEntries(
    Object.entries(firstKept(model, 0) ?? {}).map(([name, { dtype, shape }]) => [
      name,
      input(name, dtype, shape),
    ]),
  );
  const rowOf = (values: Values, step: Value) =>
    Object.fromEntries(Object.entries(values).map(([name, v]) => [name, gather(v, step)]));
  return {
    inputs: { ...noiseInputs, ...rememberedInputs },
    carried,
    pass: (now, step) => ({
      ...solverHealth(),
      supplies: {
        noise: stripped("noise", rowOf(noiseInputs, step)),
        remembered: stripped("remembered", rowOf(rememberedInputs, step)),
        carried: stripped("carried", now),
        next: { carried: {}, remembered: {}, settled: {} },
        penalties: [],
        corrections: [],
      },
    }),
  };
}

/** Loss of the prediction with all that a model asked to add to it. */
export const objective = (
  loss: Value,
  supplies: Supplies | undefined,
  lossOf: (prediction: Value) => Value,
): Value =>
  [
    ...(supplies?.corrections ?? []).map(({ prediction, weight }) =>
      mul(lossOf(prediction), weight),
    ),
    ...(supplies?.penalties ?? []),
  ].reduce(add, loss);

/** The carried tensors after a step, and what it remembers of its rows. */
export const carriedAfter = ({ supplies }: Pass): Values =>
  prefixed("carried", { ...supplies?.carried, ...supplies?.next.carried });
/** Parameters that the step itself has set, as parts of θ. */
export const settledAfter = ({ supplies }: Pass): Values =>
  Object.fromEntries(
    Object.entries(supplies?.next.settled ?? {}).map(([name, v]) => [`theta/${name}`, v]),
  );
export const rememberedAfter = ({ supplies }: Pass): Values =>
  prefixed("next.remembered", supplies?.next.remembered ?? {});

/** The inputs of one call: `rows` [steps × size] are the training rows of its steps. */
export function suppliesOf(
  { wants }: Model,
  kept: Kept | undefined,
  {
    seed,
    first,
    steps,
    size,
    rows,
  }: { seed: number; first: number; steps: number; size: number; rows: BigInt64Array },
): Readonly<Record<string, Tensor>> {
  if (!wants) return {};
  const drawn = Object.entries(wants.noise ?? {}).map(([name, { per, shape, draw }]) => {
    const each = elementCount(shape)! * (per === "step" ? 1 : size);
    const data = new Float32Array(steps * each);
    for (let step = 0; step < steps; step++) {
      const random = randomStream(seed, "noise", name, first + step);
      for (let k = step * each; k < (step + 1) * each; k++) data[k] = draw(random);
    }
    const whole = per === "step" ? [steps, ...shape] : [steps, size, ...shape];
    return [`noise.${name}`, tensorOf(data, whole)];
  });
  const known = Object.entries(kept ?? {}).map(([name, table]) => {
    if (!name.startsWith("remembered.")) return [name, table];
    const width = table.data.length / table.shape[0];
    const data = new Float32Array(rows.length * width);
    rows.forEach((row, k) => {
      const from = Number(row) * width;
      data.set((table.data as Float32Array).subarray(from, from + width), k * width);
    });
    return [name, tensorOf(data, [steps, size, ...table.shape.slice(1)])];
  });
  return Object.fromEntries([...drawn, ...known]);
}

/** What is kept after a call, from its outputs; tables are copied, since states are immutable. */
export function keptAfter(
  kept: Kept | undefined,
  found: Readonly<Record<string, Tensor>>,
  rows: BigInt64Array,
): Kept | undefined {
  if (kept === undefined) return undefined;
  const next = Object.entries(kept).map(([name, table]): [string, Tensor] => {
    if (!name.startsWith("remembered.")) return [name, found[`next.${name}`]];
    const width = table.data.length / table.shape[0];
    const data = (table.data as Float32Array).slice();
    const seen = found[`next.${name}`].data as Float32Array;
    rows.forEach((row, k) => {
      data.set(seen.subarray(k * width, (k + 1) * width), Number(row) * width);
    });
    return [name, tensorOf(data, table.shape)];
  });
  return Object.fromEntries(next);
}
