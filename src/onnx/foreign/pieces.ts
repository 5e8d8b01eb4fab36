import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { guarded, type Message, type Origin } from "../read-wire.ts";

/** A message within a file: `offset` is where its field begins, its content is [from, end). */
export interface Range extends Origin {
  readonly from: number;
  readonly end: number;
}

/** A field as it stands in the file, tag included: what is not changed is copied as it is. */
export interface Piece {
  readonly number: number;
  readonly wire: WireType;
  readonly start: number; // of the tag
  readonly from: number; // of the content of a length-delimited field; of others as `start`
  readonly end: number;
}

export const wholeRange = (file: Uint8Array): Range => ({
  path: "",
  offset: 0,
  from: 0,
  end: file.length,
});

/** The fields of a message, in order. @throws DataError  for bytes that are no protobuf */
export function piecesOf(file: Uint8Array, { path, from, end }: Range): Piece[] {
  const reader = new BinaryReader(file);
  reader.pos = from;
  const pieces: Piece[] = [];
  while (reader.pos < end) {
    const start = reader.pos;
    const piece = guarded({ path, offset: start }, reader, end, () => {
      const [number, wire] = reader.tag();
      if (wire !== WireType.LengthDelimited) {
        reader.skip(wire, number);
        return { number, wire, start, from: start };
      }
      const length = reader.uint32();
      const content = reader.pos;
      reader.pos += length;
      return { number, wire, start, from: content };
    });
    pieces.push({ ...piece, end: reader.pos });
  }
  return pieces;
}

export const rangeOf = (piece: Piece, path: string): Range => ({
  path,
  offset: piece.start,
  from: piece.from,
  end: piece.end,
});

/** A message for `readFields`. */
export function messageAt(file: Uint8Array, { path, offset, from, end }: Range): Message {
  const reader = new BinaryReader(file);
  reader.pos = from;
  return { path, offset, reader, end, depth: 0 };
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A length-delimited field of this content. */
export function field(number: number, content: Uint8Array): Uint8Array {
  const head = new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(content.length);
  return joined([head.finish(), content]);
}

/** What `write` writes. */
export function written(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}
