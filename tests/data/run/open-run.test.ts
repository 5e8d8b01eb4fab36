import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { evidence } from "../../../src/data/run/evidence.ts";
import { openRun } from "../../../src/data/run/open-run.ts";
import { pickSeries } from "../../../src/data/run/pick.ts";
import type { OpenedRun } from "../../../src/data/run/run.ts";
import type { DataError } from "../../../src/errors.ts";
import { formatSafetensors } from "../../../src/training/safetensors.ts";
import { folderOf } from "./folder.ts";

const fixtures = new URL("../fixtures/tensorboard/", import.meta.url).pathname;
const one = (name: string, text: string) => openRun(join(folderOf({ [name]: text }), name));
const named = (run: OpenedRun, name: string) => {
  const found = run.series.find((series) => series.name === name)!;
  return { steps: [...found.steps], values: [...found.values], caveats: found.caveats };
};
const names = (run: OpenedRun) => run.series.map(({ name }) => name);
const weights = (values: number[]) =>
  formatSafetensors({
    tensors: { w: { dtype: "float32", shape: [values.length], data: Float32Array.from(values) } },
    metadata: {},
  });

describe("tables", () => {
  test("Lightning: sparse rows of steps and epochs, a column that appears late, merged by step", async () => {
    const run = await one(
      "metrics.csv",
      "epoch,step,train_loss_epoch,train_loss_step,val_loss\n0,0,,2.5,\n0,50,,2.25,\n0,99,,,1.75\n0,99,2.4,,\n1,100,,2,\n1,150,,1.75,\n1,199,,,1.5\n1,199,1.9,,\n",
    );
    expect(run.kind).toBe("lightning-csv");
    expect(named(run, "train_loss_step")).toMatchObject({
      steps: [0, 50, 100, 150],
      values: [2.5, 2.25, 2, 1.75],
    });
    expect(named(run, "val_loss")).toMatchObject({ steps: [99, 199], values: [1.75, 1.5] });
    expect(named(run, "val_loss").caveats).toContain(
      '6 of 8 rows have no "val_loss": merged by step',
    );
    expect(pickSeries(run, "loss").name).toBe("train_loss_epoch");
    expect(pickSeries(run, "val").name).toBe("val_loss");
    // Who asks about the training loss is told of the other; who names a series has chosen.
    const told = (of: "loss" | "val", name?: string) =>
      pickSeries(run, of, name).caveats.filter((caveat) => caveat.includes("over-fits"));
    expect(told("loss")).toEqual([
      'this is of the training loss; "val_loss" is here too: --of val says whether it over-fits',
    ]);
    expect([...told("val"), ...told("loss", "train_loss_epoch")]).toEqual([]);
  });

  test("Keras: NaN as text, an epoch that starts again with each fit", async () => {
    const run = await one(
      "log.csv",
      "epoch,accuracy,loss\n0,0.5,1\n1,0.6,0.5\n0,0.7,nan\n1,0.8,inf\n",
    );
    expect(run.kind).toBe("keras-csv");
    expect(named(run, "loss").values).toEqual([1, 0.5, Number.NaN, Infinity]);
    expect(named(run, "loss").steps).toEqual([0, 1, 2, 3]);
    expect(named(run, "loss").caveats[0]).toContain("starts again at 0 once");
  });

  test.each([
    ["a byte order mark", "\uFEFFstep,loss\n1,0.5\n2,0.25\n"],
    ["semicolons and a decimal comma", "step;loss\n1;0,5\n2;2,5e-1\n"],
    ["spaces", "step  loss\n1     0.5\n2\t  0.25\n"],
    ["tabs, comments and blank lines", "# run 7\nstep\tloss\n\n1\t0.5\r\n2\t0.25\r\n\n"],
    ["quotation marks", '"step","loss"\n"1","0.5"\n2,"0.25"\n'],
    ["the index of pandas", ",step,loss\n0,1,0.5\n1,2,0.25\n"],
    ["a header for each session", "step,loss\n1,0.5\nstep,loss\n2,0.25\n"],
    ["text and blanks beside it", "step,loss,note\n1,0.5,warm-up\n2,0.25,\n"],
  ])("with %s", async (_, text) => {
    const run = await one("log.csv", text);
    expect(named(run, "loss")).toMatchObject({ steps: [1, 2], values: [0.5, 0.25] });
  });

  test("without a header, columns are numbered", async () => {
    expect(named(await one("log.txt", "0.5\n0.25\n"), "column 1").values).toEqual([0.5, 0.25]);
  });

  test("a last line that is cut short is left out, a last number without an end told", async () => {
    const cut = await one("log.csv", "step,loss\n1,0.5\n2");
    expect(named(cut, "loss").steps).toEqual([1]);
    expect(cut.sources[0].caveats[0]).toContain("line 3 is cut short");
    const open = await one("log.csv", "step,loss\n1,0.5\n2,0.2");
    expect(open.sources[0].caveats[0]).toContain("its last number may be cut short");
  });

  test.each([
    ["", "is empty"],
    ["step,loss\n", "a header but no rows"],
    ["loss,loss\n1,2\n", 'two columns are called "loss"'],
    ["step,loss\n1,2,3\n2,2\n", ":2: 3 cells where the header has 2"],
    ['step,loss\n1,"2\n2,3\n', ":2: a quotation mark is never closed"],
    ["loss\ntensor(0.5)\n", '"tensor(0.5)" in line 2 is no number'],
  ])("%j is refused", async (text, message) => {
    await expect(one("log.csv", text)).rejects.toThrow(message);
  });

  test("a column with something else in it is no series, and picking it says why", async () => {
    const run = await one("log.csv", "step,loss,lr\n1,0.5,1\n2,oops,1\n");
    expect(names(run)).toEqual(["lr"]);
    expect(() => pickSeries(run, "loss")).toThrow('column "loss" is left out: "oops" in line 3');
  });

  test("W&B: its step counts, clocks and bands are no series, and samples are told", async () => {
    const run = await one(
      "wandb.csv",
      ",_step,_runtime,_timestamp,train/loss\n0,0,1.5,17e8,2\n1,7,2.5,17e8,1\n2,9,3,17e8,0.5\n",
    );
    expect(run.kind).toBe("wandb-csv");
    expect(named(run, "train/loss")).toMatchObject({ steps: [0, 7, 9], values: [2, 1, 0.5] });
    expect(names(run)).toEqual(["train/loss"]);
    expect(run.sources[0].caveats.join()).toContain("500 points");
    const panel =
      '"Step","bold-sun-1 - loss","bold-sun-1 - loss__MIN","bold-sun-1 - loss__MAX"\n"0","2","1","3"\n';
    expect(names(await one("panel.csv", panel))).toEqual(["loss"]);
  });
});

