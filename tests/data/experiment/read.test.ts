import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  parseExperiments,
  type Roles,
  readExperiment,
  readExperiments,
} from "../../../src/data/experiment/read.ts";
import { DataError, type EigenflowError, InputError, UsageError } from "../../../src/errors.ts";

const roles: Roles = { inputs: ["u"], outputs: ["y"], sampleTime: 0.1 };
const file = (rows: readonly (readonly (string | number)[])[], header = "u,y") =>
  [header, ...rows.map((row) => row.join(","))].join("\n");
const rows = (count: number) =>
  Array.from({ length: count }, (_, t): (string | number)[] => [(t * 7) % 5, Math.sin(t)]);
const replaced = (at: number, row: (string | number)[]) =>
  rows(20).map((old, t) => (t === at ? row : old));
const timed = (times: readonly number[]) =>
  file(
    times.map((t, i) => [t, (i * 7) % 5, 2 * t]),
    "time,u,y",
  );

test("reads the columns named, in the order named", () => {
  const text = file(
    rows(12).map(([u, y], t) => [t, y, u, 5 * t]),
    "n,y,u,v",
  );
  const [data] = parseExperiments(text, "a.csv", { ...roles, inputs: ["v", "u"] });
  expect(data).toMatchObject({ name: "a.csv", sampleTime: 0.1, count: 12, warnings: [] });
  expect(data.u).toEqual(Float64Array.from(rows(12).flatMap(([u], t) => [5 * t, Number(u)])));
  expect(data.y).toEqual(Float64Array.from(rows(12), ([, y]) => Number(y)));
});

test("takes the sample time from the times, without the dust of printing", () => {
  const times = Array.from({ length: 30 }, (_, k) => Number((3 + k / 30).toFixed(4)));
  const { sampleTime, y } = parseExperiments(timed(times), "a.csv", {
    inputs: ["u"],
    outputs: ["y"],
    time: "time",
  })[0];
  expect(sampleTime).toBeCloseTo(1 / 30, 5);
  expect(y).toEqual(Float64Array.from(times, (t) => 2 * t));
});

