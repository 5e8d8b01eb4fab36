import { expect, test } from "vitest";
import { markdownTable } from "../../src/reproduce/tables.ts";

test("a table is aligned, numbers to the right", () => {
  expect(
    markdownTable(
      ["name", "x"],
      [
        ["a", "1.5"],
        ["longer", "-10"],
        ["b", ""],
      ],
    ),
  ).toBe(
    [
      "| name   |   x |",
      "| ------ | --: |",
      "| a      | 1.5 |",
      "| longer | -10 |",
      "| b      |     |",
    ].join("\n"),
  );
});
