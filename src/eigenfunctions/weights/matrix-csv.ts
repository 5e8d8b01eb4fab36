import { DataError } from "../../errors.ts";
import { type Matrix, matrixOf } from "../../linalg/matrix.ts";

/**
 * A matrix from rows of numbers, parted by commas, semicolons, tabs or blanks, without a header;
 * lines that begin with # and empty ones do not count, as in `numpy.savetxt`.
 *
 * @param source  what to call the text in errors
 * @throws DataError  naming line and column, for what is no finite number, or rows of unequal lengths
 */
export function parseMatrix(text: string, source: string): Matrix {
  const numbers: number[] = [];
  let [rows, cols] = [0, 0];
  text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .forEach((line, index) => {
      const plain = line.trim();
      if (plain === "" || plain.startsWith("#")) return;
      const cells = plain.split(/\s*[,;\t]\s*|\s+/);
      if (rows === 0) cols = cells.length;
      if (cells.length !== cols)
        throw new DataError(
          `${source}:${index + 1}: ${cells.length} numbers where the first row has ${cols}`,
        );
      cells.forEach((cell, j) => {
        const value = Number(cell);
        if (cell === "" || !Number.isFinite(value))
          throw new DataError(
            `${source}:${index + 1}: column ${j + 1}: ${JSON.stringify(cell)} is no finite number`,
            { hint: "rows of numbers are wanted, without a header" },
          );
        numbers.push(value);
      });
      rows++;
    });
  if (rows === 0) throw new DataError(`${source}: is empty; rows of numbers are wanted`);
  return matrixOf(rows, cols, Float64Array.from(numbers));
}
