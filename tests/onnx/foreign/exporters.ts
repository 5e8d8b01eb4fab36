/** Graphs as tf2onnx and skl2onnx write them, by hand. */
import {
  type Bytes,
  floatAttribute,
  floatBytes,
  inDomain,
  initialiser,
  inputOf,
  int,
  intAttribute,
  intsAttribute,
  message,
  modelWith,
  named,
  node,
  opset,
  outputOf,
  raw,
  text,
} from "../bytes.ts";

/** Numbers that are spread, and the same on every machine. */
export const spread = (count: number, phase = 0): number[] =>
  Array.from({ length: count }, (_, k) => Math.fround(Math.sin(1.7 * k + phase)));

export const floats = (name: string, dims: readonly number[], phase = 0): Bytes =>
  initialiser(
    name,
    1,
    dims,
    raw(
      ...floatBytes(
        ...spread(
          dims.reduce((n, d) => n * d, 1),
          phase,
        ),
      ),
    ),
  );

/** A Keras model of three Dense layers, as tf2onnx writes it: MatMul, Add, activation. */
export function keras(version = 13): Uint8Array {
  const at = (i: number, what: string) => `sequential/dense_${i}/${what}`;
  const dense = (i: number, from: string) => [
    ...node(
      "MatMul",
      [from, at(i, "MatMul/ReadVariableOp:0")],
      [at(i, "MatMul:0")],
      named(at(i, "MatMul")),
    ),
    ...node(
      "Add",
      [at(i, "MatMul:0"), at(i, "BiasAdd/ReadVariableOp:0")],
      [at(i, "BiasAdd:0")],
      named(at(i, "BiasAdd")),
    ),
  ];
  return modelWith(
    [opset(version)],
    dense(0, "input_1"),
    node("Elu", [at(0, "BiasAdd:0")], [at(0, "Elu:0")], floatAttribute("alpha", 1)),
    dense(1, at(0, "Elu:0")),
    node("Sigmoid", [at(1, "BiasAdd:0")], [at(1, "Sigmoid:0")]),
    dense(2, at(1, "Sigmoid:0")),
    node("Softmax", [at(2, "BiasAdd:0")], ["dense_2"], intAttribute("axis", 1)),
    floats(at(0, "MatMul/ReadVariableOp:0"), [4, 6]),
    floats(at(0, "BiasAdd/ReadVariableOp:0"), [6], 1),
    floats(at(1, "MatMul/ReadVariableOp:0"), [6, 5], 2),
    floats(at(1, "BiasAdd/ReadVariableOp:0"), [5], 3),
    floats(at(2, "MatMul/ReadVariableOp:0"), [5, 3], 4),
    floats(at(2, "BiasAdd/ReadVariableOp:0"), [3], 5),
    inputOf("input_1", 1, ["unk__6", 4]),
    outputOf("dense_2", 1, ["unk__7", 3]),
  );
}

/** An MLPClassifier of scikit-learn as skl2onnx writes it, labels and ZipMap included. */
export function sklearn(): Uint8Array {
  const ml = inDomain("ai.onnx.ml");
  // ValueInfoProto.type 2: sequence_type 4 {elem_type 1: map_type 5 {key_type 1, value_type 2}}
  const floatTensor = message(1, int(1, 1));
  const sequence = message(4, message(1, message(5, int(1, 7), message(2, floatTensor))));
  return modelWith(
    [opset(15), opset(1, "ai.onnx.ml")],
    node("Cast", ["X"], ["cast_input"], intAttribute("to", 1)),
    node("MatMul", ["cast_input", "coefficient"], ["mul_result"], named("MatMul")),
    node("Add", ["mul_result", "intercepts"], ["add_result"]),
    node("Relu", ["add_result"], ["next_activations"]),
    node("MatMul", ["next_activations", "coefficient1"], ["mul_result1"], named("MatMul1")),
    node("Add", ["intercepts1", "mul_result1"], ["add_result1"]),
    node("Tanh", ["add_result1"], ["next_activations1"]),
    node("MatMul", ["next_activations1", "coefficient2"], ["mul_result2"], named("MatMul2")),
    node("Add", ["mul_result2", "intercepts2"], ["add_result2"]),
    node("Softmax", ["add_result2"], ["out_activations_result"], intAttribute("axis", 1)),
    node("ArgMax", ["out_activations_result"], ["argmax_output"], intAttribute("axis", 1)),
    node("ArrayFeatureExtractor", ["classes", "argmax_output"], ["extractor_output"], ml),
    node("Reshape", ["extractor_output", "shape_tensor"], ["output_label"]),
    node(
      "ZipMap",
      ["out_activations_result"],
      ["output_probability"],
      intsAttribute("classlabels_int64s", 3, 5, 8),
      ml,
    ),
    floats("coefficient", [4, 7]),
    floats("intercepts", [1, 7], 1),
    floats("coefficient1", [7, 5], 2),
    floats("intercepts1", [1, 5], 3),
    floats("coefficient2", [5, 3], 4),
    floats("intercepts2", [1, 3], 5),
    initialiser("classes", 7, [3], message(7, [3, 5, 8])),
    initialiser("shape_tensor", 7, [1], message(7, [...Array(9).fill(255), 1])),
    inputOf("X", 1, ["", 4]),
    outputOf("output_label", 7, [""]),
    message(12, text(1, "output_probability"), message(2, sequence)),
  );
}
