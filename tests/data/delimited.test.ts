import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDelimited } from "../../src/data/delimited.ts";
import { DataError } from "../../src/errors.ts";

const cellsOf = (text: string) => parseDelimited(text, "t").rows.map(({ cells }) => cells);

/** A cell as RFC 4180 writes it; `quote` though it need not be. */
const written = (cell: string, quote: boolean) =>
  quote || /[",;\t|\r\n]/.test(cell) || cell === "" ? `"${cell.replaceAll('"', '""')}"` : cell;

describe("parseDelimited", () => {
  const cell = fc.string({
    unit: fc.constantFrom("a", "1", " ", '"', ",", ";", "\n", "é", "."),
    maxLength: 6,
  });
  const grid = fc.integer({ min: 1, max: 4 }).chain((width) =>
    fc.array(fc.array(fc.tuple(cell, fc.boolean()), { minLength: width, maxLength: width }), {
      minLength: 1,
      maxLength: 5,
    }),
  );

  test("gives back any cells that were written by RFC 4180, and the line of each row", () => {
    const lineBreak = fc.constantFrom("\n", "\r\n", "\r");
    fc.assert(
      fc.property(grid, fc.constantFrom("", "\n", "\n\n"), lineBreak, (rows, end, br) => {
        const header = rows[0].map((_, i) => `c${i}`).join(",");
        const lines = rows.map((row) => row.map(([c, quote]) => written(c, quote)).join(","));
        const text = [header, ...lines].join("\n") + end;
        const parsed = parseDelimited(text.replaceAll("\n", br), "t");
        expect(parsed.rows.map(({ cells }) => cells)).toEqual(
          rows.map((row) => row.map(([c]) => c)),
        );
        let line = 2;
        parsed.rows.forEach((row, i) => {
          expect(row.line).toBe(line);
          line += lines[i].split("\n").length;
        });
      }),
      { numRuns: 500 },
    );
  });

  test("refuses or reads any text, and never hangs", () => {
    const unit = fc.constantFrom("a", "1", '"', ",", ";", "\n", "\r", " ");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
        try {
          const { columns, rows } = parseDelimited(text, "t");
          for (const { cells } of rows) expect(cells).toHaveLength(columns.length);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([",", ";", "\t", "|"])("finds the delimiter %j", (d) => {
    expect(cellsOf(`a${d}b\n1${d}2\n`)).toEqual([["1", "2"]]);
  });

  test("reads a lone column, quoted or not", () => {
    expect(cellsOf('"y"\n"1"\n2\n""\n')).toEqual([["1"], ["2"], [""]]);
    expect(cellsOf("y\n1\n2")).toEqual([["1"], ["2"]]);
  });

  test("a quotation mark inside a bare cell is a character", () => {
    expect(cellsOf('size,n\n5" pipe,3\n')).toEqual([['5" pipe', "3"]]);
  });

  test.each([
    ["nothing", "", "t: is empty"],
    ["blank lines", "\n \n", "t: is empty"],
    ["no rows", "a,b\n", "t: has a header but no rows"],
    ["a short row", "a,b,c\n1,2,3\n4,5\n6,7,8\n", "t:3: 2 cells where the header has 3"],
    ["a short last row", "a,b,c\n1,2,3\n4,5", "t:3: 2 cells where the header has 3"],
    ["a long row", "a,b\n1,2,3\n", "t:2: 3 cells where the header has 2"],
    ["a blank line inside", "a,b\n1,2\n\n3,4\n", "t:3: the line is blank"],
    [
      "an open quotation",
      'a,b\n1,2\n"x,2\n3,4\n',
      "t:3: a quotation mark is opened and never closed",
    ],
    ["text after a quotation", 'a,b\n1,"x"y\n', "t:2: text after a closing quotation mark, cell 2"],
    ["a nameless column", ",a\n0,1\n", "t:1: column 1 has no name"],
    ["a name twice", "a,a\n0,1\n", 't:1: two columns are called "a"'],
    ["no header", "0.5,1\n2,3\n", "t:1: the first line is all numbers"],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseDelimited(text, "t")).toThrow(DataError);
    expect(() => parseDelimited(text, "t")).toThrow(message);
  });
});
