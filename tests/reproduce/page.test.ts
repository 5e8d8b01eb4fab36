import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { overviewPage } from "../../src/reproduce/document.ts";
import { reproductions } from "../../src/reproduce/registry.ts";
import type { Result } from "../../src/reproduce/result.ts";

const docs = join(import.meta.dirname, "..", "..", "docs");
const folder = join("figures", "reproduction");
const results: readonly Result[] = JSON.parse(
  readFileSync(join(docs, "reproduction.json"), "utf8"),
);

test("the page is what the stored results of full runs give", () => {
  expect(readFileSync(join(docs, "reproduction.md"), "utf8")).toBe(
    overviewPage(results, () => folder),
  );
});

test("every reproduction that there is has its full result", () => {
  expect(results.map(({ name }) => name)).toEqual(Object.keys(reproductions));
  for (const { name, preset, lines } of results) {
    expect([name, preset]).toEqual([name, "full"]);
    expect(lines.length).toBeGreaterThan(0);
  }
});

test("its figures are there, and no others", () => {
  const wanted = results.flatMap(({ figures }) => figures.map(({ file }) => file));
  expect(readdirSync(join(docs, folder)).sort()).toEqual(wanted.sort());
  for (const file of wanted) expect(existsSync(join(docs, folder, file))).toBe(true);
});
