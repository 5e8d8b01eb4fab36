import { UsageError } from "../../errors.ts";
import type { Node, Value } from "../../graph/node.ts";
import { scanRows } from "../../graph/ops/control.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { zerosLike } from "../../graph/ops/movement.ts";
import { isFloat } from "../../graph/shape.ts";
import { inline } from "../../graph/substitute.ts";
import { applyNode, attribute, makeBody } from "../../graph/value.ts";
import { vjp } from "../gradient.ts";
import type { Rule } from "../rules.ts";

/** Puts found values at the places of those asked for; null elsewhere. */
const spread = (all: readonly (Value | null)[], asked: readonly Value[], found: readonly Value[]) =>
  all.map((value) => (value && asked.includes(value) ? found[asked.indexOf(value)] : null));

/**
 * Scan: a scan in the other direction over the states before each step, which the forward one
 * stores. Each step runs the body again and takes its vector–Jacobian product; cotangents of
 * captured values add up in the state.
 */
const scanRule: Rule = (node, ybars, wanted) => {
  const [body] = node.bodies;
  const count = node.inputs.length - attribute<number>(node, "num_scan_inputs");
  const inputs = node.inputs as readonly Value[];
  const [initial, rows] = [inputs.slice(0, count), inputs.slice(count)];
  const reverse = isReverse(node);
  const captures = node.captures.filter(wanted);
  const floatState = [...initial.keys()].filter((i) => isFloat(initial[i].dtype));
  const wantedRows = [...rows.keys()].filter((i) => wanted(rows[i]));
  const given = [...ybars.keys()].filter((i) => i >= count && ybars[i] !== null);

  const stateBars = floatState.map((i) => ybars[i] ?? zerosLike(initial[i]));
  const { states, outputs } = scanRows(
    [...stateBars, ...captures.map(zerosLike)],
    [...carriesOf(node, count), ...rows, ...given.map((i) => ybars[i]!)],
    (bars, values) => {
      const before = values.slice(0, inputs.length);
      const results = inline(body, before);
      const seeds: (Value | null)[] = results.map(() => null);
      floatState.forEach((i, k) => {
        seeds[i] = bars[k];
      });
      given.forEach((i, k) => {
        seeds[i] = values[inputs.length + k];
      });
      const products = vjp(results, [...before, ...node.captures], seeds);
      const sums = captures.map((x, k) => {
        const [sum, product] = [
          bars[stateBars.length + k],
          products[inputs.length + node.captures.indexOf(x)],
        ];
        return product ? add(sum, product) : sum;
      });
      const at = (i: number) => products[i] ?? zerosLike(before[i]);
      return {
        states: [...floatState.map(at), ...sums],
        outputs: wantedRows.map((i) => at(count + i)),
      };
    },
    !reverse,
  );
  const bars: (Value | null)[] = inputs.map(() => null);
  floatState.forEach((i, k) => {
    bars[i] = states[k];
  });
  wantedRows.forEach((i, k) => {
    bars[count + i] = outputs[k];
  });
  return [...bars, ...spread(node.captures, captures, states.slice(stateBars.length))];
};

const isReverse = ({ attributes: { scan_input_directions: directions } }: Node) =>
  Array.isArray(directions) && directions[0] === 1;

/** The states before each step [T, ...]: outputs of `scanRows`; a Scan without them is run again. */
function carriesOf(node: Node, count: number): readonly Value[] {
  const [{ parameters, results }] = node.bodies;
  const places = parameters.slice(0, count).map((x) => results.indexOf(x, count));
  if (places.every((place) => place >= 0)) return places.map((place) => node.outputs[place]);
  const inputs = node.inputs as readonly Value[];
  const again = scanRows(
    inputs.slice(0, count),
    inputs.slice(count),
    (states, row) => ({
      states: inline(node.bodies[0], [...states, ...row]).slice(0, count),
      outputs: [],
    }),
    isReverse(node),
  );
  return again.carries;
}

/** If: the same choice, between the branches' products; a branch that ignores a value gives zeros. */
const ifRule: Rule = (node, ybars, wanted) => {
  const captures = node.captures.filter(wanted);
  if (captures.length === 0) return [null];
  const branches = node.bodies.map(({ results }) =>
    makeBody([], () => {
      const products = vjp(results, node.captures, ybars);
      return captures.map((x) => products[node.captures.indexOf(x)] ?? zerosLike(x));
    }),
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
