import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { schema } from "../../src/cli/schemas/schema.ts";
import { schemas } from "../../src/cli/schemas/schemas.ts";
import { randomStream } from "../../src/data/random.ts";
import { folder } from "./eigenflow.ts";
import { called } from "./in-process.ts";

const random = randomStream(7, "cli-denoise");
const clean = (x: number) => Math.sin(2 * Math.PI * 3 * x) + 2 * x;
const samples = Array.from({ length: 240 }, (_, i) => i / 240)
  .filter(() => random.uniform() < 0.8)
  .map((x) => [x, clean(x) + 0.4 * random.normal()] as const);
const csv = (rows: readonly (readonly (number | string)[])[], header = "time,level") =>
  `${header}\n${rows.map((row) => row.join(",")).join("\n")}\n`;
const shuffled = Array.from(random.permutation(samples.length), (i) => samples[i]);
const cwd = folder({
  "signal.csv": csv(samples),
  "shuffled.csv": csv(shuffled),
  "lone.csv": csv(
    samples.map(([, y]) => [y]),
    "level",
  ),
  "wide.csv": csv(
    samples.map(([x, y]) => [x, y, 1]),
    "time,level,flag",
  ),
  "short.csv": csv(samples.slice(0, 5)),
  "nan.csv": csv([...samples.slice(0, 20), [2, "nan"]]),
  "text.csv": csv([...samples.slice(0, 20), [2, "high"]]),
  "constant.csv": csv(samples.map(([x]) => [x, 3])),
  "gap.csv": csv(samples.map(([x, y]) => [x > 0.5 ? x + 5 : x, y])),
  "double.csv": csv([...samples, samples[4]]),
});
const denoise = (...args: string[]) => called(["denoise", ...args], { cwd });
const table = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));

describe("eigenflow denoise", () => {
  test("prints the reconstruction, nearer to the truth than the samples, and why on stderr", async () => {
    const { code, stdout, stderr } = await denoise("signal.csv");
    expect(code).toBe(0);
    expect(stdout.split("\n")[0]).toBe("time,level,denoised,standard_error");
    const rows = table(stdout);
    const off = (j: number) =>
      Math.sqrt(rows.reduce((sum, row) => sum + (row[j] - clean(row[0])) ** 2, 0) / rows.length);
    expect(rows).toHaveLength(samples.length);
    expect(off(2)).toBeLessThan(off(1) / 2);
    expect(stderr).toMatch(/^why {5}the expected error is [\d.]+ at K = \d+/m);
  });

  test("sorts what is not sorted, uses what is there twice, and says so", async () => {
    const [plain, mixed] = [await denoise("signal.csv"), await denoise("shuffled.csv")];
    expect(mixed.stdout).toBe(plain.stdout);
    expect(mixed.stderr).toContain("note: the samples were sorted by x");
    const { stderr } = await denoise("double.csv");
    expect(stderr).toContain("1 samples share their x with an earlier one");
  });

  test("a lone column lies over its rows; of several, names say which", async () => {
    const { code, stdout } = await denoise("lone.csv");
    expect([code, stdout.split("\n")[0]]).toEqual([0, "row,level,denoised,standard_error"]);
    const named = await denoise("wide.csv", "-x", "time", "-y", "level");
    expect(named.stdout).toBe((await denoise("signal.csv")).stdout);
  });

  test("-o leaves the reconstruction, the figure and the document", async () => {
    const { code, stdout } = await denoise("signal.csv", "-o", "out");
    expect(code).toBe(0);
    expect(readdirSync(join(cwd, "out")).sort()).toEqual([
      "denoise.csv",
      "denoise.json",
      "denoise.png",
      "denoise.svg",
      "reconstruction.csv",
    ]);
    expect(stdout).toContain("written: out/reconstruction.csv");
    const kept = JSON.parse(readFileSync(join(cwd, "out/denoise.json"), "utf8"));
    expect(kept.ends).toBe("line");
    expect(readFileSync(join(cwd, "out/denoise.svg"), "utf8")).toContain(`K = ${kept.cutoff}`);
  });

  test.each([
    [["signal.csv"], 0],
    [["signal.csv", "--cutoff", "5", "--ends", "even", "-o", "other"], 0],
    [["signal.csv", "--network"], 0],
    [["short.csv"], 4],
    [["gone.csv"], 3],
    [["signal.csv", "--nope"], 2],
  ] as const)("%j is as the published schema says", async (args, code) => {
    const found = await denoise(...args, "--json");
    expect(found.code).toBe(code);
    const document = JSON.parse(found.stdout);
    const published = z.fromJSONSchema(JSON.parse(schema("denoise").text));
    expect(published.safeParse(document).error).toBeUndefined();
    expect(schemas.denoise.parse(document)).toEqual(document);
    if (document.network) expect(document.network.heldOut).toBeLessThan(0.7);
  });

  test.each([
    [["short.csv"], 4, "5 samples: at least 8 are wanted"],
    [["nan.csv"], 4, 'nan.csv:22: column "level": nan is not finite'],
    [["text.csv"], 4, 'column "level": "high" is not a number'],
    [["constant.csv"], 4, "every sample is 3"],
    [["gap.csv", "--ends", "periodic"], 4, "the gap allows K ≤ 0"],
    [["signal.csv", "--cutoff", "40", "--ends", "periodic"], 4, "40 is asked for"],
    [["wide.csv"], 2, "-y says which is the signal"],
    [["wide.csv", "-y", "level"], 2, "-x says where"],
    [["signal.csv", "-y", "levle"], 4, 'did you mean one of "level"'],
    [["signal.csv", "-x", "time", "-y", "time"], 2, "both time"],
    [["signal.csv", "--cutoff", "two"], 2, "--cutoff two"],
    [["signal.csv", "--seed", "1"], 2, "--seed is for --network"],
    [["signal.csv", "--ends", "odd"], 2, "odd"],
  ] as const)("%j ends with %d: %s", async (args, code, message) => {
    const { code: found, stderr, stdout } = await denoise(...args);
    expect([found, stdout]).toEqual([code, ""]);
    expect(stderr).toContain(message);
  });
});
