import { expect, test } from "vitest";
import { fitted } from "../../src/cli/output/progress.ts";
import { eigenflow, folder, small } from "./eigenflow.ts";

test("elsewhere than on a terminal, a plain line each epoch", () => {
  const cwd = folder({ "small.yaml": small });
  const { stderr } = eigenflow(["train", "small.yaml"], { cwd });
  const [first, ...lines] = stderr.trimEnd().split("\n");
  expect(first).toMatch(/^run runs\/small-/);
  expect(lines).toHaveLength(3);
  lines.forEach((line, i) => {
    expect(line).toMatch(
      new RegExp(
        `^epoch ${i + 1}/3 {2}step ${20 * (i + 1)}/60 {2}loss [\\d.]+ {2}acc [\\d.]+ % {2}` +
          "fwd [\\d.]+ its {2}bwd [\\d.]+ its {2}unconverged 0\\.0 % {2}test [\\d.]+ % {2}ETA 00:00$",
      ),
    );
  });
});

test("the same as JSON lines, or nothing", () => {
  const cwd = folder({ "small.yaml": small });
  const json = eigenflow(["train", "small.yaml", "--progress", "jsonl"], { cwd }).stderr;
  const types = new Set(
    json
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).type),
  );
  expect([...types]).toEqual(["run", "start", "step", "epoch", "end", "result"]);
  expect(eigenflow(["train", "small.yaml", "--progress", "none"], { cwd }).stderr).toBe("");
});

test("a narrow line loses what can be spared, and never runs over", () => {
  const parts = [
    ["epoch 1/3", 0],
    ["step 4/9", 1],
    ["fwd 12.0 its", 2],
    ["ETA 00:09", 0],
  ] as const;
  expect(fitted(parts, 80)).toBe("epoch 1/3  step 4/9  fwd 12.0 its  ETA 00:09");
  expect(fitted(parts, 40)).toBe("epoch 1/3  step 4/9  ETA 00:09");
  expect(fitted(parts, 21)).toBe("epoch 1/3  ETA 00:09");
  expect(fitted(parts, 5)).toBe("epoch");
});
