import { readBytes, readText } from "../../data/files.ts";
import { isFloating } from "../../data/tensors/elements.ts";
import { openTensors } from "../../data/tensors/open.ts";
import type { TensorEntry, TensorFile } from "../../data/tensors/tensor-file.ts";
import { unknownName } from "../../errors/suggest.ts";
import { DataError, ShapeError, UsageError } from "../../errors.ts";
import { type Matrix, matrixOf, transpose } from "../../linalg/matrix.ts";
import { parseMatrix } from "./matrix-csv.ts";
import { type RecurrentNode, recurrentNodes } from "./onnx-nodes.ts";

/** What a file holds of a recurrent layer. */
export interface RecurrentWeights {
  readonly source: string; // file, and tensor or node in it
  readonly W: Matrix; // [H × H], or [3H × H] of a GRU, [4H × H] of an LSTM
  readonly kind: "plain" | "gru" | "lstm";
  /** Whether gates stand in ONNX's order (z r h, i o f c) or PyTorch's (r z n, i f g o). */
  readonly order: "onnx" | "torch";
  readonly bias: Float64Array | null; // stored beside W: both of a cell together
  /** Weights of the input stored beside W. */
  readonly inputs: Matrix | null;
  readonly activation: string | null; // where the file says
  /** Whether the name says that it is the cell of a framework. */
  readonly cell: boolean;
  /** What it is stored as: "float64", of text too, "float32", "float16", "bfloat16" … */
  readonly dtype: string;
}

export interface ReadOptions {
  /** Of several: the name of the tensor, or of the node of an ONNX file. */
  readonly tensor?: string;
  /** W is stored for rows, h W: as kernels of Keras are. */
  readonly transposed?: boolean;
}

const frameworkName = /(weight_hh|recurrent_kernel|recurrent\.weight|\.R$)/;

/**
 * The recurrent weights in a file: .csv or .txt of numbers, .npy, .npz, safetensors, torch.save, or an
 * ONNX file with a node RNN, GRU or LSTM.
 *
 * @throws InputError, DataError  for a file that cannot be read
 * @throws UsageError  where several tensors could be meant, or none is of that name
 * @throws ShapeError  for a tensor that is no matrix from units to the same units
 */
export async function readWeights(
  path: string,
  options: ReadOptions = {},
): Promise<RecurrentWeights> {
  if (/\.onnx$/i.test(path)) return fromNode(path, await readBytes(path), options);
  if (/\.(csv|tsv|txt)$/i.test(path)) {
    if (options.tensor !== undefined)
      throw new UsageError(`--tensor ${options.tensor}: ${path} holds one matrix`);
    const W = turned(parseMatrix(await readText(path), path), options);
    return { ...bare, source: path, W, kind: kindOf(W, path), dtype: "float64" };
  }
  const file = await openTensors(path);
  const entry = chooseEntry(file, options.tensor);
  const W = turned(await readMatrix(file, entry), options);
  const several = file.tensors.length > 1;
  return {
    ...bare,
    ...(await besides(file, entry)),
    source: several ? `${path}: ${entry.name}` : path,
    W,
    kind: kindOf(W, entry.name),
    cell: frameworkName.test(entry.name),
    dtype: entry.dtype,
  };
}

const bare = {
  order: "torch",
  bias: null,
  inputs: null,
  activation: null,
  cell: false,
} as const;

const turned = (W: Matrix, { transposed = false }: ReadOptions) => (transposed ? transpose(W) : W);

function kindOf({ rows, cols }: Matrix, name: string): RecurrentWeights["kind"] {
  if (rows === cols) return "plain";
  if (rows === 3 * cols) return "gru";
  if (rows === 4 * cols) return "lstm";
  throw new ShapeError(
    `${name} is ${rows} × ${cols}: recurrent weights are square, from N units to the same N ` +
      "(3N × N of a GRU, 4N × N of an LSTM)",
    "weights of the input are another matrix (--input); recurrent ones are called weight_hh in PyTorch, recurrent_kernel in Keras",
  );
}

/** Square ones, and those of gated cells, which are named to say what is wrong with them. */
function candidates(tensors: readonly TensorEntry[]): TensorEntry[] {
  const fits = tensors.filter(
    ({ shape, dtype }) =>
      isFloating(dtype) &&
      shape.length === 2 &&
      shape[1] > 1 &&
      [1, 3, 4].includes(shape[0] / shape[1]),
  );
  const named = fits.filter(({ name }) => frameworkName.test(name));
  return named.length > 0 ? named : fits;
}

