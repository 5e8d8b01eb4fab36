import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { folder } from "./eigenflow.ts";
import { called } from "./in-process.ts";

const golden = JSON.parse(
  readFileSync(new URL("../golden/dmd/loss_curves.json", import.meta.url), "utf8"),
) as {
  referenceLoss: number;
  curves: { name: string; loss: number[]; diagnoses: { epoch: number; verdict: string }[] }[];
};
const reference = ["--reference", String(golden.referenceLoss)];

test.each(golden.curves)(
  "$name: the verdict of the last epoch that is published",
  async (curve) => {
    const { epoch, verdict } = curve.diagnoses[curve.diagnoses.length - 1];
    const rows = curve.loss.slice(0, epoch + 1).map((loss, i) => `${i},${loss}`);
    const cwd = folder({ "log.csv": `epoch,train_loss\n${rows.join("\n")}\n` });
    const { code, stdout } = await called(["analyze", "log.csv", ...reference, "--json"], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: { decision: verdict.toLowerCase(), epoch },
      series: { name: "train_loss" },
      schema: "eigenflow/analyze@2",
    });
  },
);

describe("logs", () => {
  const decay = Array.from({ length: 80 }, (_, i) => 0.5 + Math.exp(-i / 20));

  test("a column of how far the weights moved is evidence of a bad start", async () => {
    const rows = Array.from(
      { length: 60 },
      (_, t) => `${t},${golden.referenceLoss + 3 * 0.97 ** t},${0.9 ** t}`,
    );
    const cwd = folder({
      "moved.csv": `epoch,train_loss,moved\n${rows.join("\n")}\n`,
      "loss.csv": `epoch,train_loss\n${rows.map((row) => row.split(",").slice(0, 2)).join("\n")}\n`,
    });
    const verdictOf = async (file: string, ...flags: string[]) => {
      const { stdout } = await called(["analyze", file, ...reference, "--json", ...flags], { cwd });
      return JSON.parse(stdout).verdict;
    };
    expect(await verdictOf("moved.csv")).toMatchObject({ decision: "restart", resting: true });
    expect(await verdictOf("loss.csv")).toMatchObject({ decision: "continue", resting: null });
    const { stdout } = await called(["watch", "moved.csv", ...reference], { cwd });
    expect(stdout).toContain("RESTART");
  });

  test("JSON Lines of a run that still writes: half a last line is no error", async () => {
    const lines = decay.map((loss, epoch) =>
      JSON.stringify({ type: "epoch", epoch, train: { loss } }),
    );
    const cwd = folder({ "metrics.jsonl": `{"type":"start"}\n${lines.join("\n")}\n{"type":"epo` });
    const { code, stdout } = await called(["analyze", "metrics.jsonl"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^CONTINUE {2}/);
    expect(stdout).toContain("train.loss: 80 epochs");
    expect(stdout).toMatch(/time const\. (19|20)/);
  });

  test("blank cells are told, validation has its own column", async () => {
    const rows = decay.flatMap((loss, i) => [`${i},${loss},`, `${i},,${loss + 1}`]);
    const cwd = folder({ "m.csv": `epoch,train_loss,val_loss\n${rows.join("\n")}\n` });
    const { stdout } = await called(["analyze", "m.csv", "--of", "val", "--json"], { cwd });
    const { series, warnings } = JSON.parse(stdout);
    expect(series.name).toBe("val_loss");
    expect(series.values).toHaveLength(80);
    expect(warnings[0]).toContain("80 of 160 rows");
  });

  test("where the loss was lowest is said once it is higher, and that over-fitting wants no smaller step", async () => {
    const rows = decay.map(
      (loss, i) => `${i},${loss},${1 + ((i - 30) / 20) ** 2 + (i > 70 ? 2 : 0)}`,
    );
    const cwd = folder({ "m.csv": `epoch,train_loss,val_loss\n${rows.join("\n")}\n` });
    const val = await called(["analyze", "m.csv", "--of", "val"], { cwd });
    expect(val.stdout).toMatch(/^DIVERGED .* unless .* a falling training loss: over-fitting\.$/m);
    expect(val.stdout).toMatch(/^lowest {6}1 at step 30$/m);
    const { stdout } = await called(["analyze", "m.csv"], { cwd });
    expect(stdout).not.toMatch(/^lowest/m);
  });

  test("a loss that became NaN is a run that diverged", async () => {
    const cwd = folder({ "m.csv": `loss\n${decay.join("\n")}\nnan\n` });
    expect((await called(["analyze", "m.csv"], { cwd })).stdout).toMatch(/^DIVERGED/);
  });

  test("too few epochs are said to be too few", async () => {
    const cwd = folder({ "m.csv": `loss\n${decay.slice(0, 10).join("\n")}\n` });
    expect((await called(["analyze", "m.csv"], { cwd })).stdout).toMatch(/^INSUFFICIENT-DATA/);
  });

  test.each([
    [["gone.csv"], 3, "no such file"],
    [["m.csv", "--column", "cost"], 4, "cost"],
    [["m.csv", "--of", "wieghts"], 2, 'did you mean "weights"?'],
    [["m.csv", "--layers"], 2, "--layers is for --of weights"],
    [["m.csv", "--average", "0.5"], 2, "average 0.5"],
    [["-", "-"], 2, "once only"],
    [["m.csv", "--window", "ten"], 2, "--window ten"],
    [["m.csv", "--window", "5"], 2, "error[USAGE]: --window 5\nhint: a whole number"],
    [["bad.csv"], 4, "is no number"],
    [["value.csv"], 4, "hint: correct line 3"],
    [["empty.csv"], 4, "hint: a log has a header of names"],
    [["bad.jsonl"], 4, "bad.jsonl:1"],
  ] as const)("%j is refused with code %i", async (args, code, message) => {
    const cwd = folder({
      "m.csv": "loss\n1\n2\n",
      "bad.csv": "loss\n1\nx\n",
      "value.csv": "epoch,value\n1,2\n2,abc\n",
      "empty.csv": "",
      "bad.jsonl": "no\n{}\n",
    });
    const found = await called(["analyze", ...args], { cwd });
    expect(found.code).toBe(code);
    expect(found.stderr).toContain(message);
  });
});

const losses = (length: number, rate = 30) =>
  Array.from({ length }, (_, t) => 0.5 + Math.exp(-t / rate));
const csv = (values: readonly number[]) => `loss\n${values.join("\n")}\n`;

describe("several paths", () => {
  const cwd = folder({ "a.csv": csv(losses(100)), "b.csv": csv(losses(10)), "bad.csv": "x\n1\n" });

  test("a line for each, then a table", async () => {
    const { code, stdout } = await called(["analyze", "a.csv", "b.csv"], { cwd });
    expect(code).toBe(0);
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^a\.csv: CONTINUE {2}/);
    expect(lines[1]).toMatch(/^b\.csv: INSUFFICIENT-DATA {2}/);
    expect(lines[3]).toMatch(/^run +verdict +now/);
    expect(lines[4]).toMatch(/^a\.csv +continue +0\.5369 +−.* % +30 +4 of 4$/);
  });

  test("one that fails keeps none from an answer; the code is that of the first", async () => {
    const { code, stdout, stderr } = await called(
      ["analyze", "bad.csv", "gone.csv", "a.csv", "--json"],
      { cwd },
    );
    expect(code).toBe(4);
    expect(stderr).toContain("error[INVALID]");
    const { runs, ok } = JSON.parse(stdout);
    expect(ok).toBe(false);
    expect(runs.map((run: { ok: boolean }) => run.ok)).toEqual([false, false, true]);
    expect(runs[1]).toMatchObject({ path: "gone.csv", error: { code: "INPUT" } });
    expect(runs[2].verdict.decision).toBe("continue");
  });
});

