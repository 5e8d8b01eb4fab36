import { ShapeError, UsageError } from "../../errors.ts";
import { parameterTypes } from "../infer/control.ts";
import type { Value } from "../node.ts";
import { applyNode, constant, makeBody } from "../value.ts";
import { concat, reshape, slice } from "./movement.ts";

/** Values by name, in the order of their keys. */
export type Values = Readonly<Record<string, Value>>;

const keysOf = (values: Values) => Object.keys(values);
const named = <T extends Values>(keys: readonly string[], values: readonly Value[]): T =>
  Object.fromEntries(keys.map((key, i) => [key, values[i]])) as unknown as T;
const inOrder = (keys: readonly string[], values: Values, what: string): Value[] => {
  const given = keysOf(values);
  if (given.length !== keys.length || keys.some((key) => !(key in values))) {
    throw new ShapeError(`${what} is {${given}}, wanted {${keys}}`);
  }
  return keys.map((key) => values[key]);
};

export interface LoopStep<S, O> {
  readonly state: S;
  /** Whether to go on after this step; always, when left out. */
  readonly proceed?: Value;
  /** One row of each output. */
  readonly outputs?: O;
}

/**
 * Repeats `body` at most `times` times and while it says to proceed; the state goes from step to
 * step, outputs are stacked along a new first axis. Bodies may use any outer value. ONNX's Loop.
 *
 * @throws ShapeError when a step changes the type of the state
 */
export function loop<S extends Values, O extends Values = Record<never, never>>(
  { times, proceed }: { times?: Value | number; proceed?: Value },
  state: S,
  body: (state: S, iteration: Value) => LoopStep<S, O>,
): { readonly state: S; readonly outputs: O } {
  const keys = keysOf(state);
  let outputKeys: readonly string[] = [];
  const limit = typeof times === "number" ? constant(times, "int64") : (times ?? null);
  const inputs = [limit, proceed ?? null, ...keys.map((key) => state[key])];
  const inner = makeBody(parameterTypes("Loop", inputs, {}), (iteration, condition, ...values) => {
    const step = body(named<S>(keys, values), iteration);
    outputKeys = keysOf(step.outputs ?? {});
    const next = inOrder(keys, step.state, "the next state");
    return [step.proceed ?? condition, ...next, ...Object.values(step.outputs ?? {})];
  });
  const { outputs } = applyNode("Loop", inputs, {}, [inner]);
  return {
    state: named<S>(keys, outputs.slice(0, keys.length)),
    outputs: named<O>(outputKeys, outputs.slice(keys.length)),
  };
}

export interface ScanOptions {
  /** From the last row to the first, outputs kept in the rows' order. */
  readonly reverse?: boolean;
  /** Derivatives keep the state of every k-th step only and recompute those between. */
  readonly checkpointEvery?: number;
}

/**
 * Runs `body` over the rows of sequences [T, ...], carrying a state; outputs are stacked to [T, ...].
 * Differentiable; the derivative stores the state before each step, or with `checkpointEvery` k,
 * for which T must be a number, T/k + k of them. ONNX's Scan.
 *
 * @throws ShapeError when a step changes the type of the state
 */
export function scan<S extends Values, X extends Values, O extends Values>(
  state: S,
  sequences: X,
  body: (state: S, row: X) => { readonly state: S; readonly outputs: O },
  { reverse = false, checkpointEvery }: ScanOptions = {},
): { readonly state: S; readonly outputs: O } {
  const [stateKeys, rowKeys] = [keysOf(state), keysOf(sequences)];
  const initial = stateKeys.map((key) => state[key]);
  const rows = rowKeys.map((key) => sequences[key]);
  let outputKeys: readonly string[] = [];
  const step: ScanStep = (states, row) => {
    const made = body(named<S>(stateKeys, states), named<X>(rowKeys, row));
    outputKeys = keysOf(made.outputs);
    return {
      states: inOrder(stateKeys, made.state, "the next state"),
      outputs: Object.values(made.outputs as Values),
    };
  };
  const { states, outputs } =
    checkpointEvery === undefined
      ? scanRows(initial, rows, step, reverse)
      : scanChunks(initial, rows, step, reverse, checkpointEvery);
  return { state: named<S>(stateKeys, states), outputs: named<O>(outputKeys, outputs) };
}