describe("steps", () => {
  const table = (pairs: [number, number][]) =>
    one("log.csv", `step,loss\n${pairs.map((pair) => pair.join(",")).join("\n")}\n`);

  test.each<[string, [number, number][], number[], number[], string]>([
    [
      "that go back replace",
      [
        [1, 9],
        [2, 8],
        [3, 7],
        [2, 6],
        [3, 5],
      ],
      [1, 2, 3],
      [9, 6, 5],
      "from 3 to 2",
    ],
    [
      "logged twice keep the last",
      [
        [1, 9],
        [2, 8],
        [2, 7],
        [3, 6],
      ],
      [1, 2, 3],
      [9, 7, 6],
      "1 step logged more than once",
    ],
    [
      "that never change are numbered",
      [
        [0, 9],
        [0, 8],
        [0, 7],
      ],
      [0, 1, 2],
      [9, 8, 7],
      "every value was logged at step 0",
    ],
    [
      "that start again every epoch are numbered",
      [
        [0, 9],
        [1, 8],
        [0, 7],
        [1, 6],
        [0, 5],
      ],
      [0, 1, 2, 3, 4],
      [9, 8, 7, 6, 5],
      "starts again at 0 2 times",
    ],
    [
      "that count epochs of batches are numbered",
      [
        [0, 9],
        [0, 8],
        [0, 7],
        [1, 6],
        [1, 5],
        [1, 4],
      ],
      [0, 1, 2, 3, 4, 5],
      [9, 8, 7, 6, 5, 4],
      "6 values at 2 steps",
    ],
    [
      "with a gap are told",
      [
        [0, 1],
        [10, 1],
        [20, 1],
        [50, 1],
        [60, 1],
      ],
      [0, 10, 20, 50, 60],
      [1, 1, 1, 1, 1],
      "1 gap in the steps, the widest from step 20 to 50",
    ],
  ])("%s", async (_, pairs, steps, values, caveat) => {
    const found = named(await table(pairs), "loss");
    expect(found).toMatchObject({ steps, values });
    expect(found.caveats.join()).toContain(caveat);
  });

  test("a learning rate that changes is told where", async () => {
    const rows = [0, 1, 2, 3, 4, 5].map((t) => `${t},${t < 3 ? 0.1 : 0.01},${1 / (t + 1)}`);
    const run = await one("log.csv", `step,lr,loss\n${rows.join("\n")}\n`);
    expect(named(run, "loss").caveats).toContain('the learning rate ("lr") changes at step 3');
  });

  test("a schedule that has come to its end is said to have", async () => {
    const caveats = async (epochs: number) => {
      const rows = Array.from(
        { length: epochs },
        (_, t) => `${t},${0.05 * (1 + Math.cos((Math.PI * t) / 60))},${1 / (t + 1)}`,
      );
      return named(await one("log.csv", `step,lr,loss\n${rows.join("\n")}\n`), "loss").caveats;
    };
    expect((await caveats(60))[0]).toMatch(
      /changes 59 times, a schedule, and is now 0\.069 % of its largest: .* little moves/,
    );
    expect((await caveats(40))[0]).toMatch(/a schedule$/);
  });

  test("a rate that lasts parts the run; a warm-up and a schedule do not", async () => {
    const stepsOf = async (rate: (t: number) => number) => {
      const rows = Array.from({ length: 60 }, (_, t) => `${t},${rate(t)},${1 / (t + 1)}`);
      const run = await one("log.csv", `step,lr,loss\n${rows.join("\n")}\n`);
      return run.series.find(({ name }) => name === "loss")!.rateSteps;
    };
    expect(await stepsOf((t) => 0.1 ** Math.floor(t / 20))).toEqual([20, 40]);
    expect(await stepsOf((t) => (t < 57 ? 0.1 : 0.01))).toEqual([57]);
    expect(await stepsOf((t) => 0.1 * (1 + Math.cos((Math.PI * t) / 60)))).toEqual([]);
    expect(await stepsOf((t) => Math.min(0.1, 0.01 * (t + 1)))).toEqual([]);
    expect(await stepsOf((t) => (t < 30 ? 0.1 : 0.09))).toEqual([]);
    expect(await stepsOf(() => 0.1)).toBeUndefined();
  });
});

