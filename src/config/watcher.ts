import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "../data/dataset.ts";
import { proposeJumps } from "../koopman/forecast/jump.ts";
import { type Projection, randomProjection } from "../koopman/snapshots/projection.ts";
import { type Monitor, type MonitorVerdict, monitor } from "../koopman/verdict/monitor.ts";
import type { Decision, Verdict } from "../koopman/verdict/verdict.ts";
import type { Metrics, TrainingState } from "../training/events.ts";
import type { FitOptions } from "../training/fit-options.ts";
import { flatten, type Layout, layoutOf } from "../training/flat.ts";
import type { RunDirectory } from "../training/run-directory.ts";
import { parseSafetensors } from "../training/safetensors.ts";
import type { Advice, Finding } from "../training/watch.ts";
import type { Experiment } from "./experiment.ts";
import type { Config } from "./schema.ts";
import { observe as observeSection, stop as stopSection } from "./watch.ts";

/** The loss of guessing: ln C for C classes, the mean variance of values. */
export function guessingLoss({ targets, count }: Dataset): number {
  if (targets.kind === "classes") return Math.log(targets.classes);
  const { values, width } = targets;
  let total = 0;
  for (let j = 0; j < width; j++) {
    let [mean, squares] = [0, 0];
    for (let i = 0; i < count; i++) mean += values[i * width + j] / count;
    for (let i = 0; i < count; i++) squares += (values[i * width + j] - mean) ** 2 / count;
    total += squares / width;
  }
  return total;
}

/** What `fit` is to be given besides, of the sections observe, stop and accelerate. */
export function watching(
  { config, data, options, model }: Experiment,
  directory: RunDirectory,
): Partial<FitOptions> {
  const { observe, stop, accelerate } = config;
  const watched = observe !== undefined || stop !== undefined;
  const layout = layoutOf(model.initialise(options.seed));
  // What guessing costs by another loss is not known: no reference then.
  const guessing = options.loss ? 0 : guessingLoss(data.train);
  return {
    ...(watched && watcher(config, guessing, layout.size, directory)),
    ...(accelerate && {
      accelerate: {
        window: accelerate.window,
        optimiser: accelerate.optimiser === "auto" ? ofKind(config) : accelerate.optimiser,
        propose: (history: readonly Float32Array[]) =>
          proposeJumps(history, { horizons: accelerate.horizons }),
        ...(directory.checkpoint && {
          history: stretch(layout, directory.path, directory.checkpoint.state),
        }),
      },
    }),
  };
}

const ofKind = ({ train }: Config) => (train.optimiser.kind === "sgd" ? "keep" : "reset");

/** What a monitor is fed of an epoch; it is logged, so that a resumed run can feed it again. */
interface Fed {
  readonly epoch: number; // of the run, from 1
  readonly train: Metrics;
  readonly test: Metrics;
  readonly weightNorm?: number;
  readonly moved?: number;
}

function watcher(
  config: Config,
  guessing: number,
  size: number,
  directory: RunDirectory,
): Pick<FitOptions, "observe" | "restarts" | "norms"> {
  const { every, what, project } = config.observe ?? observeSection.parse({});
  const { on, window, tolerance, reference, agree, budget, patience, restarts } =
    config.stop ?? stopSection.parse({});
  const begin = () =>
    monitor({
      every: every === "auto" ? null : every,
      stopOn: config.stop ? on : [],
      ...{ window, tolerance, agree, project },
      reference:
        reference === "auto" ? positive(guessing) : reference === "none" ? null : reference,
      budget: budget === "none" ? null : budget,
      patience: patience === "auto" ? null : patience,
    });
  const projection: Projection | null = what.includes("weights")
    ? randomProjection([size], { numbers: project })
    : null;
  const push = (
    to: Monitor,
    { epoch, train, test, weightNorm, moved }: Fed,
    projected?: Float64Array,
  ) =>
    to.push(epoch, {
      loss: train.loss,
      // In a log an infinite number is null: both are NaN here.
      ...(what.includes("val") && { val: Number.isFinite(test.loss) ? test.loss : Number.NaN }),
      ...(projected && { projected }),
      ...(weightNorm !== undefined && { weightNorm }),
      ...(moved !== undefined && { moved }),
      ...(train.gradientNorm !== undefined && { gradientNorm: train.gradientNorm }),
    });

  let now = rebuilt(directory, begin, push);
  return {
    restarts,
    norms: what.includes("norms"),
    observe: (seen) => {
      const projected = projection?.project(seen.theta);
      if (projected)
        directory.log({ type: "projection", epoch: seen.total, numbers: [...projected] });
      const found = push(now, { ...seen, epoch: seen.total }, projected);
      const advice = found ? adviceOf(found) : ({ act: "continue", reason: "" } as const);
      if (advice.act === "restart") now = begin();
      return advice;
    },
  };
}

