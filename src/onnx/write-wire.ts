import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Writes one field of a message, or several. */
export type Field = (writer: BinaryWriter) => void;
export const message =
  (number: number, write: Field): Field =>
  (writer) => {
    writer.tag(number, WireType.LengthDelimited).fork();
    write(writer);
    writer.join();
  };
export const text =
  (number: number, value: string): Field =>
  (writer) => {
    writer.tag(number, WireType.LengthDelimited).string(value);
  };
export const integer =
  (number: number, value: number | bigint): Field =>
  (writer) => {
    writer.tag(number, WireType.Varint).int64(value);
  };
export const each =
  (fields: Iterable<Field | null>): Field =>
  (writer) => {
    for (const write of fields) write?.(writer);
  };
export const all = (...fields: readonly (Field | null)[]): Field => each(fields);