function chooseEntry(file: TensorFile, wanted: string | undefined): TensorEntry {
  const { tensors, path } = file;
  const known = tensors.map(({ name }) => name);
  if (wanted !== undefined) {
    const found = tensors.find(({ name }) => name === wanted);
    if (found === undefined) throw unknownName(`${path} has no tensor`, wanted, known);
    return found;
  }
  if (tensors.length === 1) return tensors[0];
  const found = candidates(tensors);
  if (found.length === 1) return found[0];
  const names = (found.length > 0 ? found : tensors).map(({ name }) => name).slice(0, 12);
  throw new UsageError(
    found.length > 0
      ? `${path} holds ${found.length} tensors that could be recurrent weights`
      : `${path} holds no tensor of the shape of recurrent weights`,
    `name one by --tensor: ${names.join(", ")}`,
  );
}

async function readMatrix(file: TensorFile, { name, shape }: TensorEntry): Promise<Matrix> {
  if (shape.length !== 2)
    throw new ShapeError(`${name} has the shape [${shape.join(", ")}]: a matrix is wanted`);
  const data = Float64Array.from(await file.read(name));
  return finite(shape[0], shape[1], data, `${file.path}: ${name}`);
}

function finite(rows: number, cols: number, data: Float64Array, what: string): Matrix {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new DataError(
      `${what}: entry (${Math.floor(bad / cols)}, ${bad % cols}) is ${data[bad]}`,
      {
        hint: "training that diverged leaves such weights",
      },
    );
  return matrixOf(rows, cols, data);
}

/** The biases and input weights of PyTorch's names, beside weight_hh. */
async function besides(file: TensorFile, { name, shape }: TensorEntry) {
  if (!/weight_hh/.test(name)) return {};
  const find = (as: string) => {
    const other = name.replace("weight_hh", as);
    return file.tensors.find((one) => one.name === other);
  };
  const biases = [find("bias_ih"), find("bias_hh")].filter((one) => one !== undefined);
  const total = new Float64Array(shape[0]);
  for (const { name: bias } of biases)
    (await file.read(bias)).forEach((value, i) => {
      total[i] += value;
    });
  const ih = find("weight_ih");
  return {
    bias: biases.length > 0 ? total : null,
    inputs: ih ? await readMatrix(file, ih) : null,
  };
}

function fromNode(path: string, bytes: Uint8Array, options: ReadOptions): RecurrentWeights {
  const nodes = nodesOf(path, bytes);
  const names = nodes.map(({ name }) => name);
  if (nodes.length === 0)
    throw new DataError(`${path}: no node RNN, GRU or LSTM is in its graph`, {
      hint: "a network unrolled into MatMul and Tanh holds W as an initialiser: store it as .npy",
    });
  const node = nodes.find(({ name }) => name === options.tensor);
  if (options.tensor !== undefined && node === undefined)
    throw unknownName(`${path} has no recurrent node`, options.tensor, names);
  if (node === undefined && nodes.length > 1)
    throw new UsageError(
      `${path} holds ${nodes.length} recurrent nodes`,
      `name one by --tensor: ${names.join(", ")}`,
    );
  const { op, R, inputs, bias, activation, name } = node ?? nodes[0];
  return {
    source: `${path}: ${op} ${name}`,
    W: R,
    kind: op === "RNN" ? "plain" : op === "GRU" ? "gru" : "lstm",
    order: "onnx",
    bias,
    inputs,
    activation: op === "RNN" ? activation.toLowerCase() : null,
    cell: true,
    dtype: "float32",
  };
}

function nodesOf(path: string, bytes: Uint8Array): RecurrentNode[] {
  try {
    return recurrentNodes(bytes);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`${path}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

/** A vector or a matrix by the name of a tensor in the file of the weights, or else from a file. */
export async function readBeside(path: string, given: string, flag: string): Promise<Matrix> {
  if (!/\.(csv|tsv|txt|onnx)$/i.test(path)) {
    const file = await openTensors(path);
    const entry = file.tensors.length > 1 && file.tensors.find(({ name }) => name === given);
    if (entry) return asMatrix(file, entry);
  }
  if (/\.(csv|tsv|txt)$/i.test(given)) return parseMatrix(await readText(given), given);
  const file = await openTensors(given);
  if (file.tensors.length !== 1)
    throw new UsageError(`${flag} ${given}: a file of one tensor is wanted, or a name in ${path}`);
  return asMatrix(file, file.tensors[0]);
}

async function asMatrix(file: TensorFile, { name, shape }: TensorEntry): Promise<Matrix> {
  if (shape.length < 1 || shape.length > 2)
    throw new ShapeError(
      `${name} has the shape [${shape.join(", ")}]: a vector or matrix is wanted`,
    );
  const data = Float64Array.from(await file.read(name));
  return finite(shape[0], shape[1] ?? 1, data, `${file.path}: ${name}`);
}
