import { averagedDown } from "../src/data/average.ts";
import { type Dataset, selectRows } from "../src/data/dataset.ts";
import { mnist } from "../src/data/mnist.ts";
import { applyStandardisation, fitStandardisation } from "../src/data/standardise.ts";
import { jumpDefaults, proposeJumps } from "../src/koopman/jump.ts";
import { mlp } from "../src/models/mlp.ts";
import { fit } from "../src/training/fit.ts";
import { adam, type Optimiser, sgd } from "../src/training/optimisers.ts";
import { constantRate } from "../src/training/schedules.ts";
import type { Accelerate } from "../src/training/watch.ts";
import { type Options, print } from "./measure.ts";

/** 1300 images of 8 × 8 pixels, standardised as one, and as many to test with. */
async function smallDigits(): Promise<{ train: Dataset; test: Dataset }> {
  const whole = await mnist();
  const rows = Array.from({ length: 1300 }, (_, i) => i);
  const part = (set: Dataset) => averagedDown(selectRows(set, rows), [28, 28], [8, 8]);
  const [train, test] = [part(whole.train), part(whole.test)];
  const scaling = fitStandardisation(train, { per: "all" });
  return { train: applyStandardisation(train, scaling), test: applyStandardisation(test, scaling) };
}

interface Rule {
  readonly name: string;
  readonly optimiser: Optimiser;
  readonly rate: number;
}

/** Loss after each step of full-batch training, and what has been evaluated besides by then. */
async function trained(
  data: { train: Dataset; test: Dataset },
  { optimiser, rate }: Rule,
  { seed, steps, threads }: { seed: number; steps: number; threads: number | undefined },
  accelerate?: Accelerate,
) {
  const losses: number[] = []; // before step i + 1
  const evaluations: number[] = [];
  let evaluated = 0;
  const jumps = { accepted: 0, refused: 0 };
  let accuracy = 0;
  const model = mlp([64, 32, 10], { activation: "tanh" });
  for await (const event of fit(model, data, {
    seed,
    epochs: steps,
    batch: data.train.count,
    optimiser,
    schedule: constantRate(rate),
    compile: { threads: threads ?? 1 },
    ...(accelerate && { accelerate }),
  })) {
    if (event.type === "epoch") {
      losses.push(event.train.loss);
      evaluations.push(evaluated);
      accuracy = event.test.accuracy ?? 0;
    } else if (event.type === "jump") {
      evaluated += event.tried.length + 1;
      jumps[event.accepted ? "accepted" : "refused"]++;
    }
  }
  return { losses, evaluations, jumps, accuracy };
}

const rules: readonly Rule[] = [
  { name: "gd", optimiser: sgd(), rate: 0.3 },
  { name: "gd-fast", optimiser: sgd(), rate: 1 },
  { name: "momentum", optimiser: sgd({ momentum: 0.9 }), rate: 0.1 },
  { name: "adam", optimiser: adam(), rate: 3e-3 },
];

/**
 * Full-batch training with and without jumps, 64-32-10 tanh on 1300 images of 8 × 8: the steps until the
 * loss that plain training has after so many. A loss evaluation counts as a third of a step in `speedup`:
 * forward, where a step is forward and twice as much backward.
 */
export async function accelerateCases(options: Options): Promise<void> {
  if (!"accelerate".includes(options.only) && !options.only.includes("accelerate")) return;
  const data = await smallDigits();
  const window = 20;
  for (const rule of rules) {
    for (const seed of [0, 1, 2]) {
      const run = { seed, steps: 2000, threads: options.threads };
      const plain = await trained(data, rule, run);
      for (const [label, horizons, optimiser] of [
        ["to 4 w", [0.5, 1, 2, 4], "keep"],
        ["to 16 w", jumpDefaults.horizons, "keep"],
        ...(rule.optimiser.slots.length > 0
          ? ([["to 16 w, reset", jumpDefaults.horizons, "reset"]] as const)
          : []),
      ] as const) {
        const propose = (history: readonly Float32Array[]) => proposeJumps(history, { horizons });
        const accelerate: Accelerate = { window, propose, optimiser };
        const fast = await trained(data, rule, { ...run, steps: 1000 }, accelerate);
        const reached = [500, 1000, 1999].map((steps) => {
          const loss = plain.losses[steps];
          const at = fast.losses.findIndex((x) => x <= loss);
          const cost = at + fast.evaluations[at] / 3;
          return {
            plain: steps,
            loss: Number(loss.toPrecision(4)),
            steps: at < 0 ? null : at,
            evaluations: at < 0 ? null : fast.evaluations[at],
            speedup: at < 0 ? null : Number((steps / cost).toFixed(2)),
          };
        });
        const { jumps, accuracy } = fast;
        const name = `accelerate-${rule.name}`;
        print({ case: name, seed, label, window, reached, jumps, accuracy, plain: plain.accuracy });
      }
    }
  }
}
