import fc from "fast-check";
import { expect, test } from "vitest";
import { DataError } from "../../src/errors.ts";
import { type OpType, operators } from "../../src/graph/operators.ts";
import { cond, loop, scan } from "../../src/graph/ops/control.ts";
import { add, exp, greater, mul } from "../../src/graph/ops/elementwise.ts";
import { gemm } from "../../src/graph/ops/linear.ts";
import { reduceMean } from "../../src/graph/ops/reduction.ts";
import { constant, input, tensor } from "../../src/graph/value.ts";
import { decode } from "../../src/onnx/decode.ts";
import { signatures } from "../../src/onnx/decode-forms.ts";
import { encode } from "../../src/onnx/encode.ts";
import { bodyAttributes } from "../../src/onnx/schema.ts";
import {
  type Bytes,
  floatAttribute,
  graphAttribute,
  inDomain,
  initialiser,
  inputOf,
  int,
  intAttribute,
  intsAttribute,
  modelWith,
  node,
  opset,
  outputOf,
  raw,
  stringAttribute,
} from "./bytes.ts";

/** Every kind of message: a Loop with a Scan in it, an If, attributes of each kind, text. */
function smallModel(): Uint8Array {
  const x = input("x", "float32", ["N", 2]);
  const w = tensor(Float32Array.of(1, 2, 3, 4), [2, 2], "w");
  const { state, outputs } = loop(
    { times: 2 },
    { h: gemm(x, w, null, { alpha: 0.5, transB: true }) },
    ({ h }) => {
      const { state: end } = scan(
        { s: constant([0, 0], "float32") },
        { row: h },
        ({ s }, { row }) => ({
          state: { s: add(s, row) },
          outputs: {},
        }),
      );
      return { state: { h: mul(exp(h), end.s) }, outputs: { mean: reduceMean(h, [1]) } };
    },
  );
  const flag = greater(reduceMean(x), 0);
  const y = cond(
    flag,
    () => ({ y: state.h }),
    () => ({ y: mul(x, 2) }),
  ).y;
  return encode({
    inputs: { x },
    outputs: { y, mean: outputs.mean },
    doc: "d",
    metadata: { k: "v" },
  });
}

/** Bytes are a model, which can be written again, or a DataError; nothing else comes of them. */
function settle(bytes: Uint8Array): "read" | "refused" {
  let model: ReturnType<typeof decode>;
  try {
    model = decode(bytes);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    expect(error.message).toMatch(/^ONNX model: .*byte \d+: /s);
    return "refused";
  }
  encode(model);
  return "read";
}

const bytes = smallModel();

test("cut off at every byte", () => {
  const outcomes = Array.from(bytes, (_, end) => settle(bytes.subarray(0, end)));
  // Metadata come last: a file that ends before them, at the end of a field, is whole.
  const read = outcomes.flatMap((outcome, end) => (outcome === "read" ? [end] : []));
  expect(read.length).toBeLessThanOrEqual(1);
  expect(read.every((end) => end > bytes.length - 20)).toBe(true);
});

test("one byte replaced, everywhere", () => {
  for (let at = 0; at < bytes.length; at++) {
    for (const change of [0x01, 0xff]) {
      const changed = Uint8Array.from(bytes);
      changed[at] ^= change;
      settle(changed);
    }
  }
});

test("bytes flipped, put in and taken out at random", () => {
  const place = fc.nat(bytes.length - 1);
  const edit = fc.oneof(
    fc.record({
      kind: fc.constant("flip" as const),
      at: place,
      value: fc.integer({ min: 1, max: 255 }),
    }),
    fc.record({ kind: fc.constant("insert" as const), at: place, value: fc.nat(255) }),
    fc.record({ kind: fc.constant("remove" as const), at: place, value: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
      const changed = [...bytes];
      for (const { kind, at, value } of edits) {
        if (kind === "flip") changed[at % changed.length] ^= value;
        else if (kind === "insert") changed.splice(at, 0, value);
        else changed.splice(at % changed.length, 1);
      }
      settle(Uint8Array.from(changed));
    }),
    { seed: 20_240, numRuns: 5000 },
  );
});

/**
 * Files that are well-formed protobuf and mostly nonsense: any operator on any inputs with any
 * attributes. What type inference does not expect must not get that far.
 */
const attributeNames = [
  ...new Set(Object.values(operators).flatMap(({ attributes }) => Object.keys(attributes))),
  "axes",
  "num_outputs",
  "allowzero",
  "batch_dims",
  "noop_with_empty_axes",
  "__proto__",
];
const names = {
  x: ["x", "x", "x", "scalar", "scalar", "image", "h0", "whole", "flag", "c", ""],
  i: ["whole", "none", "axes", "one", "axes", "one", "x"],
  b: ["flag", "flag", "flag", "x"],
} as const;
const smallInt = fc.oneof(
  { arbitrary: fc.integer({ min: -2, max: 3 }), weight: 5 },
  { arbitrary: fc.constantFrom(100, 2 ** 31, -(2 ** 40)), weight: 1 },
);
const attributeValue = (op: OpType) =>
  fc.constantFrom(...Object.keys(operators[op].attributes), ...attributeNames).chain((name) =>
    fc.oneof(
      smallInt.map((n) => intAttribute(name, n)),
      fc.array(smallInt, { maxLength: 5 }).map((list) => intsAttribute(name, ...list)),
      fc.float({ noNaN: true }).map((n) => floatAttribute(name, n)),
      fc.constantFrom("add", "NOTSET", "constant", "?").map((s) => stringAttribute(name, s)),
    ),
  );
