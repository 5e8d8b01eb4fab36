import { DataError } from "../../errors.ts";
import { type Matrix, matrixOf } from "../../linalg/matrix.ts";
import { type AttributeRecord, type NodeRecord, readModel } from "../../onnx/read-model.ts";
import type { TensorRecord } from "../../onnx/read-tensor.ts";

/** A recurrent node of an ONNX file, one direction of it. */
export interface RecurrentNode {
  readonly name: string;
  readonly op: "RNN" | "GRU" | "LSTM";
  readonly R: Matrix; // [gates·H × H]
  readonly inputs: Matrix; // W [gates·H × m]
  readonly bias: Float64Array; // Wb + Rb [gates·H], 0 where none is stored
  readonly activation: string; // of the first gate, or of the whole of an RNN
}

const kinds: readonly string[] = ["RNN", "GRU", "LSTM"];

/**
 * The recurrent nodes in the bytes of an ONNX file whose weights are stored in it; a bidirectional
 * one counts twice. ONNX operators RNN, GRU and LSTM: H_t = f(X_t Wᵀ + H_{t−1} Rᵀ + Wb + Rb).
 *
 * @throws DataError  for bytes that are no model, or weights of a node that are not in the file
 */
export function recurrentNodes(bytes: Uint8Array): RecurrentNode[] {
  const { graph } = readModel(bytes);
  if (graph === null) throw new DataError("the ONNX model has no graph");
  const stored = new Map<string, TensorRecord>(graph.initialisers.map((one) => [one.name, one]));
  for (const node of graph.nodes) {
    const [tensor] = node.attributes.filter(
      ({ name }) => node.op === "Constant" && name === "value",
    );
    if (tensor?.tensor) stored.set(node.outputs[0], tensor.tensor);
  }
  return graph.nodes
    .map((node, index) => ({ node, index }))
    .filter(({ node }) => kinds.includes(node.op) && node.domain === "")
    .flatMap(({ node, index }) => ofNode(node, node.name || `node ${index}`, stored));
}

function ofNode(
  node: NodeRecord,
  name: string,
  stored: ReadonlyMap<string, TensorRecord>,
): RecurrentNode[] {
  const find = (place: number, what: string) => {
    const tensor = stored.get(node.inputs[place]);
    if (tensor === undefined)
      throw new DataError(`${node.op} "${name}": its ${what} are computed, not stored in the file`);
    return tensor;
  };
  const [W, R] = [find(1, "input weights"), find(2, "recurrent weights")];
  const B = node.inputs[3] ? find(3, "biases") : null;
  const [directions, rows, H] = R.dims;
  const m = W.dims[2];
  const activations = attribute(node, "activations")?.strings ?? [];
  const each = activations.length / directions;
  return Array.from({ length: directions }, (_, d) => {
    const part = ({ data, dims }: TensorRecord) => {
      const size = dims.slice(1).reduce((product, n) => product * n, 1);
      return Float64Array.from(data.subarray(d * size, (d + 1) * size) as Float32Array, Number);
    };
    const both = B === null ? new Float64Array(2 * rows) : part(B);
    return {
      name: directions === 1 ? name : `${name} direction ${d}`,
      op: node.op as RecurrentNode["op"],
      R: matrixOf(rows, H, part(R)),
      inputs: matrixOf(rows, m, part(W)),
      bias: both.slice(0, rows).map((value, i) => value + both[rows + i]),
      activation: activations[d * each] ?? "Tanh",
    };
  });
}

const attribute = ({ attributes }: NodeRecord, name: string): AttributeRecord | undefined =>
  attributes.find((one) => one.name === name);
