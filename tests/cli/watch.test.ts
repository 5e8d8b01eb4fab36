import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { eigenflow, folder, parsedLines, runsOf, start, timeless } from "./eigenflow.ts";

const head = `version: 1
name: watched
seed: 3
threads: 1
data: { kind: two-moons, count: 200, seed: 1 }
`;
/** Converges, and is stopped long before its epochs are over. */
const stopping = `${head}model: { kind: mlp, widths: [8], activation: tanh }
train: { optimiser: sgd, rate: 0.05, epochs: 2000, batch: 160 }
observe: { what: [loss, val, weights, norms] }
stop: { on: [stop], tolerance: 0.08 }
`;
/** Never learns: four layers of sigmoids at a tiny rate. */
const dead = `${head}model: { kind: mlp, widths: [8, 8, 8], activation: sigmoid }
train: { optimiser: sgd, rate: 1e-4, epochs: 150, batch: 160 }
stop: { restarts: 1 }
`;
const jumping = `${head}model: { kind: mlp, widths: [8], activation: tanh }
train: { optimiser: { kind: sgd, momentum: 0.5 }, rate: 0.1, epochs: 70, batch: 160 }
accelerate: koopman
`;

const lines = (run: string, type: string) =>
  parsedLines(join(run, "metrics.jsonl")).filter((line) => line.type === type);
const record = (run: string) => JSON.parse(readFileSync(join(run, "run.json"), "utf8"));
const checkpoint = (run: string) => {
  const names = readdirSync(join(run, "checkpoints")).sort();
  return readFileSync(join(run, "checkpoints", names.at(-1)!));
};

/** The run of a configuration, uninterrupted, and killed after these epochs. */
async function both(config: string, kills: readonly number[]) {
  const [one, other] = [0, 1].map(() => folder({ "a.yaml": config }));
  const finished = eigenflow(["train", "a.yaml", "--jsonl", "-q"], { cwd: one });
  let args = ["train", "a.yaml", "--jsonl", "-q"];
  for (const epoch of [...kills, Infinity]) {
    await start(args, { cwd: other }, (line, kill) => {
      const event = JSON.parse(line);
      if (event.type === "epoch" && event.epoch >= epoch) kill("SIGKILL");
    });
    args = ["train", "--resume", runsOf(other)[0], "--jsonl", "-q"];
  }
  return { finished, whole: runsOf(one)[0], broken: runsOf(other)[0] };
}
function expectSame(found: string, wanted: string) {
  expect(timeless(found)).toEqual(timeless(wanted));
  expect(checkpoint(found).equals(checkpoint(wanted))).toBe(true);
  const { status, reason, epoch } = record(wanted);
  expect(record(found)).toMatchObject({ status, reason, epoch });
}

describe("eigenflow train", () => {
  test("stops a converged run by verdict, the same after kills", { timeout: 120_000 }, async () => {
    const { finished, whole, broken } = await both(stopping, [70]);
    expect(finished.code).toBe(0);
    const { status, reason, epoch } = record(whole);
    expect(status).toBe("stopped-by-verdict");
    expect(reason).toMatch(/^stop: The next 60 epochs will take .* The weights will move by/);
    expect(epoch).toBeLessThan(1000);
    const verdicts = lines(whole, "verdict");
    expect(verdicts.at(-1)).toMatchObject({ act: "stop", epoch });
    expect(lines(whole, "projection")).toHaveLength(epoch);
    expect((lines(whole, "projection")[0].numbers as number[]).length).toBe(42); // 8 (2 + 1) + 2 (8 + 1)
    for (const line of lines(whole, "epoch")) {
      expect(line.weightNorm).toBeGreaterThan(0);
      expect((line.train as { gradientNorm: number }).gradientNorm).toBeGreaterThan(0);
    }
    expect(readdirSync(whole)).toContain("model.onnx");
    expectSame(broken, whole);
    // It stays stopped.
    const again = eigenflow(["train", "--resume", whole, "-q"], { cwd: join(whole, "../..") });
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("stopped by verdict: stop: ");
    expect(record(whole).epoch).toBe(epoch);
  });

  test("starts a dead run again, then gives it up, the same after kills", {
    timeout: 120_000,
  }, async () => {
    const { finished, whole, broken } = await both(dead, [70]);
    expect(finished.code).toBe(5);
    expect(finished.stderr).toMatch(/given up by the verdict: restart: The loss, .*no better than/);
    expect(lines(whole, "restart")).toMatchObject([{ attempt: 1, seed: 1_000_003 }]);
    expect(record(whole)).toMatchObject({ status: "given-up" });
    expect(record(whole).epoch).toBeLessThan(150);
    expectSame(broken, whole);
    const again = eigenflow(["train", "--resume", whole], { cwd: join(whole, "../..") });
    expect(again.stderr).toContain("the run ended with given-up");
  });

  test("jumps, never to a larger loss, the same after kills", { timeout: 120_000 }, async () => {
    const { finished, whole, broken } = await both(jumping, [31]);
    expect(finished.code).toBe(0);
    const jumps = lines(whole, "jump") as unknown as {
      epoch: number;
      before: number;
      after: number;
    }[];
    expect(jumps.map(({ epoch }) => epoch)).toEqual([20, 40, 60]);
    for (const { before, after } of jumps) expect(after).toBeLessThanOrEqual(before);
    expect(jumps.some(({ before, after }) => after < before)).toBe(true);
    expectSame(broken, whole);
  });
});
