import { WireType } from "@bufbuild/protobuf/wire";
import { readEntry, readInfo } from "../read-model.ts";
import { field as fields } from "../schema.ts";
import { type ForeignModel, readForeign } from "./model.ts";
import { field, joined, messageAt, type Piece, rangeOf, written } from "./pieces.ts";

/** What is taken out of a model and put into it; contents are those of messages, without tags. */
export interface Edit {
  readonly drop?: ReadonlySet<number>; // nodes, by their place
  readonly insert?: ReadonlyMap<number, readonly Uint8Array[]>; // nodes, before the one at a place
  readonly dropTensors?: ReadonlySet<string>;
  readonly tensors?: readonly Uint8Array[]; // initialisers
  readonly dropInfos?: ReadonlySet<string>; // declared types of values that are gone
  readonly outputs?: readonly string[]; // values that become results
  readonly metadata?: Readonly<Record<string, string | null>>; // null takes an entry out
}

/** Since this version initialisers need not stand among the inputs. */
const loneInitialisers = 4;

/** The model with changes; all else is copied byte for byte, in its order. */
export function edited(model: ForeignModel, edit: Edit): ForeignModel {
  const { bytes, pieces } = model;
  const { model: head } = fields;
  const graph = field(head.graph, editedGraph(model, edit));
  const parts = pieces.flatMap((piece) => {
    if (piece.number === head.graph) return [graph];
    if (piece.number === head.irVersion && model.irVersion < loneInitialisers) {
      return edit.tensors?.length ? [irVersion(loneInitialisers)] : [copy(bytes, piece)];
    }
    const replaced =
      piece.number === head.metadata &&
      Object.hasOwn(
        edit.metadata ?? {},
        readEntry(messageAt(bytes, rangeOf(piece, "metadata_props"))).key,
      );
    return replaced ? [] : [copy(bytes, piece)];
  });
  const added = Object.entries(edit.metadata ?? {}).flatMap(([key, value]) =>
    value === null
      ? []
      : [
          field(
            head.metadata,
            joined([text(fields.entry.key, key), text(fields.entry.value, value)]),
          ),
        ],
  );
  return readForeign(joined([...parts, ...added]));
}

function editedGraph(model: ForeignModel, edit: Edit): Uint8Array {
  const { bytes, graphPieces, nodes, tensors } = model;
  const { graph } = fields;
  const initialisers = [...tensors.keys()];
  const inserted = (at: number) =>
    (edit.insert?.get(at) ?? []).map((content) => field(graph.node, content));
  let [node, tensor] = [0, 0];
  const parts: Uint8Array[] = [];
  for (const piece of graphPieces) {
    const own = copy(bytes, piece);
    switch (piece.number) {
      case graph.node:
        parts.push(...inserted(node));
        if (!edit.drop?.has(node)) parts.push(own);
        node++;
        break;
      case graph.initializer:
        if (!edit.dropTensors?.has(initialisers[tensor])) parts.push(own);
        tensor++;
        break;
      case graph.input:
        if (!edit.dropTensors?.has(infoName(bytes, piece))) parts.push(own);
        break;
      case graph.valueInfo:
        if (!edit.dropInfos?.has(infoName(bytes, piece))) parts.push(own);
        break;
      default:
        parts.push(own);
    }
  }
  parts.push(...inserted(nodes.length));
  parts.push(...(edit.tensors ?? []).map((content) => field(graph.initializer, content)));
  for (const name of edit.outputs ?? []) {
    parts.push(field(graph.output, text(fields.valueInfo.name, name)));
  }
  return joined(parts);
}

const infoName = (bytes: Uint8Array, piece: Piece): string =>
  readInfo(messageAt(bytes, rangeOf(piece, "graph"))).name;

const copy = (bytes: Uint8Array, { start, end }: Piece): Uint8Array => bytes.subarray(start, end);

const irVersion = (version: number): Uint8Array =>
  written((w) => void w.tag(fields.model.irVersion, WireType.Varint).int64(version));

/** A field of text. */
export const text = (number: number, value: string): Uint8Array =>
  field(number, new TextEncoder().encode(value));