interface Scanned {
  readonly states: readonly Value[];
  readonly outputs: readonly Value[];
}
export type ScanStep = (states: readonly Value[], row: readonly Value[]) => Scanned;

/**
 * A scan without names. `carries` are the states before each step, [T, ...], for the derivative;
 * unless used they are not computed.
 */
export function scanRows(
  initial: readonly Value[],
  rows: readonly Value[],
  step: ScanStep,
  reverse: boolean,
): Scanned & { readonly carries: readonly Value[] } {
  const count = initial.length;
  const given = [...initial, ...rows];
  const num_scan_inputs = rows.length;
  const body = makeBody(parameterTypes("Scan", given, { num_scan_inputs }), (...values) => {
    const { states, outputs } = step(values.slice(0, count), values.slice(count));
    return [...states, ...outputs, ...values.slice(0, count)];
  });
  const direction = (length: number) => Array<number>(length).fill(+reverse);
  const attributes = {
    num_scan_inputs,
    ...(reverse && {
      scan_input_directions: direction(rows.length),
      scan_output_directions: direction(body.results.length - count),
    }),
  };
  const { outputs } = applyNode("Scan", given, attributes, [body]);
  return {
    states: outputs.slice(0, count),
    outputs: outputs.slice(count, outputs.length - count),
    carries: outputs.slice(outputs.length - count),
  };
}

/** A scan over chunks of k rows, of a scan over the rows of each; what is left over comes last. */
function scanChunks(
  initial: readonly Value[],
  rows: readonly Value[],
  step: ScanStep,
  reverse: boolean,
  k: number,
): Scanned {
  const length = rows[0]?.shape[0];
  if (!(Number.isInteger(k) && k >= 1)) throw new UsageError(`scan: checkpointEvery ${k}`);
  if (typeof length !== "number") {
    throw new ShapeError(`scan: checkpointEvery needs a known number of rows, got ${length}`);
  }
  const rest = length % k;
  const [whole, chunks] = [length - rest, (length - rest) / k];
  if (chunks < 2) return scanRows(initial, rows, step, reverse);

  const from = reverse ? rest : 0;
  const chunked = rows.map((x) =>
    reshape(slice(x, 0, { start: from, end: from + whole }), [chunks, k, ...x.shape.slice(1)]),
  );
  const first = scanRows(
    initial,
    chunked,
    (states, chunk) => scanRows(states, chunk, step, reverse),
    reverse,
  );
  const joined = first.outputs.map((y) => reshape(y, [whole, ...y.shape.slice(2)]));
  if (rest === 0) return { states: first.states, outputs: joined };
  const remaining = rows.map((x) =>
    slice(x, 0, reverse ? { end: rest } : { start: whole, end: length }),
  );
  const last = scanRows(first.states, remaining, step, reverse);
  return {
    states: last.states,
    outputs: joined.map((y, i) => concat(reverse ? [last.outputs[i], y] : [y, last.outputs[i]], 0)),
  };
}

/** The results of one of two branches; only the one taken is computed. ONNX's If. */
export function cond<R extends Values>(condition: Value, yes: () => R, no: () => R): R {
  let keys: readonly string[] = [];
  const first = makeBody([], () => {
    const results = yes();
    keys = keysOf(results);
    return Object.values(results as Values);
  });
  const second = makeBody([], () => inOrder(keys, no(), "the result of the other branch"));
  return named<R>(keys, applyNode("If", [condition], {}, [first, second]).outputs);
}