describe("JSON", () => {
  test("Lines with Python's NaN and Infinity, and half a last line", async () => {
    const run = await one(
      "log.jsonl",
      '{"step":1,"loss":NaN,"note":"NaN \\" Infinity"}\n{"step":2,"loss":-Infinity}\n{"step":3,"loss":0.5,"more":{"norm":2}}\n{"ste',
    );
    expect(named(run, "loss")).toMatchObject({
      steps: [1, 2, 3],
      values: [Number.NaN, -Infinity, 0.5],
    });
    expect(named(run, "more.norm").steps).toEqual([3]);
    expect(names(run)).not.toContain("note");
    expect(run.sources[0].caveats[0]).toContain("line 4 is cut short");
    await expect(one("log.jsonl", '{"loss":1}\nno\n{"loss":2}\n')).rejects.toThrow("log.jsonl:2");
  });

  test("Hugging Face: training and evaluation mixed, the mean over all is not the loss, the filter told", async () => {
    const rows = Array.from({ length: 12 }, (_, i) => [
      {
        epoch: i / 2,
        grad_norm: 2,
        learning_rate: 1e-3,
        loss: 2.4 - 0.1234 * i,
        step: 10 * (i + 1),
      },
      { epoch: i / 2, eval_loss: 3 - i, step: 10 * (i + 1) },
    ]).flat();
    const text = JSON.stringify({
      log_history: [...rows, { train_loss: 0.9, epoch: 6, step: 120 }],
    }).replace("2.4,", "NaN,");
    const run = await openRun(folderOf({ "checkpoint-120/trainer_state.json": text }));
    expect(run.kind).toBe("hf");
    const loss = pickSeries(run, "loss");
    expect(loss.name).toBe("loss");
    expect([...loss.steps]).toEqual(rows.filter((_, i) => i % 2 === 0).map(({ step }) => step));
    expect(loss.values[0]).toBeNaN();
    expect(loss.caveats).toContain("rounded to 4 decimals");
    expect([...pickSeries(run, "val").values]).toEqual(Array.from({ length: 12 }, (_, i) => 3 - i));
    expect(run.sources[0].caveats[0]).toContain("logging_nan_inf_filter");
    expect(evidence(run).map(({ of, level }) => [of, level])).toEqual([
      ["loss", 2],
      ["val", 2],
    ]);
  });

  test("our own metrics: epochs are the series, null is a number that was not finite", async () => {
    const run = await one(
      "metrics.jsonl",
      '{"type":"step","epoch":1,"step":5,"loss":3}\n{"type":"epoch","epoch":1,"step":9,"train":{"loss":2}}\n{"type":"epoch","epoch":2,"step":18,"train":{"loss":null}}\n',
    );
    expect(run.kind).toBe("eigenflow-metrics");
    expect(named(run, "train.loss")).toMatchObject({ steps: [1, 2], values: [2, Number.NaN] });
    expect(named(run, "step.loss").steps).toEqual([5]);
  });
});

