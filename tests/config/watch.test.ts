import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { guessingLoss } from "../../src/config/watcher.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { twoMoons } from "../../src/data/two-moons.ts";

const base = "version: 1\ndata: two-moons\nmodel: mlp\n";
const parsed = (text: string) => parseConfig(base + text, "a.yaml").config;
const problems = (text: string): string[] => {
  try {
    parsed(text);
  } catch (error) {
    return (error as { problems: { message: string; remark?: string }[] }).problems.map(
      ({ message, remark = "" }) => `${message} ${remark}`,
    );
  }
  return [];
};

describe("observe, stop and accelerate", () => {
  test("are not there unless they are asked for", () => {
    const config = parsed("");
    expect(Object.keys(config)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/observe|stop|accelerate/)]),
    );
  });

  test("have the defaults of the monitor", () => {
    expect(parsed("observe: {}\nstop: {}")).toMatchObject({
      observe: { every: "auto", what: ["loss", "val"], project: 64 },
      stop: {
        on: ["diverged", "restart", "rising", "stop"],
        ...{ window: 60, tolerance: 0.02, reference: "auto", agree: 4, budget: "none" },
        ...{ patience: "auto", restarts: 0 },
      },
    });
    expect(parsed("accelerate: koopman").accelerate).toEqual({
      kind: "koopman",
      window: 20,
      horizons: [0.5, 1, 2, 4, 8, 16],
      optimiser: "auto",
    });
  });

  test.each([
    ["observe: { evry: 5 }", /unknown key "evry" in observe did you mean "every"/],
    ["observe: { what: [wieghts] }", /did you mean "weights"/],
    ["stop: { on: [continue] }", /stop.on.0 is "continue", wanted one of diverged/],
    ["stop: { window: 20 }", /stop.window is 20, wanted a whole number >= 40/],
    ["accelerate: { kind: koopmann }", /accelerate.kind/],
    ["accelerate: koopman\nstop: {}", /not together with accelerate/],
    ["accelerate: koopman\ntrain: { snapshotEvery: 5 }", /must be 1 with accelerate/],
  ])("%s is refused", (text, wanted) => {
    expect(problems(text).join("; ")).toMatch(wanted);
  });

  test("the loss of guessing is ln C, or the variance of what is to be found", () => {
    expect(guessingLoss(twoMoons(10, 1, 0))).toBe(Math.log(2));
    const values: Dataset = {
      name: "values",
      features: new Float32Array(4),
      count: 4,
      width: 1,
      targets: { kind: "values", values: Float32Array.of(1, 0, 1, 4, 3, 0, 3, 4), width: 2 },
    };
    // Variances 1 and 4; the squared error is a mean over both columns.
    expect(guessingLoss(values)).toBe(2.5);
  });
});
