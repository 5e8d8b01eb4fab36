import { initParser } from "udsv";
import { DataError } from "../errors.ts";

/** One row of a delimited file, with the line on which it begins, counted from 1. */
export interface DelimitedRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** A file of cells: a header that names the columns, and rows of as many cells. */
export interface Delimited {
  readonly columns: readonly string[];
  readonly rows: readonly DelimitedRow[];
  /** Whether commas are free to be decimal ones: something else stands between the cells. */
  readonly decimalComma?: boolean;
}

const delimiters = [",", ";", "\t", "|"]; // the first wins a tie

/**
 * Splits CSV text (RFC 4180) into cells; commas, semicolons, tabs and bars are told apart by the
 * header. Blank lines are allowed at the end only.
 *
 * The cells are cut out by uDSV, which trusts its input: it glues the cells of a row that is too
 * long, and a last row that is too short sends it round for ever. So the layout is checked first.
 *
 * @param source  what to call the text in errors
 * @throws DataError  for no header or no rows, a column without a name or with that of another, a
 *   row with too many or too few cells, or a quotation mark out of place
 */
export function parseDelimited(text: string, source: string): Delimited {
  const unix = text
    .replace(/^\uFEFF/, "")
    .replace(/\r\n?/g, "\n")
    .replace(/\n+$/, "");
  if (unix.trim() === "") throw new DataError(`${source}: is empty; wanted a header and rows`);
  const header = unix.slice(0, unix.search(/\n|$/));
  const delimiter = delimiters.reduce((best, candidate) =>
    header.split(candidate).length > header.split(best).length ? candidate : best,
  );
  const layout = layoutOf(unix, delimiter, source);
  const width = layout[0].width;
  if (layout.length === 1) throw new DataError(`${source}: has a header but no rows`);
  for (const row of layout) {
    if (row.begin === row.end) throw new DataError(`${source}:${row.line}: the line is blank`);
    if (row.width !== width) {
      const cells = row.width === 1 ? "1 cell" : `${row.width} cells`;
      throw new DataError(`${source}:${row.line}: ${cells} where the header has ${width}`, {
        hint: `a value that is missing is a blank cell; a cell that holds a ${JSON.stringify(delimiter)} stands in quotation marks`,
      });
    }
  }
  const [names, ...rows] = cut(unix, delimiter, layout);
  return {
    columns: checkNames(names, source),
    rows: rows.map((cells, i) => ({ line: layout[i + 1].line, cells })),
    decimalComma: delimiter !== "," && width > 1,
  };
}

interface Span {
  readonly line: number;
  readonly width: number; // cells
  readonly begin: number;
  readonly end: number; // of its characters, its line break excluded
}

/** Where each row lies, and how many cells it has. */
function layoutOf(text: string, delimiter: string, source: string): Span[] {
  const rows: Span[] = [];
  let [begin, firstLine, line, width, quotedFrom] = [0, 1, 1, 1, 0];
  let cell: "start" | "bare" | "quoted" | "closed" = "start";
  for (let i = 0; i <= text.length; i++) {
    const c = i < text.length ? text[i] : "\n";
    if (cell === "quoted" && i < text.length) {
      if (c === "\n") line++;
      if (c !== '"') continue;
      if (text[i + 1] === '"') i++;
      else cell = "closed";
    } else if (cell === "quoted") {
      throw new DataError(`${source}:${quotedFrom}: a quotation mark is opened and never closed`);
    } else if (c === delimiter) {
      width++;
      cell = "start";
    } else if (c === "\n") {
      rows.push({ line: firstLine, width, begin, end: i });
      line++;
      [begin, firstLine, width, cell] = [i + 1, line, 1, "start"];
    } else if (cell === "closed") {
      throw new DataError(`${source}:${line}: text after a closing quotation mark, cell ${width}`);
    } else if (cell === "start" && c === '"') {
      [cell, quotedFrom] = ["quoted", line];
    } else {
      cell = "bare";
    }
  }
  return rows;
}

/** The cells of each row, unquoted. */
function cut(text: string, delimiter: string, layout: readonly Span[]): string[][] {
  const width = layout[0].width;
  // uDSV takes the end of a quoted cell in a lone column for a blank line, so it gets a second.
  const lone = width === 1;
  const given = lone
    ? layout.map(({ begin, end }) => text.slice(begin, end) + delimiter).join("\n")
    : text;
  const cols = Array.from({ length: lone ? 2 : width }, (_, i) => ({
    name: `${i}`,
    type: "s" as const,
    repl: { empty: undefined, null: undefined, NaN: undefined },
  }));
  const encl = '"';
  const parser = initParser({ col: delimiter, row: "\n", encl, esc: encl, trim: false, cols });
  const rows: string[][] = parser.stringArrs(given);
  return lone ? rows.map(([cell]) => [cell]) : rows;
}

function checkNames(names: readonly string[], source: string): string[] {
  const columns = names.map((name) => name.trim());
  columns.forEach((name, i) => {
    if (name === "") {
      throw new DataError(`${source}:1: column ${i + 1} has no name`, {
        hint: "name it in the header, or leave it out (pandas: to_csv(index=False))",
      });
    }
    if (columns.indexOf(name) < i) {
      throw new DataError(`${source}:1: two columns are called "${name}"`);
    }
  });
  if (columns.every((name) => Number.isFinite(Number(name)))) {
    throw new DataError(`${source}:1: the first line is all numbers; wanted a header of names`, {
      hint: "add a first line that names the columns, such as x1,x2,label",
    });
  }
  return columns;
}