test("a step of the learning rate ends what is looked at, of analyze and of watch", async () => {
  const rows = [...losses(90), ...Array(25).fill(0.2)].map(
    (loss, t) => `${t},${loss},${t < 90 ? 0.1 : 0.01}`,
  );
  const cwd = folder({ "a.csv": `epoch,loss,lr\n${rows.join("\n")}\n` });
  const said = "25 epochs since the learning rate changed at step 90 are too few";
  const analyzed = await called(["analyze", "a.csv", "--json"], { cwd });
  const { verdict, series, sliding } = JSON.parse(analyzed.stdout);
  expect(verdict.decision).toBe("insufficient-data");
  expect(verdict.sentence).toContain(said);
  expect(series.rateSteps).toEqual([90]);
  expect(sliding[0].decision).toBe("continue");
  expect((await called(["watch", "a.csv"], { cwd })).stdout).toContain(said);
});

test("stdin is a log as well", async () => {
  const piped = (text: string) =>
    spawnSync(process.execPath, [resolve("dist/cli/main.js"), "analyze", "-", "--json"], {
      input: text,
      encoding: "utf8",
    });
  for (const text of [
    csv(losses(100)),
    losses(100)
      .map((loss) => `{"loss":${loss}}\n`)
      .join(""),
  ]) {
    const { source, series } = JSON.parse(piped(text).stdout);
    expect(source).toBe("stdin");
    expect(series.values).toHaveLength(100);
  }
  expect(piped("").status).toBe(3);
});