const positive = (loss: number) => (loss > 0 ? loss : null);

/** The monitor of a run that is resumed, fed from metrics.jsonl, which ends where the checkpoint does. */
function rebuilt(
  { path, checkpoint }: RunDirectory,
  begin: () => Monitor,
  push: (to: Monitor, fed: Fed, projected?: Float64Array) => void,
): Monitor {
  let now = begin();
  if (checkpoint === null) return now;
  let epoch: Fed | null = null;
  let projected: Float64Array | undefined;
  const flush = () => {
    if (epoch) push(now, epoch, projected);
    [epoch, projected] = [null, undefined];
  };
  for (const text of readFileSync(join(path, "metrics.jsonl"), "utf8").trimEnd().split("\n")) {
    if (!/^\{"type":"(epoch|projection|restart)"/.test(text)) continue;
    const line = JSON.parse(text) as Fed & { type: string; numbers: number[] };
    if (line.type === "epoch") {
      flush();
      epoch = line;
    } else if (line.type === "projection") projected = Float64Array.from(line.numbers);
    else {
      flush();
      now = begin();
    }
  }
  flush();
  return now;
}

const acts: Readonly<Partial<Record<Decision, Advice["act"]>>> = {
  stop: "stop",
  rising: "stop",
  restart: "restart",
  diverged: "give-up",
};

function adviceOf(found: MonitorVerdict): Advice {
  const { stop, reason, decision, of, sentence, val, weights, gradientNorm, weightNorm } = found;
  const act = stop ? (acts[decision] ?? "continue") : "continue";
  const more = {
    ...(weights && { weights }),
    ...(gradientNorm && { gradientNorm }),
    ...(weightNorm && { weightNorm }),
  };
  const first = { ...findingOf(of, found), decision, sentence, ...more };
  const findings = of === "loss" && val ? [first, findingOf("val", val)] : [first];
  return { act, reason: reason ?? "", findings };
}

const findingOf = (of: string, verdict: Verdict): Finding => {
  const { decision, sentence, confirmed, windows, agreeing, loss, forecast, prospect } = verdict;
  return {
    ...{ of, decision, sentence, confirmed, windows, agreeing, loss },
    forecast: forecast.at(-1) ?? null, // a window ahead
    forecastError: verdict.forecastError,
    timeConstant: prospect?.timeConstant ?? null,
    epochsToStop: prospect?.epochsToStop ?? null,
    escapeEpochs: prospect?.escapeEpochs ?? null,
  };
};

/** The weights of the stretch under way, from their snapshots. */
function stretch(
  layout: Layout,
  path: string,
  { epoch, stretch = 0 }: TrainingState,
): Float32Array[] {
  return Array.from({ length: epoch - stretch + 1 }, (_, i) => {
    const name = `${String(stretch + i).padStart(8, "0")}.safetensors`;
    const { tensors } = parseSafetensors(readFileSync(join(path, "snapshots", name)), name);
    return flatten(layout, tensors);
  });
}
