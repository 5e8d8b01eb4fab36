import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { readTable } from "../../../src/data/csv.ts";
import { type Roles, readExperiments } from "../../../src/data/experiment/read.ts";
import { DataError, type EigenflowError, UsageError } from "../../../src/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "eigenflow-parquet-"));
type Columns = Parameters<typeof parquetWriteBuffer>[0]["columnData"];
type Options = Omit<Parameters<typeof parquetWriteBuffer>[0], "columnData">;
let files = 0;
function parquet(columnData: Columns, options: Options = {}): string {
  const path = join(folder, `${files++}.parquet`);
  writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData, ...options })));
  return path;
}
function csv(text: string): string {
  const path = join(folder, `${files++}.csv`);
  writeFileSync(path, text);
  return path;
}

const count = 30;
const list = <T>(of: (t: number) => T) => Array.from({ length: count }, (_, t) => of(t));
const u = list((t) => (t * 7) % 5);
const y = list((t) => Math.sin(t) / 3);
const plain: Columns = [
  { name: "u", data: u, type: "INT32" },
  { name: "note", data: list(() => "as measured"), type: "STRING" },
  { name: "y", data: y, type: "DOUBLE" },
];
const roles: Roles = { inputs: ["u"], outputs: ["y"], sampleTime: 0.1 };
const read = async (path: string, wanted = roles) => {
  const found = await readExperiments([path], wanted);
  return found.map(({ name: _, warnings: __, ...rest }) => rest);
};

describe("a table in Parquet", () => {
  const sameAsCsv = csv(["u,y", ...u.map((value, t) => `${value},${y[t]}`)].join("\n"));

  test("is what the CSV of the same numbers is, to the last bit", async () => {
    expect(await read(parquet(plain))).toEqual(await read(sameAsCsv));
    const { rows } = await readTable(parquet(plain), ["y", "u"]);
    expect([...rows]).toEqual(list((t) => [y[t], u[t]]).flat());
  });

  test.each([
    ["SNAPPY", undefined],
    ["UNCOMPRESSED", undefined],
    ["GZIP", { GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)) }],
    ["BROTLI", { BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliCompressSync(bytes)) }],
  ] as const)(
    "is read where it is compressed by %s, in several row groups",
    async (codec, compressors) => {
      const path = parquet(plain, { codec, rowGroupSize: 7, ...(compressors && { compressors }) });
      expect(await read(path)).toEqual(await read(sameAsCsv));
    },
  );

  test("has integers of 64 bits, floats of 32 bits, experiments by name and times", async () => {
    const path = parquet([
      { name: "u", data: u.map(BigInt), type: "INT64" },
      { name: "y", data: y, type: "FLOAT" },
      { name: "run", data: list((t) => (t < 15 ? "a" : "b")), type: "STRING" },
      { name: "at", data: list((t) => new Date(1.7e12 + 250 * t)), type: "TIMESTAMP" },
    ]);
    const { sampleTime: _, ...rest } = roles;
    const [a, b] = await read(path, { ...rest, time: "at", experiment: "run" });
    expect([a.count, b.count, a.sampleTime]).toEqual([15, 15, 0.25]);
    expect([...a.u, ...b.u]).toEqual(u);
    expect([...a.y, ...b.y]).toEqual(y.map(Math.fround));
  });
});

/** The message and the advice, without the name of the file. */
async function refusal(path: string, wanted = roles): Promise<string> {
  try {
    await readExperiments([path], wanted);
  } catch (error) {
    const { message, hint } = error as EigenflowError;
    expect(error).toBeInstanceOf(error instanceof UsageError ? UsageError : DataError);
    return `${message} | ${hint}`.replaceAll(path, "FILE");
  }
  return "nothing was refused";
}

describe("is refused as CSV is", () => {
  const cells = (column: readonly (number | string | null)[]) =>
    ["u,y", ...u.map((value, t) => `${value},${column[t] ?? ""}`)].join("\n");
  const edited = <T>(value: T) => y.map((v, t): number | T => (t === 4 ? value : v));

  test.each([
    ["a null", edited(null)],
    ["NaN", edited(Number.NaN)],
    ["infinity", edited(Number.POSITIVE_INFINITY)],
    ["a column that ends early", y.map((v, t) => (t < 20 ? v : null))],
    ["a constant output", y.map(() => 7)],
  ])("%s", async (_, data) => {
    const table: Columns = [
      { name: "u", data: u },
      { name: "y", data, type: "DOUBLE", nullable: true },
    ];
    const text = await refusal(csv(cells(data)));
    // A CSV has a header, so that its first row is line 2.
    const wanted = text.replace(/FILE:(\d+)/, (_, line) => `FILE:${line - 1}`);
    expect(await refusal(parquet(table))).toBe(wanted);
    expect(wanted).not.toBe("nothing was refused");
  });

  test("text, truth values, missing columns, no rows, nulls to be interpolated", async () => {
    const text = y.map((v, t) => (t === 4 ? "low" : String(v)));
    const strings: Columns = [
      { name: "u", data: u },
      { name: "y", data: text, type: "STRING" },
    ];
    expect(await refusal(parquet(strings))).toMatch(
      /FILE:5: column "y": "low" is not a number \| correct/,
    );
    const truths: Columns = [
      { name: "u", data: u },
      { name: "y", data: y.map((v) => v > 0) },
    ];
    expect(await refusal(parquet(truths))).toMatch(/"y": "(true|false)" is not a number/);
    expect(await refusal(parquet(plain), { ...roles, outputs: ["z"] })).toMatch(
      /no column "z" \| did you mean one of "u"|no column "z" \| did you mean/,
    );
    expect(await refusal(parquet([{ name: "u", data: [], type: "DOUBLE" }]), roles)).toMatch(
      /no rows|no column "y"/,
    );
    const holes: Columns = [
      { name: "u", data: u },
      { name: "y", data: edited(null), type: "DOUBLE", nullable: true },
    ];
    const [mended] = await readExperiments([parquet(holes)], { ...roles, missing: "interpolate" });
    expect(mended.y[4]).toBeCloseTo((y[3] + y[5]) / 2, 12);
  });

  test("a codec that is not read, by its name", async () => {
    const zstd = { ZSTD: (bytes: Uint8Array) => bytes };
    const path = parquet(plain, { codec: "ZSTD", compressors: zstd });
    expect(await refusal(path)).toMatch(
      /column "u" is compressed by ZSTD, which is not read \| known: .*GZIP/,
    );
  });

  test("a file that is cut off, and unknown roles", async () => {
    const cut = join(folder, "cut.parquet");
    writeFileSync(cut, new Uint8Array(parquetWriteBuffer({ columnData: plain })).subarray(0, 90));
    expect(await refusal(cut)).toMatch(
      /FILE: is Parquet that cannot be read: .* \| .*write it again/,
    );
    expect(await refusal(parquet(plain), { ...roles, inputs: [] })).toMatch(/no input is named/);
  });
});
