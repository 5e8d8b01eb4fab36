import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { CompressionCodec, Compressors, FileMetaData } from "hyparquet";
import { DataError, EigenflowError } from "../errors.ts";
import type { Delimited } from "./delimited.ts";

/** Whether bytes are a Parquet file: it begins with PAR1. */
export const isParquet = (bytes: Uint8Array): boolean =>
  new TextDecoder("latin1").decode(bytes.subarray(0, 4)) === "PAR1";

/** What decompresses each codec; without one hyparquet reads it itself. */
const readable: Readonly<Partial<Record<CompressionCodec, Compressors[CompressionCodec] | null>>> =
  {
    UNCOMPRESSED: null,
    SNAPPY: null,
    GZIP: (input) => gunzipSync(input),
    BROTLI: (input) => brotliDecompressSync(input),
  };

/**
 * A Parquet file as cells of text, so that it is read and refused as CSV is: nulls are blank, numbers are
 * written to the last digit, timestamps as ISO 8601; the line of a row is its number, from 1.
 *
 * @param wanted  the columns to read, where they are there; the cells of others are blank
 * @throws DataError  for a file that is damaged, has no rows, or is compressed by a codec that is not known
 */
export async function parseParquet(
  bytes: Uint8Array,
  source: string,
  wanted?: readonly string[],
): Promise<Delimited> {
  // A table in Parquet is rare, and its reader not small.
  const { parquetMetadata, parquetReadObjects, parquetSchema } = await import("hyparquet");
  const file = bytes.slice().buffer;
  try {
    const metadata = parquetMetadata(file);
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    const read = columns.filter((name) => wanted?.includes(name) ?? true);
    requireReadable(metadata, source, read);
    const rows =
      read.length === 0
        ? Array.from({ length: Number(metadata.num_rows) }, () => ({}))
        : await parquetReadObjects({
            file,
            metadata,
            columns: read,
            compressors: Object.fromEntries(
              Object.entries(readable).filter(([, decompress]) => decompress !== null),
            ) as Compressors,
            parsers: {
              timestampFromMilliseconds: (count) => timestamp(count, 3),
              timestampFromMicroseconds: (count) => timestamp(count, 6),
              timestampFromNanoseconds: (count) => timestamp(count, 9),
            },
          });
    if (rows.length === 0) throw new DataError(`${source}: has columns but no rows`);
    return {
      columns,
      rows: rows.map((row: Readonly<Record<string, unknown>>, i) => ({
        line: i + 1,
        cells: columns.map((name) => cellOf(row[name])),
      })),
    };
  } catch (cause) {
    if (cause instanceof EigenflowError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`${source}: is Parquet that cannot be read: ${why}`, {
      hint: "the file may be cut off; write it again",
      cause,
    });
  }
}

function requireReadable(
  { row_groups }: FileMetaData,
  source: string,
  read: readonly string[],
): void {
  for (const { columns } of row_groups) {
    const odd = columns.find(
      ({ meta_data }) =>
        meta_data !== undefined &&
        read.includes(meta_data.path_in_schema[0]) &&
        !(meta_data.codec in readable),
    )?.meta_data;
    if (odd === undefined) continue;
    throw new DataError(
      `${source}: column "${odd.path_in_schema.join(".")}" is compressed by ${odd.codec}, which is not read`,
      {
        hint: `known: ${Object.keys(readable).join(", ")}; write it again, as by pandas: to_parquet(compression="snappy")`,
      },
    );
  }
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A count of 10^−digits s since 1970 as ISO 8601 with all of its digits. */
function timestamp(count: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const rest = ((count % unit) + unit) % unit;
  const seconds = new Date(Number((count - rest) / unit) * 1000).toISOString().slice(0, -5);
  return `${seconds}.${String(rest).padStart(digits, "0")}Z`;
}
