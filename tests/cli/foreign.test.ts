import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { folder } from "./eigenflow.ts";
import { called } from "./in-process.ts";

// Files that PyTorch, Lightning, the Trainer and TensorBoard wrote, through the command line.

const fixtures = resolve("tests/data/fixtures");
const loss = (t: number) => 0.5 + Math.exp(-t / 20);
const epochs = Array.from({ length: 60 }, (_, t) => t);
const json = async (args: string[], cwd: string) => {
  const { code, stdout, stderr } = await called([...args, "--json"], { cwd });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout);
};

/** The time constant of `loss`. */
const isKnown = (
  { verdict }: { verdict: { prospect: { timeConstant: number } } },
  within: number,
) => expect(Math.abs(verdict.prospect.timeConstant / 20 - 1)).toBeLessThan(within);

test("Lightning: sparse metrics.csv and checkpoints, whose optimiser is left alone", async () => {
  const cwd = folder();
  mkdirSync(join(cwd, "version_0/checkpoints"), { recursive: true });
  const rows = epochs.flatMap((t) => [
    `${t},${5 * t + 4},,${loss(t) + 1}`,
    `${t},${5 * t + 4},${loss(t)},`,
  ]);
  writeFileSync(
    join(cwd, "version_0/metrics.csv"),
    `epoch,step,train_loss_epoch,val_loss\n${rows.join("\n")}\n`,
  );
  for (const t of epochs.slice(0, 12))
    copyFileSync(
      join(fixtures, "tensors/epoch=3.ckpt"),
      join(cwd, `version_0/checkpoints/epoch=${t}-step=${5 * t + 4}.ckpt`),
    );
  const { kind, evidence, snapshots } = await json(["inspect", "version_0"], cwd);
  expect(kind).toBe("lightning");
  expect(evidence.map(({ of, level }: Record<string, unknown>) => [of, level])).toEqual([
    ["loss", 1],
    ["val", 1],
    ["weights", 4],
  ]);
  expect(snapshots).toMatchObject({ count: 12, spacing: 5, tensors: 6, others: 22, numbers: 34 });
  const analysis = await json(["analyze", "version_0"], cwd);
  expect(analysis.series).toMatchObject({ name: "train_loss_epoch", spacing: 5 });
  isKnown(analysis, 1e-6);
  const { weights } = await json(["analyze", "version_0", "--of", "weights", "--layers"], cwd);
  expect(weights).toMatchObject({ coordinates: 34, remaining: 0 });
  expect(weights.layers).toHaveLength(6);
});

test("the Trainer: rounded losses, the filter of NaN and the schedule are told", async () => {
  const rows = epochs.map((t) => ({
    epoch: t,
    step: 20 * (t + 1),
    loss: Number(loss(t).toFixed(4)),
    learning_rate: 1e-3 * (1 - t / 60),
  }));
  const cwd = folder({ "trainer_state.json": JSON.stringify({ log_history: rows }) });
  const analysis = await json(["analyze", "trainer_state.json"], cwd);
  isKnown(analysis, 0.05);
  const warnings = analysis.warnings.join("\n");
  for (const told of ["logging_nan_inf_filter", "rounded to 4 decimals", "a schedule"])
    expect(warnings).toContain(told);
});

test("TensorBoard: scalars and tensors of one event file", async () => {
  const at = join(fixtures, "tensorboard/all");
  const { evidence } = await json(["inspect", at], fixtures);
  expect(evidence.map(({ of }: Record<string, unknown>) => of)).toEqual(["loss", "val", "weights"]);
  const { verdict } = await json(["watch", at], fixtures);
  expect(verdict).toMatchObject({ decision: "insufficient-data", epoch: 23 });
  const { code, stderr } = await called(["compare", at, at, "--of", "weights"], { cwd: fixtures });
  expect(code).toBe(4);
  expect(stderr).toContain("the two have 6 in common");
});

test("a file of torch.save, and an index of shards: what is in them, and what to ask for", async () => {
  const state = join(fixtures, "tensors/state-dict.pt");
  expect((await json(["inspect", state], fixtures)).snapshots).toMatchObject({
    tensors: 6,
    others: 3,
    numbers: 34,
  });
  const { stderr, code } = await called(["analyze", state], { cwd: fixtures });
  expect(code).toBe(4);
  expect(stderr).toContain("it holds weights only (1 snapshot): --of weights");
  const index = join(fixtures, "tensors/model.safetensors.index.json");
  expect((await json(["inspect", index], fixtures)).snapshots.count).toBe(1);
  const harm = join(fixtures, "tensors/malicious.pt");
  expect((await called(["inspect", harm], { cwd: fixtures })).stdout).toContain(
    "nothing executed; left alone: posix.system",
  );
});
