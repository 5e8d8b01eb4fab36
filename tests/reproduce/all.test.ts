import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runAll } from "../../src/cli/reproduce/reproduction-all.ts";
import { linesTable, overviewPage } from "../../src/reproduce/document.ts";
import { reproductions } from "../../src/reproduce/registry.ts";
import type { Line, Reproduction } from "../../src/reproduce/reproduction.ts";
import { tally } from "../../src/reproduce/result.ts";

const line = (standing: Line["standing"]): Line => ({
  what: "|x|",
  published: "1",
  ours: "1.0",
  standing,
});

/** Of one line; counts how often it was run, and can be told to fail. */
const counted = (name: string, runs: string[], fail = () => false): Reproduction => ({
  name,
  title: `On ${name}`,
  about: "a test",
  seed: 7,
  run: async ({ preset, seed }) => {
    runs.push(`${name} ${preset} ${seed}`);
    if (fail()) throw new Error("interrupted");
    return { lines: [line("reached")], sections: [], figures: [], data: { name } };
  },
});

test("all go on where they were interrupted, and another preset or seed is another result", async () => {
  const folder = mkdtempSync(join(tmpdir(), "all-"));
  const runs: string[] = [];
  let broken = true;
  const registry = {
    first: async () => counted("first", runs),
    second: async () => counted("second", runs, () => broken),
  };
  const all = (preset: "quick" | "full", seed?: number) =>
    runAll(registry, { preset, folder, progress: () => {}, ...(seed !== undefined && { seed }) });
  await expect(all("quick")).rejects.toThrow("interrupted");
  broken = false;
  const { results, text } = await all("quick");
  expect(runs).toEqual(["first quick 7", "second quick 7", "second quick 7"]);
  expect(results.map(({ name }) => name)).toEqual(["first", "second"]);
  expect(text).toContain("second: 1 reached");
  const page = readFileSync(join(folder, "reproduction.md"), "utf8");
  expect(page).toBe(overviewPage(results));
  expect(page).toContain("- [On second](#on-second) (`second`): 1 reached");

  writeFileSync(join(folder, "first", "first.json"), "{"); // damaged: computed again
  await all("quick");
  await all("full");
  await all("full", 8);
  expect(runs.slice(3)).toEqual([
    "first quick 7",
    "first full 7",
    "second full 7",
    "first full 8",
    "second full 8",
  ]);
});

test("a table says of every line how it stands; bars in cells do not end them", () => {
  const lines = [line("reached"), line("not reached"), { ...line("corrected"), note: "sign" }];
  const table = linesTable(lines);
  expect(table.split("\n")).toHaveLength(5);
  for (const row of table.split("\n")) expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
  expect(table).toContain("\\|x\\|");
  expect(linesTable([{ ...line(""), what: "K[φ](x)" }])).toContain("K[φ]\\(x)"); // no link
  expect(tally(lines)).toBe("1 reached, 1 corrected, 1 not reached");
  expect(tally([line("")])).toBe("nothing to compare");
});

test.each(Object.keys(reproductions))("%s is registered under its own name", async (name) => {
  const reproduction = await reproductions[name]();
  expect(reproduction.name).toBe(name);
  expect(reproduction.title.length).toBeGreaterThan(10);
  expect(reproduction.about.length).toBeGreaterThan(40);
});
