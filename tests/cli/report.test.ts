import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { reportRun } from "../../src/cli/train/run-report.ts";
import { eigenflow, folder } from "./eigenflow.ts";

const csv = `epoch,loss\n${Array.from({ length: 80 }, (_, i) => `${i},${0.2 + 2 * 0.95 ** i}`).join("\n")}\n`;

describe("eigenflow report", () => {
  test("writes the page with its figures, and says what it says", () => {
    const cwd = folder({ "a run.csv": csv });
    const args = ["report", "a run.csv", "-o", "out/report.html", "--reference", "2.303"];
    const { code, stdout, stderr } = eigenflow([...args, "--json"], { cwd });
    expect(code, stderr).toBe(0);
    const { schema, verdicts, figures } = JSON.parse(stdout);
    expect(schema).toBe("eigenflow/report@1");
    expect(verdicts).toMatchObject([{ of: "a run.csv", decision: "continue" }]);
    const page = readFileSync(join(cwd, "out/report.html"), "utf8");
    expect(page).toContain(verdicts[0].sentence);
    expect(page).toContain(createHash("sha256").update(csv).digest("hex"));
    expect(page).toContain(
      "npx eigenflow report &#39;a run.csv&#39; --out out/report.html --reference 2.303",
    );
    expect(figures.length).toBe(readdirSync(join(cwd, "out/report-figures")).length);
    expect(figures.every(existsSync)).toBe(true);
    // The same again, byte for byte.
    expect(eigenflow(args, { cwd }).stdout).toContain("CONTINUE");
    expect(readFileSync(join(cwd, "out/report.html"), "utf8")).toBe(page);
  });

  test.each([
    ["a page by another name", ["a.csv", "-o", "report.pdf"], 2, "ends in .html"],
    ["no page", ["a.csv"], 2, "--out"],
    ["a run that is not there", ["b.csv", "-o", "r.html"], 3, "b.csv"],
  ])("refuses %s, and writes nothing", (_, args, exit, message) => {
    const cwd = folder({ "a.csv": csv });
    const { code, stderr } = eigenflow(["report", ...args], { cwd });
    expect(code).toBe(exit);
    expect(stderr).toContain(message);
    expect(readdirSync(cwd)).toEqual(["a.csv"]);
  });
});

test("a training run ends with its report, the same for the same run", () => {
  const config =
    "version: 1\nname: moons\nout: runs\nthreads: 1\ndata: { kind: two-moons, count: 200 }\n" +
    "model: { kind: monotone-deq, width: 8 }\ntrain: { epochs: 2 }\n";
  const pages = [1, 2].map(() => {
    const cwd = folder({ "moons.yaml": config });
    const args = ["train", "moons.yaml", "--progress", "none", "--json"];
    const { code, stdout, stderr } = eigenflow(args, { cwd });
    expect(code, stderr).toBe(0);
    expect(stderr).toBe("");
    return readFileSync(join(cwd, JSON.parse(stdout).report), "utf8");
  });
  expect(pages[0]).toContain("Certificate");
  expect(pages[0]).toContain("Iterations of the solver");
  expect(pages[0]).toContain("INSUFFICIENT-DATA");
  expect(pages[1]).toBe(pages[0]);
});

test("a report that fails leaves a warning, and the run its end", async () => {
  const run = mkdtempSync(join(tmpdir(), "run-")); // no run in it
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const [experiment, directory, result] = [
    { config: {}, model: {}, data: {} },
    { path: run, write: () => {} },
    { run, certificate: null, refused: null, test: null },
  ] as unknown as Parameters<typeof reportRun>;
  expect(await reportRun(experiment, directory, result)).toBeNull();
  expect(stderr.mock.calls.join()).toContain("warning: no report.html:");
  stderr.mockRestore();
});
