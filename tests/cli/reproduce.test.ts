import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { reproductions } from "../../src/reproduce/registry.ts";
import type { Line } from "../../src/reproduce/reproduction.ts";
import { picture } from "../report/picture.ts";
import { eigenflow, type Finished, folder } from "./eigenflow.ts";

let cwd: string;
let finished: Finished;
beforeAll(() => {
  cwd = folder();
  finished = eigenflow(["reproduce", "deq", "--strict", "--json", "-q"], { cwd });
}, 60_000);

test("one document, a verdict for every line, and with --strict an exit code that says whether all were reached", () => {
  const { stdout, stderr, code } = finished;
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({
    schema: "eigenflow/reproduce@2",
    preset: "quick",
    seed: 2023,
    data: { settings: { draws: 100, problems: 20 } },
  });
  expect(document.lines.length).toBeGreaterThanOrEqual(9);
  expect(document.lines.filter((line: Line) => line.standing !== "reached")).toEqual([]);
  expect([document.ok, code]).toEqual([true, 0]);
  expect(stderr).toBe("");
  expect(document.data.layers[1].fromZero.attracting).toBe(0);
});

test("tables and figures are in the folder, and read", () => {
  const path = join(cwd, "runs", "reproduce-deq");
  const names = readdirSync(path).filter((name) => name !== "parts-quick");
  expect(names.sort()).toEqual([
    "convergence.svg",
    "deq.json",
    "eigenvalues.svg",
    "iterations.svg",
    "layers.svg",
    "monotonicity.svg",
    "solvers.svg",
    "tables.md",
  ]);
  for (const name of names.filter((one) => one.endsWith(".svg"))) {
    const text = readFileSync(join(path, name), "utf8");
    const { title, description } = picture(text);
    expect(title.length).toBeGreaterThan(10);
    expect(description.length).toBeGreaterThan(20);
    expect(text.length).toBeLessThan(200_000);
  }
  expect(readFileSync(join(path, "tables.md"), "utf8")).toContain(
    "the equilibrium exists, the iteration does not find it",
  );
});

test("again, to another folder: the same bytes, the tables on stdout, progress on stderr", () => {
  const { code, stdout, stderr } = eigenflow(["reproduce", "deq", "-o", "again"], { cwd });
  expect(code).toBe(0);
  expect(stdout).toContain("9 reached; tables and figures are in again");
  expect(stderr).toContain("solvers on six classes of 20 problems");
  const both = (name: string) =>
    [join(cwd, "runs", "reproduce-deq"), join(cwd, "again")].map((path) =>
      readFileSync(join(path, name), "utf8").replace(/"minutes":[\d.]+/, ""),
    );
  for (const name of readdirSync(join(cwd, "again")).filter((one) => one.includes("."))) {
    const [first, second] = both(name);
    expect(second === first, name).toBe(true);
  }
});

test("without a name: the list of what there is", () => {
  const { code, stdout } = eigenflow(["reproduce"], { cwd });
  expect(code).toBe(0);
  for (const name of Object.keys(reproductions)) expect(stdout).toContain(name);
});

test.each([
  [["reproduce", "dep"], 2, 'unknown reproduction "dep": did you mean "deq"?'],
  [["reproduce", "deq", "--seed", "1e3"], 2, "--seed 1e3: a whole number is wanted"],
  [["reproduce", "deq", "--sed", "1"], 2, "unknown option '--sed'"],
  [["reproduce", "deq", "--all"], 2, "reproduce deq --all: one of the two"],
  [["reproduce", "koopman-training", "--preset", "ful"], 2, 'did you mean "full"?'],
  [["reproduce", "deq", "-o", "file"], 3, "the folder file cannot be made"],
])("%j is refused", (args, wanted, message) => {
  writeFileSync(join(cwd, "file"), "");
  const { code, stderr } = eigenflow(args, { cwd });
  expect(stderr).toContain(message);
  expect(code).toBe(wanted);
});
