import { type Delimited, parseDelimited } from "./delimited.ts";
import { decodeText, readBytes } from "./files.ts";
import { isParquet, parseParquet } from "./parquet.ts";

/**
 * The cells of a table in CSV or Parquet, told apart by how the file begins.
 *
 * @param wanted  columns that will be asked for; of Parquet the cells of others are blank
 * @throws InputError  for a file that cannot be read
 * @throws DataError  as `parseDelimited` and `parseParquet`
 */
export async function readCells(path: string, wanted?: readonly string[]): Promise<Delimited> {
  const bytes = await readBytes(path);
  return isParquet(bytes)
    ? parseParquet(bytes, path, wanted)
    : parseDelimited(decodeText(bytes, path), path);
}
