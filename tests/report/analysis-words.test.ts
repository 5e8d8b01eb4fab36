import { describe, expect, test } from "vitest";
import { analysisText, runsText } from "../../src/cli/analysis/analysis-text.ts";
import {
  type Analysis,
  analyseSeries,
  analysisOfWeights,
} from "../../src/koopman/verdict/analysis.ts";
import { analyseWeights } from "../../src/koopman/verdict/weights.ts";
import { tallSnapshots } from "../../src/linalg/tall-source.ts";
import { analysisReport } from "../../src/report/analysis-report.ts";

const reproduce = { command: "", versions: {}, seeds: {}, inputs: [] };
const lossOf = (values: readonly number[], name = "loss", source = "log.csv") =>
  analyseSeries({ name, source, steps: values.map((_, i) => i), values });
const falling = Array.from({ length: 120 }, (_, t) => 0.5 + Math.exp(-t / 30));

/** Weights of a part that settles and a part that goes on: 1 + 0.2 · 0.8ⁱ, and 1 + 0.002 · 1.03ⁱ. */
async function weightsOf(): Promise<Analysis> {
  const at = (i: number) =>
    Float64Array.from({ length: 40 }, (_, j) =>
      j % 2 === 0 ? 1 + 0.2 * (1 + j / 40) * 0.8 ** i : 1 + 0.002 * (1 + j / 9) * 1.03 ** i,
    );
  const snapshots = tallSnapshots(Array.from({ length: 50 }, (_, i) => at(i)));
  const steps = Array.from({ length: 50 }, (_, i) => i);
  const weights = await analyseWeights(snapshots, steps, { loss: "stop" });
  expect(weights.persisting).toBeGreaterThan(0.01);
  expect(weights.remaining).not.toBeNull();
  return { ...analysisOfWeights({ source: "runs/7", kind: "snapshots" }, weights) };
}

describe("--of weights", () => {
  test("what is yet to go is one number, wherever it stands", async () => {
    const analysis = await weightsOf();
    const { remaining, persisting } = analysis.weights!;
    const share = `${(100 * (remaining! + persisting)).toPrecision(2)} %`;
    const text = analysisText(analysis, "weights");
    expect(text.split("\n")[0]).toContain(`The weights have ${share} of their length yet to go`);
    expect(text).toContain(`yet to go   ${share} of their length: `);
    const row = runsText([{ path: "runs/7", analysis }], "weights")
      .split("\n")
      .at(-1);
    expect(row).toContain(share);
  });

  test("the report begins with what the weights say, not with the loss", async () => {
    const analysis = { ...lossOf(falling), weights: (await weightsOf()).weights };
    const headOf = (of: "loss" | "weights") => analysisReport([analysis], { reproduce, of });
    const [verdict] = headOf("weights").verdicts;
    expect(verdict.sentence).toBe(analysis.weights!.sentence);
    expect(verdict.sentence).toContain(`have ${verdict.number!.value} of their length`);
    expect(headOf("loss").verdicts[0].sentence).toContain("The loss will fall");
  });
});

describe("words", () => {
  const reported = (analysis: Analysis) => analysisReport([analysis], { reproduce });
  const captionsOf = (analysis: Analysis) =>
    reported(analysis).sections.flatMap(({ figures }) => figures.map(({ caption }) => caption));

  test("a name out of a log keeps its letters; words begin with a capital", () => {
    expect(captionsOf(lossOf(falling, "val_loss"))[0]).toMatch(/^val_loss over the run/);
    expect(captionsOf(lossOf(falling, "training loss"))[0]).toMatch(/^Training loss over the run/);
  });

  test.each([
    ["runs/run", "Training run"],
    ["runs/run-2", "Training run-2"],
    ["a.csv", "Training run a.csv"],
  ])("%s is titled %s", (source, title) => {
    expect(reported(lossOf(falling, "loss", source)).title).toBe(title);
  });

  test("a loss that is to rise is not taken less than nothing off", () => {
    const rising = lossOf(Array.from({ length: 80 }, (_, t) => 0.5 + 0.02 * 1.02 ** t));
    const { improvement } = rising.verdict.prospect!;
    const share = Number((-100 * improvement).toPrecision(2));
    expect(share).toBeGreaterThan(0);
    expect(reported(rising).verdicts[0].evidence.join()).toContain(
      `are to add ${share} % to the loss`,
    );
  });

  test("a margin as wide as the loss bounds it from above only", () => {
    const analysis = lossOf(falling);
    const shares = analysis.verdict.forecast.map(() => 11);
    const wide = { ...analysis, verdict: { ...analysis.verdict, margin: { level: 0.8, shares } } };
    const { value, margin } = reported(wide).verdicts[0].number!;
    expect(margin).toMatch(/^\(below [\d.]+\)$/);
    const bound = Number(/[\d.]+/.exec(margin)![0]);
    expect(bound / (12 * Number(value))).toBeCloseTo(1, 2);
  });

  test("one is one", () => {
    expect(analysisText(lossOf([1]), "loss")).toContain("loss: 1 epoch, now");
    expect(lossOf([1]).verdict.sentence).toBe("1 epoch is too few: a spectrum needs 40.");
  });
});
