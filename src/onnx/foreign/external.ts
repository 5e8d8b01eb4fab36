import { realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { readBytes } from "../../data/files.ts";
import { DataError, InputError } from "../../errors.ts";
import { fault } from "../read-wire.ts";
import { field as fields } from "../schema.ts";
import { field, joined, type Piece, piecesOf, type Range, rangeOf, wholeRange } from "./pieces.ts";
import { readStored, type StoredTensor } from "./stored-tensor.ts";

/** Protobuf's own limit, and ONNX Runtime's for a model in memory. */
const mostBytes = 2 ** 31 - 1;

/**
 * The model with the numbers that it keeps in other files put inside, wherever a tensor stands: among the
 * initialisers, in attributes, in bodies. All other bytes are as they were.
 *
 * @param path  of the model: locations count from its folder and may not leave it
 * @throws DataError  for a location outside the folder, a file that is not there or too short, or more
 *   than 2 GiB in all
 */
export async function withDataInside(path: string, bytes: Uint8Array): Promise<Uint8Array> {
  const wanted: StoredTensor[] = [];
  walk(bytes, wholeRange(bytes), "model", (stored) => {
    wanted.push(stored);
    return null;
  });
  if (wanted.length === 0) return bytes;
  const files = new Map<string, Uint8Array>();
  let total = bytes.length;
  for (const stored of wanted) {
    const location = stored.external!.get("location") ?? "";
    const known = files.get(location);
    const data = known ?? (await dataFile(path, location, stored));
    files.set(location, data);
    total += slice(data, stored).length;
  }
  if (total > mostBytes) {
    throw new DataError(`ONNX model: ${total} bytes with its data, more than 2 GiB cannot be read`);
  }
  return walk(bytes, wholeRange(bytes), "model", (stored) =>
    slice(files.get(stored.external!.get("location") ?? "")!, stored),
  );
}

async function dataFile(model: string, location: string, origin: Range): Promise<Uint8Array> {
  const folder = resolve(dirname(model));
  const refuse = (why: string, cause?: unknown) =>
    fault(origin, `data in "${location}": ${why}`, cause);
  if (location === "") throw refuse("no file is named");
  if (location.includes("\0")) throw refuse("no name of a file");
  const outside = (from: string, to: string) => {
    const way = relative(from, to);
    return way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way);
  };
  const target = join(folder, location);
  if (isAbsolute(location) || outside(folder, target)) throw refuse("leaves the model's folder");
  try {
    // A link may lead out of the folder as well.
    if (outside(await realpath(folder), await realpath(target))) {
      throw refuse("is a link that leaves the model's folder");
    }
    if (!(await stat(target)).isFile()) throw refuse("is no file");
    return await readBytes(target);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    if (cause instanceof InputError) throw refuse(cause.message, cause);
    throw refuse("there is no such file beside the model", cause);
  }
}

/** The bytes of one tensor in its file. */
function slice(data: Uint8Array, stored: StoredTensor): Uint8Array {
  const number = (key: string, other: number) => {
    const text = stored.external!.get(key);
    if (text === undefined) return other;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (Number.isNaN(value)) throw fault(stored, `"${stored.name}": ${key} ${text}`);
    return value;
  };
  const offset = number("offset", 0);
  const length = number("length", Math.max(0, data.length - offset));
  if (offset + length > data.length) {
    throw fault(
      stored,
      `"${stored.name}": bytes ${offset} to ${offset + length} of a file that has ${data.length}`,
    );
  }
  return data.subarray(offset, offset + length);
}

/** What each kind of message holds that may hold tensors, by field number. */
const within = {
  model: { [fields.model.graph]: "graph" },
  graph: { [fields.graph.node]: "node", [fields.graph.initializer]: "tensor" },
  node: { [fields.node.attribute]: "attribute" },
  attribute: {
    [fields.attribute.t]: "tensor",
    [fields.attribute.tensors]: "tensor",
    [fields.attribute.g]: "graph",
    [fields.attribute.graphs]: "graph",
  },
} as const;
type Kind = keyof typeof within | "tensor";
type Inside = (stored: StoredTensor) => Uint8Array | null;

/** The message with the data that `inside` gives in place of references; null leaves one as it is. */
function walk(file: Uint8Array, range: Range, kind: Kind, inside: Inside, depth = 0): Uint8Array {
  const whole = () => file.subarray(range.from, range.end);
  if (depth > 100) throw fault(range, "messages nested more than 100 deep");
  const pieces = piecesOf(file, range);
  if (kind === "tensor") return tensorInside(file, range, pieces, inside) ?? whole();
  let changed = false;
  const parts = pieces.map((piece) => {
    const held = (within[kind] as Readonly<Record<number, Kind>>)[piece.number];
    const as = file.subarray(piece.start, piece.end);
    if (held === undefined) return as;
    const content = walk(file, rangeOf(piece, range.path || "graph"), held, inside, depth + 1);
    if (content.byteOffset === file.byteOffset + piece.from && content.buffer === file.buffer) {
      return as;
    }
    changed = true;
    return field(piece.number, content);
  });
  return changed ? joined(parts) : whole();
}

function tensorInside(
  file: Uint8Array,
  range: Range,
  pieces: readonly Piece[],
  inside: Inside,
): Uint8Array | null {
  const { externalData, dataLocation, rawData } = fields.tensor;
  if (!pieces.some(({ number }) => number === dataLocation)) return null;
  const stored = readStored(file, range);
  const data = stored.external === null ? null : inside(stored);
  if (data === null) return null;
  const kept = pieces.filter(({ number }) => number !== externalData && number !== dataLocation);
  return joined([...kept.map((p) => file.subarray(p.start, p.end)), field(rawData, data)]);
}
