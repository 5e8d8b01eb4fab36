import { randomStream } from "../../data/random.ts";
import type { Value } from "../../graph/node.ts";
import { mul } from "../../graph/ops/elementwise.ts";
import { reshape } from "../../graph/ops/movement.ts";
import { constantOf, type Tensor, tensorOf } from "../../graph/tensor.ts";
import { input } from "../../graph/value.ts";
import type { SequenceModel } from "../../models/sequence.ts";
import { compile } from "../../runtime/program.ts";
import { farthest, stretch } from "../../verification/gain-search.ts";
import type { Search } from "./plan.ts";

/** A model with the numbers it computes with. */
export interface Trained {
  readonly model: SequenceModel;
  readonly explicit: Readonly<Record<string, Tensor>>;
}

/** Two input sequences, what the model makes of them, and the gain between. */
export interface Pair {
  readonly u: readonly number[];
  readonly v: readonly number[];
  readonly y: readonly number[];
  readonly z: readonly number[];
  readonly gain: number; // ‖z − y‖/‖v − u‖
}

/** The outputs to rows of input sequences, from the state 0, as a graph. */
const mapOf =
  ({ model, explicit }: Trained) =>
  (rows: Value): Value => {
    const [count, samples] = rows.shape;
    const weights = Object.fromEntries(
      Object.entries(explicit).map(([name, tensor]) => [name, constantOf(tensor)]),
    );
    const x0 = mul(input0(count, model.states), 1);
    const { y } = model.simulate(weights, reshape(rows, [count, samples, 1]), x0);
    return reshape(y, [count, samples]);
  };
const input0 = (count: Value["shape"][number], states: number): Value =>
  constantOf(tensorOf(new Float32Array(Number(count) * states), [Number(count), states]));

/** Radii of the differences that the search begins with: of one small step, and of whole signals. */
const radii = [0.05, 2, 15];

/**
 * The pair of input sequences with the largest gain that was found: from windows of the data and from
 * rest, the worst difference of each of three sizes (`farthest`), then ascent in both inputs (`stretch`).
 */
export async function largestGain(
  trained: Trained,
  data: Float64Array,
  search: Search,
): Promise<Pair> {
  const { samples, windows, steps } = search;
  const bases = windowsOf(data, samples, windows);
  const rows = [new Float32Array(samples), ...bases].flatMap((base) => radii.map(() => base));
  const count = rows.length;
  const radius = tensorOf(
    Float32Array.from(rows, (_, k) => radii[k % radii.length]),
    [count, 1],
  );
  const map = mapOf(trained);
  const given = inputsOf(count, samples);
  const near = farthest(map, given.u, given.d, constantOf(radius), { steps });
  const { x, y } = stretch(map, near.x, near.y, { steps, rate: 0.05 });
  return best(given, { u: x, v: y, y: map(x), z: map(y) }, rows, search);
}

/**
 * The worst change of a window of the data by ‖Δu‖ = `radius`, over the windows.
 */
export async function worstAttack(
  trained: Trained,
  data: Float64Array,
  search: Search,
  radius: number,
): Promise<Pair> {
  const { samples, windows, steps } = search;
  const rows = windowsOf(data, samples, 2 * windows);
  const map = mapOf(trained);
  const given = inputsOf(rows.length, samples);
  const { x, y } = farthest(map, given.u, given.d, radius, { steps: 2 * steps });
  return best(given, { u: x, v: y, y: map(x), z: map(y) }, rows, search);
}

const inputsOf = (count: number, samples: number) => ({
  u: input("u", "float32", [count, samples]),
  d: input("d", "float32", [count, samples]),
});

/** Windows that begin at equal distances. */
const windowsOf = (data: Float64Array, samples: number, count: number): Float32Array[] =>
  Array.from({ length: count }, (_, k) => {
    const from = Math.floor((k * (data.length - samples)) / Math.max(1, count - 1));
    return Float32Array.from(data.subarray(from, from + samples));
  });

async function best(
  given: ReturnType<typeof inputsOf>,
  outputs: Readonly<Record<"u" | "v" | "y" | "z", Value>>,
  rows: readonly Float32Array[],
  { samples }: Search,
): Promise<Pair> {
  const random = randomStream(0, "differences");
  const flat = Float32Array.from(rows.flatMap((row) => Array.from(row)));
  const named = Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [`found.${name}`, mul(value, 1)]),
  );
  const program = await compile(given, named, { threads: 1 });
  try {
    const found = await program.run({
      u: tensorOf(flat, [rows.length, samples]),
      d: tensorOf(
        flat.map(() => random.normal()),
        [rows.length, samples],
      ),
    });
    const row = (name: string, k: number) =>
      Array.from(found[`found.${name}`].data, Number).slice(k * samples, (k + 1) * samples);
    const pairs = rows.map((_, k) => {
      const [u, v, y, z] = ["u", "v", "y", "z"].map((name) => row(name, k));
      return { u, v, y, z, gain: distance(z, y) / distance(v, u) };
    });
    return pairs.reduce((a, b) => (b.gain > a.gain ? b : a));
  } finally {
    await program.release();
  }
}

/** ‖a − b‖₂ */
export const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((value, t) => value - b[t]));
