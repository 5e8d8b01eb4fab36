import { UsageError } from "../../errors.ts";
import type { Node, Value } from "../../graph/node.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { zerosLike } from "../../graph/ops/movement.ts";
import { isFloat } from "../../graph/shape.ts";
import { inline } from "../../graph/substitute.ts";
import { applyNode, attribute, makeBody } from "../../graph/value.ts";
import { vjp } from "../gradient.ts";
import type { Rule } from "../rules.ts";

const orZeros = (values: readonly (Value | null)[], like: readonly Value[]): Value[] =>
  values.map((value, i) => value ?? zerosLike(like[i]));

/** Puts found values at the places of those asked for; null elsewhere. */
const spread = (all: readonly (Value | null)[], asked: readonly Value[], found: readonly Value[]) =>
  all.map((value) => (value && asked.includes(value) ? found[asked.indexOf(value)] : null));

/**
 * Scan: a scan in the other direction over the carries, which the forward one stores. Each step
 * runs the body again and takes its vector–Jacobian product; cotangents of captured values add up
 * in the carry.
 */
const scanRule: Rule = (node, ybars) => {
  const [body] = node.bodies;
  const rowCount = attribute<number>(node, "num_scan_inputs");
  const stateCount = node.inputs.length - rowCount;
  const inputs = node.inputs as readonly Value[];
  const [initial, rows] = [inputs.slice(0, stateCount), inputs.slice(stateCount)];
  const carries = storedCarries(node, stateCount);
  const captures = node.captures.filter(({ dtype }) => isFloat(dtype));

  const floatState = [...initial.keys()].filter((i) => isFloat(initial[i].dtype));
  const floatRows = [...rows.keys()].filter((i) => isFloat(rows[i].dtype));
  const outputs = node.outputs.slice(stateCount);
  const given = [...outputs.keys()].filter((i) => ybars[stateCount + i] !== null);

  const carryBars = floatState.map((i) => ybars[i] ?? zerosLike(initial[i]));
  const sums = captures.map(zerosLike);
  const sequences = [...carries, ...rows, ...given.map((i) => ybars[stateCount + i]!)];
  const backward = makeBody(
    [
      ...carryBars,
      ...sums,
      ...sequences.map(({ dtype, shape }) => ({ dtype, shape: shape.slice(1) })),
    ],
    (...p) => {
      const take = (count: number) => p.splice(0, count);
      const stateBars = take(carryBars.length);
      const partial = take(sums.length);
      const state = take(stateCount);
      const row = take(rowCount);
      const results = inline(body, [...state, ...row]);
      const wrt = [
        ...floatState.map((i) => state[i]),
        ...floatRows.map((i) => row[i]),
        ...captures,
      ];
      const seeds: (Value | null)[] = results.map(() => null);
      floatState.forEach((i, k) => {
        seeds[i] = stateBars[k];
      });
      given.forEach((i, k) => {
        seeds[stateCount + i] = p[k];
      });
      const bars = vjp(results, wrt, seeds);
      const [nextBars, rest] = [bars.slice(0, floatState.length), bars.slice(floatState.length)];
      const rowBars = orZeros(
        rest.slice(0, floatRows.length),
        floatRows.map((i) => row[i]),
      );
      const captureBars = rest.slice(floatRows.length);
      return [
        ...orZeros(nextBars, stateBars),
        ...partial.map((sum, i) => (captureBars[i] ? add(sum, captureBars[i]) : sum)),
        ...rowBars,
      ];
    },
  );
  const backwards = node.attributes.scan_input_directions === undefined;
  const { outputs: found } = applyNode(
    "Scan",
    [...carryBars, ...sums, ...sequences],
    {
      num_scan_inputs: sequences.length,
      ...(backwards && {
        scan_input_directions: sequences.map(() => 1),
        scan_output_directions: floatRows.map(() => 1),
      }),
    },
    [backward],
  );
  const bars: (Value | null)[] = inputs.map(() => null);
  floatState.forEach((i, k) => {
    bars[i] = found[k];
  });
  floatRows.forEach((i, k) => {
    bars[stateCount + i] = found[carryBars.length + sums.length + k];
  });
  return [...bars, ...spread(node.captures, captures, found.slice(carryBars.length))];
};

/** The state before each step [T, ...]: a scan of the same body that puts its carry out. */
function storedCarries(node: Node, stateCount: number): readonly Value[] {
  const [body] = node.bodies;
  const types = body.parameters;
  const storing = makeBody(types, (...p) => [
    ...inline(body, p).slice(0, stateCount),
    ...p.slice(0, stateCount),
  ]);
  const reverse = node.attributes.scan_input_directions !== undefined;
  const { outputs } = applyNode(
    "Scan",
    node.inputs,
    {
      num_scan_inputs: attribute<number>(node, "num_scan_inputs"),
      ...(reverse && {
        scan_input_directions: node.attributes.scan_input_directions,
        scan_output_directions: Array<number>(stateCount).fill(1),
      }),
    },
    [storing],
  );
  return outputs.slice(stateCount);
}

/** If: the same choice, between the branches' products; a branch that ignores a value gives zeros. */
const ifRule: Rule = (node, ybars) => {
  const captures = node.captures.filter(({ dtype }) => isFloat(dtype));
  if (captures.length === 0) return [null, ...node.captures.map(() => null)];
  const branches = node.bodies.map(({ results }) =>
    makeBody([], () => orZeros(vjp(results, captures, ybars), captures)),
  );
  const { outputs } = applyNode("If", node.inputs, {}, branches);
  return [null, ...spread(node.captures, captures, outputs)];
};

export const controlRules = {
  Loop: () => {
    throw new UsageError(
      "a loop with a condition has no reverse derivative",
      "use scan for a fixed number of steps, fixedPoint for an iteration run to its limit",
    );
  },
  Scan: scanRule,
  If: ifRule,
} satisfies Record<string, Rule>;