const inputsOf = (op: OpType) => {
  const letters = [...signatures[op]].flatMap((c) => (c === "*" ? ["x", "x"] : [c])) as "x"[];
  const usual = fc.tuple(...letters.map((c) => fc.constantFrom(...names[c])));
  return fc.oneof(
    { arbitrary: usual as fc.Arbitrary<string[]>, weight: 6 },
    { arbitrary: fc.array(fc.constantFrom(...names.x, ...names.i), { maxLength: 5 }), weight: 1 },
  );
};
const plain = (Object.keys(operators) as OpType[]).filter((op) => !(op in bodyAttributes));
const sometimes = <T>(usual: T, odd: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 6 }, { arbitrary: odd, weight: 1 });
const plainNode = (made: readonly string[]) =>
  fc
    .constantFrom(...plain)
    .chain((op) =>
      fc.record({
        op: fc.constant(op),
        inputs: inputsOf(op),
        outputs: sometimes([made[0]], fc.constantFrom([], [...made])),
        attributes: fc.oneof(fc.constant([]), fc.array(attributeValue(op), { maxLength: 2 })),
        domain: sometimes(operators[op].domain as string, fc.constantFrom("", "ai.onnx", "?")),
      }),
    )
    .map(({ op, inputs, outputs, attributes, domain }) =>
      node(op, inputs, outputs, ...attributes, inDomain(domain)),
    );

/** A body of about as many inputs and outputs as its operator wants. */
const body = (inputs: number, first: readonly string[]) =>
  fc
    .record({
      count: sometimes(inputs, fc.nat(5)),
      nodes: fc.array(plainNode(["q", "r"]), { maxLength: 1 }),
      outputs: fc.array(fc.constantFrom("p0", "p1", "p2", "q", "x", "flag"), { maxLength: 2 }),
      first: sometimes(first, fc.constant([])),
    })
    .map(({ count, nodes, outputs, first: wanted }) => [
      ...Array.from({ length: count }, (_, i) => inputOf(`p${i}`, 0, null)).flat(),
      ...nodes.flat(),
      ...[...wanted, ...outputs].flatMap((name) => outputOf(name, 0, null)),
    ]);
const controlNode = fc.oneof(
  fc
    .record({ state: fc.constantFrom("x", "scalar", "whole", ""), inner: body(3, ["p1", "p2"]) })
    .map(({ state, inner }) =>
      node("Loop", ["one", "flag", state], ["h0"], graphAttribute("body", inner)),
    ),
  fc
    .record({
      count: sometimes(1, smallInt),
      state: fc.constantFrom("c", "x", "scalar"),
      inner: body(2, ["p0"]),
    })
    .map(({ count, state, inner }) =>
      node(
        "Scan",
        [state, "c"],
        ["h0"],
        intAttribute("num_scan_inputs", count),
        graphAttribute("body", inner),
      ),
    ),
  fc
    .tuple(body(0, ["x"]), body(0, ["x"]))
    .map(([yes, no]) =>
      node(
        "If",
        ["flag"],
        ["h0"],
        graphAttribute("then_branch", yes),
        graphAttribute("else_branch", no),
      ),
    ),
);

test("operators on whatever comes", () => {
  const counts = { read: 0, refused: 0 };
  fc.assert(
    fc.property(
      fc.oneof(plainNode(["h0", "a"]), plainNode(["h0", "a"]), controlNode),
      fc.oneof(fc.constant<Bytes>([]), plainNode(["h1", "b"])),
      fc.constantFrom(13, 18, 21),
      (one, two, version) => {
        const file = modelWith(
          [opset(version), opset(1, "com.microsoft")],
          inputOf("x", 1, ["N", 3]),
          inputOf("image", 1, [1, 2, "H", 5]),
          inputOf("whole", 7, [3]),
          inputOf("flag", 9, []),
          inputOf("scalar", 1, []),
          initialiser("c", 1, [2, 3], raw(...Array(24).fill(63))),
          initialiser("none", 7, [0]),
          initialiser("one", 7, [1], int(7, 1)),
          initialiser("axes", 7, [2], int(7, 0), int(7, -1)),
          one,
          two,
          outputOf("h0", 0, null),
        );
        counts[settle(file)]++;
      },
    ),
    { seed: 7, numRuns: 5000 },
  );
  // Enough of it makes sense for the rest to have been close.
  expect(counts.read).toBeGreaterThan(500);
});
