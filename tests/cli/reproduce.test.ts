import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { picture } from "../report/picture.ts";
import { eigenflow, type Finished, folder } from "./eigenflow.ts";

let cwd: string;
let finished: Finished;
const small = ["--draws", "40", "--problems", "20"];
beforeAll(() => {
  cwd = folder();
  finished = eigenflow(["reproduce", "deq", ...small, "--json", "-q"], { cwd });
}, 60_000);

test("one document, a verdict for every claim, and the exit code says whether all hold", () => {
  const { stdout, stderr, code } = finished;
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({
    schema: "eigenflow/reproduce@1",
    settings: { draws: 40, problems: 20, seed: 2023 },
  });
  const outside = document.claims.filter(
    ({ verdict }: { verdict: string }) => verdict !== "within",
  );
  expect(document.claims.length).toBeGreaterThanOrEqual(9);
  expect(outside).toEqual([]);
  expect([document.ok, document.reproduced, code]).toEqual([true, true, 0]);
  expect(stderr).toBe("");
  expect(document.layers[1].fromZero.attracting).toBe(0);
});

test("tables and figures are in the folder, and read", () => {
  const path = join(cwd, "runs", "reproduce-deq");
  const names = readdirSync(path).sort();
  expect(names).toEqual([
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
  const { code, stdout, stderr } = eigenflow(["reproduce", "deq", ...small, "-o", "again"], {
    cwd,
  });
  expect(code).toBe(0);
  expect(stdout).toContain(
    "all 9 published results came out again; tables and figures are in again",
  );
  expect(stdout).toContain("| unit of the unknown");
  expect(stderr).toContain("solvers on six classes of 20 problems");
  for (const name of readdirSync(join(cwd, "again"))) {
    const [first, second] = [join(cwd, "runs", "reproduce-deq"), join(cwd, "again")].map((path) =>
      readFileSync(join(path, name), "utf8"),
    );
    expect(second === first, name).toBe(true);
  }
});

test.each([
  [["reproduce", "dep"], 2, 'unknown reproduction "dep": did you mean "deq"?'],
  [["reproduce", "deq", "--draws", "7"], 2, "draws = 7: a whole number of at least 20 is wanted"],
  [["reproduce", "deq", "--problems", "1e3"], 2, "--problems 1e3: a whole number is wanted"],
  [["reproduce", "deq", "--sed", "1"], 2, "unknown option '--sed'"],
  [["reproduce", "deq", "--preset", "full"], 2, "--preset is no option of reproduce deq"],
  [["reproduce", "training-verdict", "--draws", "40"], 2, "--draws is no option of"],
  [["reproduce", "koopman-training", "--preset", "ful"], 2, 'did you mean "full"?'],
  [["reproduce", "deq", "-o", "file"], 3, "the folder file cannot be made"],
])("%j is refused", (args, wanted, message) => {
  writeFileSync(join(cwd, "file"), "");
  const { code, stderr } = eigenflow(args, { cwd });
  expect(stderr).toContain(message);
  expect(code).toBe(wanted);
});
