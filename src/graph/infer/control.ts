import { ShapeError } from "../../errors.ts";
import { constantNumbers, type Value } from "../node.ts";
import type { Attributes, Operator } from "../operators.ts";
import { type Dim, formatType, freshDim, sameShape, type TensorType } from "../shape.ts";
import { operator, required } from "./elementwise.ts";

function sameTypes(
  what: string,
  given: readonly TensorType[],
  wanted: readonly TensorType[],
): void {
  if (given.length !== wanted.length) {
    throw new ShapeError(`${given.length} of ${what} where ${wanted.length} are wanted`);
  }
  wanted.forEach((type, i) => {
    if (given[i].dtype !== type.dtype || !sameShape(given[i].shape, type.shape)) {
      throw new ShapeError(
        `${what} ${i} becomes ${formatType(given[i])}, wanted ${formatType(type)}`,
      );
    }
  });
}

const stacked = (length: Dim) => (result: Value) => ({
  dtype: result.dtype,
  shape: [length, ...result.shape],
});

/** The types of the parameters of an operator's bodies. */
export function parameterTypes(
  op: string,
  inputs: readonly (Value | null)[],
  { num_scan_inputs }: Attributes,
): readonly TensorType[] {
  switch (op) {
    case "Loop":
      return [
        { dtype: "int64", shape: [] },
        { dtype: "bool", shape: [] },
        ...inputs.slice(2).map((x, i) => required(x, i + 2)),
      ];
    case "Scan":
      return inputs.map((given, i) => {
        const x = required(given, i);
        const carried = i < inputs.length - Number(num_scan_inputs);
        if (!carried && x.shape.length === 0) throw new ShapeError("a sequence is no scalar");
        return carried ? x : { dtype: x.dtype, shape: x.shape.slice(1) };
      });
    default:
      return [];
  }
}

export const controlOperators = {
  /**
   * inputs: trip count or null, first condition or null, state …
   * body: iteration, condition, state … → condition, state …, one row of each output
   */
  Loop: operator(([times, condition, ...state], _, [body]) => {
    const initial = state.map((x, i) => required(x, i + 2));
    const [next, ...rest] = body.results;
    if (next.dtype !== "bool") throw new ShapeError("the body's condition must be bool");
    sameTypes("state", rest.slice(0, initial.length), initial);
    const fixed =
      times && !condition && next === body.parameters[1] ? constantNumbers(times) : null;
    const length = fixed ? fixed[0] : freshDim();
    return [...initial, ...rest.slice(initial.length).map(stacked(length))];
  }),

  /** inputs: state …, sequences …; body: state …, rows … → state …, one row of each output */
  Scan: operator(
    (inputs, { num_scan_inputs }, [body]) => {
      const values = inputs.map((x, i) => required(x, i));
      const count = values.length - Number(num_scan_inputs);
      const lengths = values.slice(count).map(({ shape }) => shape[0]);
      if (lengths.length === 0) throw new ShapeError("no sequence to scan");
      const odd = lengths.find((length) => length !== lengths[0]);
      if (odd !== undefined) throw new ShapeError(`sequences of ${lengths[0]} and ${odd} steps`);
      sameTypes("state", body.results.slice(0, count), values.slice(0, count));
      return [...values.slice(0, count), ...body.results.slice(count).map(stacked(lengths[0]))];
    },
    {
      num_scan_inputs: { kind: "int" },
      scan_input_directions: { kind: "ints" },
      scan_output_directions: { kind: "ints" },
    },
  ),

  /** input: condition; bodies: then, else, of equal result types */
  If: operator(([condition], _, [yes, no]) => {
    if (required(condition, 0).dtype !== "bool") throw new ShapeError("the condition must be bool");
    sameTypes("result of else", no.results, yes.results);
    return yes.results;
  }),
} satisfies Record<string, Operator>;
