import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/config/load.ts";
import { configurationPage } from "../../src/config/reference.ts";

const page = readFileSync("docs/configuration.md", "utf8");

test("docs/configuration.md is what the schema says: node docs/configuration.mjs writes it", () => {
  expect(page).toBe(configurationPage());
});

test("every key says what it is, every kind too", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter((row) => /\|\s*\|$/.test(row))).toEqual([]);
  const kinds = page.split("\n## ").filter((section) => /^`[\w.]+: /.test(section));
  expect(kinds.length).toBeGreaterThan(30);
  expect(kinds.filter((section) => !/^.*\n\n[A-Zσ-ωa-z][^|]+\.\n/.test(section))).toEqual([]);
});

/** The keys of a value that are no sections, without those above them. */
function keysOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === "object" && !Array.isArray(inner) ? keysOf(inner) : [key],
  );
}

const examples = readdirSync("examples").filter((name) => name.endsWith(".yaml"));

test.each(examples)("every key of %s, and of it in full, has a row", async (name) => {
  const path = `examples/${name}`;
  const { config } = await loadConfig(path);
  const keys = [...keysOf(parse(readFileSync(path, "utf8"))), ...keysOf(config)];
  expect(keys.length).toBeGreaterThan(20);
  const missing = keys.filter(
    (key) => key !== "kind" && !new RegExp(`^\\| \`(\\w+\\.)*${key}\` \\|`, "m").test(page),
  );
  expect(missing).toEqual([]);
});

test("defaults, ranges and what is wanted are those by which a file is checked", () => {
  expect(page).toContain("| `rate` | `0.001` | a number > 0 |");
  expect(page).toContain("| `unconvergedLimit` | `0.5` | a number >= 0 and <= 1 |");
  expect(page).toContain("| `lipschitz` | **wanted** | a number > 0 |");
  expect(page).toContain("| `split.by` | `hash` | one of seed, hash |");
});
