import { ShapeError } from "../../errors.ts";
import type { Value } from "../node.ts";
import { applyNode, constant, makeBody } from "../value.ts";

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
  const inner = makeBody(
    [{ dtype: "int64", shape: [] }, { dtype: "bool", shape: [] }, ...keys.map((key) => state[key])],
    (iteration, condition, ...values) => {
      const step = body(named<S>(keys, values), iteration);
      outputKeys = keysOf(step.outputs ?? {});
      const next = inOrder(keys, step.state, "the next state");
      return [step.proceed ?? condition, ...next, ...Object.values(step.outputs ?? {})];
    },
  );
  const limit = typeof times === "number" ? constant(times, "int64") : (times ?? null);
  const { outputs } = applyNode(
    "Loop",
    [limit, proceed ?? null, ...keys.map((k) => state[k])],
    {},
    [inner],
  );
  return {
    state: named<S>(keys, outputs.slice(0, keys.length)),
    outputs: named<O>(outputKeys, outputs.slice(keys.length)),
  };
}

/**
 * Runs `body` over the rows of sequences [T, ...], carrying a state; outputs are stacked to [T, ...].
 * Differentiable. With `reverse`, from the last row to the first, outputs kept in the rows' order.
 */
export function scan<S extends Values, X extends Values, O extends Values>(
  state: S,
  sequences: X,
  body: (state: S, row: X) => { readonly state: S; readonly outputs: O },
  { reverse = false } = {},
): { readonly state: S; readonly outputs: O } {
  const [stateKeys, rowKeys] = [keysOf(state), keysOf(sequences)];
  const initial = stateKeys.map((key) => state[key]);
  const rows = rowKeys.map((key) => sequences[key]);
  let outputKeys: readonly string[] = [];
  const inner = makeBody(
    [...initial, ...rows.map(({ dtype, shape }) => ({ dtype, shape: shape.slice(1) }))],
    (...values) => {
      const step = body(
        named<S>(stateKeys, values.slice(0, initial.length)),
        named<X>(rowKeys, values.slice(initial.length)),
      );
      outputKeys = keysOf(step.outputs);
      return [
        ...inOrder(stateKeys, step.state, "the next state"),
        ...Object.values(step.outputs as Values),
      ];
    },
  );
  const direction = (count: number) => Array<number>(count).fill(+reverse);
  const { outputs } = applyNode(
    "Scan",
    [...initial, ...rows],
    {
      num_scan_inputs: rows.length,
      ...(reverse && {
        scan_input_directions: direction(rows.length),
        scan_output_directions: direction(outputKeys.length),
      }),
    },
    [inner],
  );
  return {
    state: named<S>(stateKeys, outputs.slice(0, initial.length)),
    outputs: named<O>(outputKeys, outputs.slice(initial.length)),
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