test("-o leaves the analysis as files", async () => {
  const cwd = folder({ "a.csv": csv([...losses(100), Number.NaN, ...losses(50)]) });
  const { stdout } = await called(["analyze", "a.csv", "-o", "out", "--json"], { cwd });
  const { files, ok, command, version, elapsed_ms, ...analysis } = JSON.parse(stdout);
  expect(files).toEqual(
    ["analysis.json", "series.csv", "eigenvalues.csv"].map((n) => join("out", n)),
  );
  const read = (name: string) => readFileSync(join(cwd, "out", name), "utf8");
  expect(JSON.parse(read("analysis.json"))).toEqual(analysis);
  const rows = read("series.csv").trimEnd().split("\n");
  expect(rows[0]).toBe("step,value,forecast");
  expect(rows[101]).toBe("100,NaN,");
  // 151 values, then the forecast of as many epochs as the window since the gap has.
  expect(rows).toHaveLength(1 + 151 + 50);
  expect(rows[152]).toBe(`151,,${analysis.verdict.forecast[0]}`);
  expect(read("eigenvalues.csv")).toContain("\nloss,first,0,39,");
});

describe("what is listed", () => {
  test("the parts of the modes are the loss: of a pair both halves are its own", async () => {
    const swing = Array.from({ length: 100 }, (_, t) => 1 + 0.97 ** t * (0.5 + Math.cos(t / 3)));
    const cwd = folder({ "a.csv": csv(swing) });
    const { stdout } = await called(["analyze", "a.csv"], { cwd });
    const parts = [...stdout.matchAll(/^ {2}\S+(?: ± \S+)? +(-?[\d.e-]+) {3}residual/gm)];
    expect(parts.some(([line]) => line.includes("±"))).toBe(true);
    const sum = parts.reduce((total, [, part]) => total + Number(part), 0);
    expect(Math.abs(sum / swing[99] - 1)).toBeLessThan(1e-3);
  });

  test("a margin as wide as the loss bounds it from above only", async () => {
    // A fall that gets faster: the windows before forecast too little of it.
    const fall = Array.from(
      { length: 130 },
      (_, t) => 0.01 * 0.99 ** t + 2 * 0.93 ** (t * (1 + t / 100)),
    );
    const cwd = folder({ "wide.csv": csv(fall), "narrow.csv": csv(losses(300)) });
    const forecast = async (file: string) =>
      /^forecast.*/m.exec((await called(["analyze", file], { cwd })).stdout)?.[0];
    expect(await forecast("narrow.csv")).toMatch(/epochs ± [\d.e-]+ \(80 %/);
    expect(await forecast("wide.csv")).toMatch(/epochs, below [\d.e-]+ \(80 %/);
  });

  test("an epoch that is a number of steps is said to be one", async () => {
    const rows = losses(100).map((loss, i) => `${50 * i},${loss}`);
    const cwd = folder({ "a.csv": `step,loss\n${rows.join("\n")}\n` });
    const { stdout } = await called(["analyze", "a.csv"], { cwd });
    expect(stdout).toContain("is here one value, every 50 steps");
  });
});
