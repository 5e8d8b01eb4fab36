import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CsvColumns, parseCsv, parseTable, readCsv, readTable } from "../../src/data/csv.ts";
import { DataError, InputError, UsageError } from "../../src/errors.ts";

const moons = "x1,x2,label\n0.5,-1,right\n2e-1,+.25,left\n3,4.,right\n";
const columns: CsvColumns = { inputs: ["x2", "x1"], target: "label", task: "classes" };

describe("parseCsv", () => {
  test("takes the inputs in the order asked for and numbers the classes by name", () => {
    const { dataset, classNames } = parseCsv(moons, "moons.csv", columns);
    expect(classNames).toEqual(["left", "right"]);
    expect(dataset).toEqual({
      name: "moons.csv",
      features: Float32Array.of(-1, 0.5, 0.25, 0.2, 4, 3),
      count: 3,
      width: 2,
      targets: { kind: "classes", labels: BigInt64Array.of(1n, 0n, 1n), classes: 2 },
    });
  });

  test("values are a column of numbers", () => {
    const wanted: CsvColumns = { inputs: ["x1"], target: "x2", task: "values" };
    const { dataset, classNames } = parseCsv(moons, "moons.csv", wanted);
    const values = Float32Array.of(-1, 0.25, 4);
    expect(dataset.targets).toEqual({ kind: "values", values, width: 1 });
    expect(classNames).toEqual([]);
  });

  test("classes that are numbers are ordered as numbers", () => {
    const wanted: CsvColumns = { inputs: ["x"], target: "digit", task: "classes" };
    const { classNames } = parseCsv("x,digit\n0,10\n0,9\n0,-1\n0,10\n", "d", wanted);
    expect(classNames).toEqual(["-1", "9", "10"]);
  });

  test("the numbering of another file can be kept", () => {
    const { dataset } = parseCsv(moons, "m", { ...columns, classNames: ["up", "right", "left"] });
    expect(dataset.targets).toMatchObject({ labels: BigInt64Array.of(1n, 2n, 1n), classes: 3 });
    const bad = () => parseCsv(moons, "m", { ...columns, classNames: ["right"] });
    expect(bad).toThrow('m:3: column "label": class "left" is none of "right"');
  });

  test.each([
    [
      "a word for a number",
      "x1,x2,label\n1,2,a\n1,two,a\n",
      'm.csv:3: column "x2": "two" is not a',
    ],
    ["a hexadecimal", "x1,x2,label\n1,0x1F,a\n", 'm.csv:2: column "x2": "0x1F" is not a number'],
    ["a blank number", "x1,x2,label\n1,2,a\n ,2,a\n", 'm.csv:3: column "x1": the cell is blank'],
    ["a blank class", "x1,x2,label\n1,2,a\n1,2,\n", 'm.csv:3: column "label": the cell is blank'],
    ["a NaN", "x1,x2,label\n1,NaN,a\n", 'm.csv:2: column "x2": NaN is not finite'],
    ["an infinity", "x1,x2,label\n1,-inf,a\n", 'm.csv:2: column "x2": -inf is not finite'],
    ["more than float32 holds", "x1,x2,label\n1,1e39,a\n", 'column "x2": 1e39 is too large'],
    [
      "a line after a quoted break",
      'x1,label,x2\n1,"a\nb",2\n1,c,x\n',
      'm.csv:4: column "x2": "x"',
    ],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseCsv(text, "m.csv", columns)).toThrow(DataError);
    expect(() => parseCsv(text, "m.csv", columns)).toThrow(message);
  });

  test("a column that is not there is answered with the nearest that are", () => {
    const wanted = { ...columns, target: "Lable" };
    expect(() => parseCsv(moons, "m.csv", wanted)).toThrow('m.csv:1: no column "Lable"');
    expect(() => parseCsv(moons, "m.csv", wanted)).toThrow(
      expect.objectContaining({ hint: 'did you mean one of "label", "x1", "x2"?' }),
    );
  });

  test.each([
    ["no inputs", { ...columns, inputs: [] }, "no input columns"],
    ["an input twice", { ...columns, inputs: ["x1", "x1"] }, 'column "x1" is named twice'],
    ["the target as input", { ...columns, inputs: ["label"] }, 'column "label" is named twice'],
  ])("refuses %s", (_, wanted, message) => {
    expect(() => parseCsv(moons, "m.csv", wanted)).toThrow(UsageError);
    expect(() => parseCsv(moons, "m.csv", wanted)).toThrow(message);
  });
});

describe("parseTable", () => {
  test("keeps float64 and the order of the columns", () => {
    const table = parseTable("t;speed\n0;1e300\n0.1;-2\n", "motor.csv");
    expect(table).toEqual({
      columns: ["t", "speed"],
      count: 2,
      rows: Float64Array.of(0, 1e300, 0.1, -2),
    });
  });

  test("refuses what is no number even in float64", () => {
    expect(() => parseTable("a,b\n1,1e999\n", "t")).toThrow('t:2: column "b": 1e999 is too large');
  });
});

describe("files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "eigenflow-csv-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  test("are read as the text is, and named in errors", async () => {
    const path = write("moons.csv", `\uFEFF${moons}`);
    expect(await readCsv(path, columns)).toEqual(parseCsv(moons, path, columns));
    expect((await readTable(write("t.csv", "a\n1\n2\n"))).rows).toEqual(Float64Array.of(1, 2));
    await expect(readTable(path)).rejects.toThrow(`${path}:2: column "label": "right"`);
  });

  test("that are missing or no text are refused", async () => {
    await expect(readTable(join(folder, "none.csv"))).rejects.toThrow(InputError);
    await expect(readTable(join(folder, "none.csv"))).rejects.toThrow("none.csv: no such file");
    await expect(readTable(folder)).rejects.toThrow("cannot be read (EISDIR)");
    const binary = write("binary.csv", Uint8Array.of(0x61, 0xff, 0xfe));
    await expect(readTable(binary)).rejects.toThrow(DataError);
    await expect(readTable(binary)).rejects.toThrow("is not UTF-8 text");
  });
});