describe("folders", () => {
  test("MLflow: a metric a file, duplicates of a step, names with slashes", async () => {
    const run = await openRun(
      folderOf({
        "0/abc/meta.yaml": "",
        "0/abc/metrics/loss": "1700000000000 2.5 0\n1700000000001 2 1\n1700000000002 1.5 1\n1700",
        "0/abc/metrics/val/loss": "1700000000000 nan 0\n",
      }),
    );
    expect(run.kind).toBe("mlflow");
    expect(named(run, "loss")).toMatchObject({ steps: [0, 1], values: [2.5, 1.5] });
    expect(named(run, "val/loss").values).toEqual([Number.NaN]);
  });

  test("Lightning: the event file repeats metrics.csv, checkpoints are ordered by step", async () => {
    const { series } = await openRun(join(fixtures, "resumed"));
    const { steps, values } = series[0];
    const rows = [...steps].map((step, i) => `0,${step},${values[i]}`);
    const { readFileSync, readdirSync } = await import("node:fs");
    const events = readdirSync(join(fixtures, "resumed")).map((name) => [
      name,
      readFileSync(join(fixtures, "resumed", name)),
    ]);
    const checkpoints = [30, 4, 100].map((step) => [
      `checkpoints/epoch=1-step=${step}.safetensors`,
      weights([step, 1]),
    ]);
    const path = folderOf({
      "hparams.yaml": "",
      "metrics.csv": `epoch,step,loss\n${rows.join("\n")}\n`,
      "checkpoints/last.safetensors": weights([1]),
      ...Object.fromEntries([...events, ...checkpoints]),
    });
    const run = await openRun(path);
    expect(run.kind).toBe("lightning");
    expect(names(run)).toEqual(["loss"]);
    expect(run.series[0].source).toBe(join(path, "metrics.csv"));
    expect(run.sources).toHaveLength(3);
    expect(run.sources.find(({ kind }) => kind === "tensorboard")!.summary).toContain(
      "same data, ignored",
    );
    expect(run.snapshots.map(({ step }) => step)).toEqual([4, 30, 100]);
    expect([...(await run.snapshots[2].files[0].read("w"))]).toEqual([100, 1]);
    expect(run.sources.flatMap(({ caveats }) => caveats).join()).toContain(
      "last.safetensors has no step",
    );
    expect(evidence(run)).toMatchObject([{ level: 1 }, { of: "weights", level: 3 }]);
  });

  test("add_scalars' folders are series of the run", async () => {
    const run = await openRun(join(fixtures, "folders"));
    expect(names(run).toSorted()).toEqual(["loss/train", "loss/val", "lr"]);
    expect(pickSeries(run, "loss").name).toBe("loss/train");
    expect(pickSeries(run, "val").name).toBe("loss/val");
    expect(pickSeries(run, "loss").caveats.join()).toContain('"lr") changes at step 3');
    expect(evidence(run)).toMatchObject([{ level: 1 }, { of: "val", level: 1 }]);
  });

  test("the six lines: metrics.jsonl and snapshots of one vector", async () => {
    const run = await openRun(
      folderOf({
        "metrics.jsonl": '{"step": 0, "loss": 2.0}\n{"step": 10, "loss": 1.0}\n',
        ...Object.fromEntries(
          [0, 10, 20].map((step) => [
            `snapshots/${String(step).padStart(8, "0")}.safetensors`,
            weights([step]),
          ]),
        ),
      }),
    );
    expect(run.snapshots.map(({ step }) => step)).toEqual([0, 10, 20]);
    expect(evidence(run)).toMatchObject([{ level: 1 }, { of: "weights", level: 3 }]);
  });

  test("several runs are listed, none is told", async () => {
    const log = "step,loss\n1,2\n";
    const several = folderOf({ "version_0/metrics.csv": log, "version_1/metrics.csv": log });
    await expect(openRun(several)).rejects.toMatchObject({
      hint: "name one: version_0, version_1",
    });
    await expect(openRun(folderOf({ "notes.md": "" }))).rejects.toThrow("holds no run");
    await expect(openRun("nowhere")).rejects.toThrow("no such file");
  });

  test("a source that is damaged is a caveat where there is another", async () => {
    const run = await openRun(
      folderOf({ "metrics.jsonl": '{"loss":1}\n{"loss":2}\n', "log.csv": "a,b\n1\n2\n" }),
    );
    expect(names(run)).toEqual(["loss"]);
    expect(run.caveats[0]).toContain("1 cell where the header has 2");
  });
});

