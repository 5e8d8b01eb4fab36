import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseFigure } from "../../src/report/figure.ts";
import { reproductions } from "../../src/reproduce/registry.ts";
import { reproduceRnn } from "../../src/reproduce/rnn/study.ts";

const folder = mkdtempSync(join(tmpdir(), "eigenflow-rnn-"));
const plan = { networks: 9, largest: 40, part: 4, near: 6, speedUnits: 120 };

test("all numbers of the poster and every check come out, and a second run computes nothing", async () => {
  const said: string[] = [];
  const run = () => reproduceRnn({ seed: 7, folder, progress: (part) => said.push(part) }, plan);
  const { lines, figures, sections, data } = await run();
  const missed = lines.filter(({ standing }) => standing === "not reached");
  expect(missed).toEqual([]);
  expect(lines.filter(({ standing }) => standing === "corrected")).toHaveLength(3);
  expect(lines.length).toBeGreaterThan(30);
  expect(figures.map(({ name }) => name)).toEqual(["poster-portrait", "near-null", "checks"]);
  for (const figure of figures) parseFigure(JSON.parse(JSON.stringify(figure)));
  // Pipes would break the table.
  for (const { what, published, ours } of lines) expect(what + published + ours).not.toContain("|");
  expect(sections).toHaveLength(2);
  const { checked, speed } = data as { checked: unknown[]; speed: { gap: number; fewer: number } };
  expect(checked).toHaveLength(9);
  expect(speed.gap).toBeLessThan(1e-6);
  expect(speed.fewer).toBeCloseTo(6, 12);
  expect(said.filter((part) => part.startsWith("networks "))).toHaveLength(3);
  said.length = 0;
  expect((await run()).lines).toEqual(lines);
  expect(said.filter((part) => /networks \d|units/.test(part))).toEqual([]);
});

test("it is registered under its name", async () => {
  const { name, title } = await reproductions["rnn-eigenfunctions"]();
  expect([name, title]).toEqual([
    "rnn-eigenfunctions",
    expect.stringContaining("recurrent networks"),
  ]);
});
