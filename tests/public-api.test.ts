import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Entry {
  readonly types: string;
  readonly default: string;
}
const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
  exports: Record<string, Entry | string>;
};
const entries = Object.entries(exports).filter(
  (e): e is [string, Entry] => typeof e[1] !== "string",
);

// A new public name is a decision: it shows in the snapshot beside this file.
test.each(entries)("the public names of eigenflow%s are frozen", async (_, entry) => {
  const source = entry.default.replace("./dist/", "../src/").replace(".js", ".ts");
  expect(Object.keys(await import(source)).sort()).toMatchSnapshot();
});

test.each(entries)("eigenflow%s is built, with its types", (_, entry) => {
  expect(existsSync(entry.default)).toBe(true);
  expect(existsSync(entry.types)).toBe(true);
});