test("our own metrics: a rate that changes is told of the epochs, in epochs", async () => {
  const lines = [1, 2, 3, 4].flatMap((epoch) => [
    `{"type":"step","epoch":${epoch},"step":${100 * epoch},"loss":1,"rate":${epoch < 3 ? 0.1 : 0.01}}`,
    `{"type":"epoch","epoch":${epoch},"train":{"loss":1}}`,
  ]);
  const run = await openRun(folderOf({ "metrics.jsonl": `${lines.join("\n")}\n` }));
  expect(pickSeries(run, "loss").caveats).toEqual(['the learning rate ("rate") changes at step 3']);
});

test("a second loss and a rate of another file are told of, with the file", async () => {
  const state = {
    log_history: [1, 2, 3, 4].map((step) => ({
      step,
      loss: 3 - step / 10,
      learning_rate: step < 3 ? 0.1 : 0.01,
    })),
  };
  const run = await openRun(
    folderOf({
      "loss.csv": "step,loss\n1,1\n2,0.8\n3,0.7\n4,0.6\n",
      "trainer_state.json": JSON.stringify(state),
    }),
  );
  const loss = pickSeries(run, "loss");
  const other = loss.source.endsWith("loss.csv") ? "trainer_state.json" : "loss.csv";
  expect(loss.caveats.join()).toContain(`${other} has a loss too, other numbers: --column "loss (`);
  const ofCsv = run.series.find(
    ({ name, source }) => name.startsWith("loss") && source.endsWith("loss.csv"),
  )!;
  expect(ofCsv.caveats.join()).toContain(
    '("learning_rate" of trainer_state.json) changes at step 3',
  );
  // The one that is asked for by name is no choice of ours.
  expect(pickSeries(run, "loss", ofCsv.name).caveats.join()).not.toContain("has a loss too");
});

test("a slip in the only column of numbers is named, with its line", async () => {
  const run = await openRun(folderOf({ "text.csv": "epoch,value\n1,2\n2,abc\n3,1\n" }));
  expect(() => pickSeries(run, "loss")).toThrow(/column "value" is left out: "abc" in line 3/);
  try {
    pickSeries(run, "loss");
  } catch (error) {
    expect((error as DataError).hint).toBe("correct line 3");
  }
});

describe("checkpoints in several files", () => {
  const shard = (step: number, i: number) =>
    [`checkpoint-${step}/model-0000${i}-of-00002.safetensors`, weights([step, i])] as const;

  test("one that lacks a file is left out, by name", async () => {
    const path = folderOf(
      Object.fromEntries([shard(10, 1), shard(10, 2), shard(20, 1), shard(30, 1), shard(30, 2)]),
    );
    const { snapshots, sources } = await openRun(path);
    expect(snapshots.map(({ step }) => step)).toEqual([10, 30]);
    expect(snapshots.map(({ files }) => files.length)).toEqual([2, 2]);
    expect(sources[0].caveats.join()).toContain("step 20 lacks model-00002-of-00002.safetensors");
  });

  test("of two copies the whole one is taken; a lone one that is not whole says so", async () => {
    const [name, data] = shard(10, 1);
    const two = folderOf({
      [name]: data,
      "checkpoint-10/pytorch_model-00001-of-00001.safetensors": data,
    });
    expect((await openRun(two)).snapshots[0].files.map(({ path }) => path)).toEqual([
      join(two, "checkpoint-10/pytorch_model-00001-of-00001.safetensors"),
    ]);
    await expect(openRun(folderOf({ [name]: data }))).rejects.toThrow("lacks model-00002");
  });
});
