import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { mulberry32 } from "../../src/data/random.ts";
import { eigenflow, folder, runsOf, start, timeless } from "./eigenflow.ts";

/** Long enough to be killed several times within an epoch. */
const config = `version: 1
name: killed
seed: 5
threads: 1
data: { kind: two-moons, count: 16000, noise: 0.2 }
model: { kind: monotone-deq, width: 16, m: 0.5 }
train: { rate: 5e-3, schedule: cosine, epochs: 3, batch: 32, logEvery: 20 }
`;

const lastOf = (run: string, name: string) => {
  const names = readdirSync(join(run, name)).filter((file) => /^\d+\.safetensors$/.test(file));
  return readFileSync(join(run, name, names.sort().at(-1)!));
};

function expectSameRun(found: string, wanted: string) {
  expect(timeless(found)).toEqual(timeless(wanted));
  expect(
    readFileSync(join(found, "model.onnx")).equals(readFileSync(join(wanted, "model.onnx"))),
  ).toBe(true);
  expect(lastOf(found, "checkpoints").equals(lastOf(wanted, "checkpoints"))).toBe(true);
  const snapshots = readdirSync(join(wanted, "snapshots")).sort();
  expect(readdirSync(join(found, "snapshots")).sort()).toEqual(snapshots);
  for (const name of snapshots) {
    const [a, b] = [found, wanted].map((run) => readFileSync(join(run, "snapshots", name)));
    expect(a.equals(b), name).toBe(true);
  }
  expect(readdirSync(found).sort()).toEqual(readdirSync(wanted).sort());
}

let whole: string; // the run that nothing interrupts
beforeAll(() => {
  const cwd = folder({ "killed.yaml": config });
  expect(eigenflow(["train", "killed.yaml", "-q"], { cwd }).code).toBe(0);
  [whole] = runsOf(cwd);
});

test("a run killed again and again ends with the same bytes", { timeout: 120_000 }, async () => {
  const cwd = folder({ "killed.yaml": config });
  const draw = mulberry32(11);
  const resumedAt: number[] = [];
  let args = ["train", "killed.yaml", "--jsonl", "-q"];
  let broken: string;
  for (let kills = 0; ; kills++) {
    expect(kills).toBeLessThan(30);
    // Six times: at some time after the second call of the runtime, or at any time at all.
    let steps = 0;
    const { code, signal } = await start(args, { cwd }, (line, kill) => {
      const event = JSON.parse(line);
      if (event.type !== "run" && event.type !== "step") return;
      if (event.type === "run") resumedAt.push(event.resumedAt);
      else steps++;
      if (kills < 6 && (kills % 3 === 2 ? event.type === "run" : steps === 2))
        setTimeout(() => kill("SIGKILL"), 300 * draw());
    });
    broken = runsOf(cwd)[0];
    if (signal === null) {
      expect(code).toBe(0);
      break;
    }
    args = ["train", "--resume", broken, "--jsonl", "-q"];
  }
  expect(resumedAt.length).toBeGreaterThan(3);
  expect(resumedAt).toEqual([...resumedAt].sort((a, b) => a - b));
  expect(resumedAt.some((step) => step % 400 !== 0)).toBe(true); // within an epoch
  expectSameRun(broken, whole);
});

test("a torn checkpoint and a half-written line are got over", { timeout: 60_000 }, async () => {
  const cwd = folder({ "killed.yaml": config });
  let calls = 0;
  await start(["train", "killed.yaml", "--jsonl", "-q"], { cwd }, (line, kill) => {
    if (JSON.parse(line).type === "step" && ++calls === 4) kill("SIGKILL");
  });
  const [broken] = runsOf(cwd);
  const checkpoints = join(broken, "checkpoints");
  const newest = readdirSync(checkpoints)
    .filter((file) => /^\d+\.safetensors$/.test(file))
    .sort()
    .at(-1)!;
  const bytes = readFileSync(join(checkpoints, newest));
  truncateSync(join(checkpoints, newest), bytes.length - 100);
  writeFileSync(join(broken, "metrics.jsonl"), '{"type":"step","ep', { flag: "a" });

  const { code, stderr } = eigenflow(["train", "--resume", broken], { cwd });
  expect(stderr).toContain(`warning: checkpoint ${newest}`);
  expect(code).toBe(0);
  expect(existsSync(join(checkpoints, `${newest}.damaged`))).toBe(true);
  expectSameRun(broken, whole);
});

test("a completed run is left as it is", () => {
  const cwd = folder({
    "run.yaml": config.replace("count: 16000", "count: 200"),
  });
  eigenflow(["train", "run.yaml", "-q"], { cwd });
  const [run] = runsOf(cwd);
  const before = readFileSync(join(run, "model.onnx"));
  const metrics = readFileSync(join(run, "metrics.jsonl"));
  expect(eigenflow(["train", "--resume", run, "-q"], { cwd }).code).toBe(0);
  expect(readFileSync(join(run, "model.onnx")).equals(before)).toBe(true);
  expect(readFileSync(join(run, "metrics.jsonl")).equals(metrics)).toBe(true);
});

test("another configuration is refused", () => {
  const cwd = folder({ "run.yaml": config.replace("count: 16000", "count: 200") });
  eigenflow(["train", "run.yaml", "-q"], { cwd });
  const [run] = runsOf(cwd);
  const { code, stderr } = eigenflow(["train", "--resume", run, "--set", "train.epochs=9"], {
    cwd,
  });
  expect(code).toBe(4);
  expect(stderr).toContain("not the configuration that the run was begun with");
  expect(eigenflow(["train", "run.yaml", "--resume", run, "-q"], { cwd }).code).toBe(0);
});

test("noise, carried and remembered tensors go on as they were", { timeout: 60_000 }, async () => {
  const wanting = config
    .replace("16000", "4000")
    .replace(
      /model: .*/,
      "model: { kind: deq, layer: { kind: dense, width: 16 }, normalise: spectral, dropout: 0.1, warmStart: true, jacobian: { gamma: 0.1 } }",
    );
  const [straight, cwd] = [
    folder({ "wanting.yaml": wanting }),
    folder({ "wanting.yaml": wanting }),
  ];
  expect(eigenflow(["train", "wanting.yaml", "-q"], { cwd: straight }).code).toBe(0);
  let calls = 0;
  await start(["train", "wanting.yaml", "--jsonl", "-q"], { cwd }, (line, kill) => {
    if (JSON.parse(line).type === "step" && ++calls === 3) kill("SIGKILL");
  });
  const [broken] = runsOf(cwd);
  expect(existsSync(join(broken, "model.onnx"))).toBe(false);
  expect(eigenflow(["train", "--resume", broken, "-q"], { cwd }).code).toBe(0);
  expectSameRun(broken, runsOf(straight)[0]);
});