test("tells experiments of one file apart, and reads several files", async () => {
  const text = file(
    Array.from({ length: 24 }, (_, t) => [t < 11 ? "a" : "b", t % 3, t]),
    "run,u,y",
  );
  const several = { ...roles, experiment: "run" };
  const two = parseExperiments(text, "a.csv", several);
  expect(two.map(({ name, count }) => [name, count])).toEqual([
    ["a.csv (run a)", 11],
    ["a.csv (run b)", 13],
  ]);
  const folder = await mkdtemp(join(tmpdir(), "experiment-"));
  try {
    const path = join(folder, "a.csv");
    await writeFile(path, text);
    expect(await readExperiments([path, path], several)).toHaveLength(4);
    expect((await readExperiment(path, roles)).count).toBe(24);
    await expect(readExperiment(path, several)).rejects.toThrow(InputError);
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(() => parseExperiments(`${text}\na,1,2`, "a.csv", several)).toThrow(/:26: .*second time/);
});

/** The message and the advice. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return `${(error as Error).message} | ${(error as EigenflowError).hint}`;
  }
  return "nothing was refused";
}

test.each<[string, string, Roles, RegExp]>([
  ["text", file(replaced(3, ["low", 1])), roles, /a.csv:5: column "u": "low" is not.*correct/],
  ["a decimal comma", 'u;y\n"1,5";2', { ...roles }, /"1,5" is not|rows; at least/],
  ["NaN", file(replaced(4, [1, "NaN"])), roles, /a.csv:6: .*NaN.*interpolate/],
  ["a blank", file(replaced(4, ["", 2])), roles, /:6: column "u": the cell is blank.*interpolate/],
  ["infinity", file(replaced(4, ["inf", 2])), roles, /:6: .*inf is not finite/],
  [
    "unequal lengths",
    file(rows(20).map(([u, y], t) => [u, t < 15 ? y : ""])),
    roles,
    /"y" has 15 values, "u" has 20.*cut the file to 15 rows/,
  ],
  ["a long row", `${file(rows(20))}\n1,2,3`, roles, /:22: 3 cells where the header has 2/],
  ["three rows", file(rows(3)), roles, /3 rows; at least 10.*measure longer/],
  ["no rows", "u,y", roles, /no rows/],
  [
    "a constant output",
    file(rows(20).map(([u]) => [u, 7])),
    roles,
    /"y" is 7 in every row.*sensor/,
  ],
  ["no such column", file(rows(20)), { ...roles, outputs: ["z"] }, /no column "z".*did you mean/],
  ["no time", timed([0, 1]), { inputs: ["u"], outputs: ["y"] }, /neither a sample.*"time" looks/],
  ["time as text", file(rows(20), "u,y"), { ...roles, time: "t" }, /no column "t"/],
  ["both parts", file(rows(20)), { ...roles, inputs: ["y"] }, /an input and an output/],
  ["no inputs", file(rows(20)), { ...roles, inputs: [] }, /no input is named/],
  ["a bad sample time", file(rows(20)), { ...roles, sampleTime: -1 }, /sample time is -1/],
  ["Parquet", "PAR1\u0000", roles, /Parquet.*readExperiments/],
  [
    "time that stands still",
    timed([0, 1, 2, 2, 4, 5, 6, 7, 8, 9, 10]),
    { ...roles, time: "time", sampleTime: 1 },
    /time goes from 2 to 2.*must increase/,
  ],
  [
    "irregular times",
    timed([0, 1, 2, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5]),
    { inputs: ["u"], outputs: ["y"], time: "time" },
    /irregularly: steps of 1 s, but of 1.5 s after t = 2.*resample/,
  ],
  [
    "another sample time",
    timed(Array.from({ length: 12 }, (_, k) => k * 2)),
    { ...roles, time: "time" },
    /step by 2 s, the sample time given is 0.1 s/,
  ],
])("says what to do about %s", (_, text, wanted, message) => {
  expect(refusal(() => parseExperiments(text, "a.csv", wanted))).toMatch(message);
});

test("refuses as misuse what is misuse, and unknown roles by name", () => {
  const odd = { ...roles, output: ["y"] };
  expect(() => parseExperiments(file(rows(20)), "a.csv", odd)).toThrow(/"output": did you mean/);
  expect(() => parseExperiments(file(rows(20)), "a.csv", odd)).toThrow(UsageError);
  expect(() => parseExperiments(file(rows(3)), "a.csv", roles)).toThrow(DataError);
});

test("warns of inputs that do not excite", () => {
  const step = file(rows(20).map(([, y], t) => [t < 5 ? 0 : 1, y]));
  expect(parseExperiments(step, "a.csv", roles)[0].warnings).toEqual([
    expect.stringMatching(/input "u" changes once, as a step.*multisine/),
  ]);
  const constant = file(rows(20).map(([, y]) => [3, y]));
  expect(parseExperiments(constant, "a.csv", roles)[0].warnings).toEqual([
    expect.stringMatching(/"u" is constant.*vary it/),
  ]);
});

test("draws lines across missing values when asked, and says so", () => {
  const text = file(
    Array.from({ length: 20 }, (_, t) => [t % 3, t === 0 || t === 7 || t === 8 ? "NaN" : 2 * t]),
  );
  const [data] = parseExperiments(text, "a.csv", { ...roles, missing: "interpolate" });
  expect([...data.y.subarray(5, 10)]).toEqual([10, 12, 14, 16, 18]);
  expect(data.y[0]).toBe(2); // constant before the first
  expect(data.warnings).toEqual(['a.csv: "y" lacks 3 values, drawn as straight lines']);
  expect(() =>
    parseExperiments(text.replace("0,NaN", "x,1"), "a.csv", { ...roles, missing: "interpolate" }),
  ).toThrow(/"x" is not a number/);
});

test("a sample time taken from irregular times has none of their rounding", () => {
  const times = Array.from({ length: 30 }, (_, t) => (t === 12 ? 1.23 : 0.1 * t).toFixed(2));
  const text = `t,u,y\n${times.map((t, k) => `${t},${k % 3},${k % 5}`).join("\n")}\n`;
  const asked = { inputs: ["u"], outputs: ["y"], time: "t", irregular: "resample" } as const;
  const [{ sampleTime, warnings }] = parseExperiments(text, "a.csv", asked);
  expect(sampleTime).toBe(0.1);
  expect(warnings).toEqual(["a.csv: interpolated from irregular times to steps of 0.1 s"]);
});

test("interpolates irregular times when asked", () => {
  const times = [0, 1, 2, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 16, 17, 18];
  const [data] = parseExperiments(timed(times), "a.csv", {
    inputs: ["u"],
    outputs: ["y"],
    time: "time",
    irregular: "resample",
  });
  // y = 2t is linear, so that interpolation is exact
  expect(data.y).toBeAllClose(Array.from({ length: 19 }, (_, t) => 2 * t));
  expect(data.warnings[0]).toMatch(/steps of 1 s; 1 gaps are longer/);
});
