import { readCsv } from "../data/csv.ts";
import { cubicSine } from "../data/cubic-sine.ts";
import { type Dataset, type Split, selectRows } from "../data/dataset.ts";
import { mnist } from "../data/mnist.ts";
import { splitByHash, splitBySeed } from "../data/split.ts";
import {
  applyStandardisation,
  fitStandardisation,
  type Standardisation,
} from "../data/standardise.ts";
import { twoMoons } from "../data/two-moons.ts";
import { yinYang } from "../data/yin-yang.ts";
import { DataError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import type { FitOptions } from "../training/fit-options.ts";
import type { Loss } from "../training/losses.ts";
import { adam, adamW, type Optimiser, sgd } from "../training/optimisers.ts";
import {
  constantRate,
  cosineRate,
  oneCycle,
  oneCycleMomentum,
  type Schedule,
  stepRate,
  warmUp,
} from "../training/schedules.ts";
import { withHeads } from "../training/sobolev/heads.ts";
import { sobolevLoss } from "../training/sobolev/loss.ts";
import { modelOf, settingsOf } from "./model-of.ts";
import type { Config } from "./schema.ts";
import { timeColumn } from "./sim.ts";

/** A configuration brought to life: what `fit` and `deploy` take. */
export interface Experiment {
  readonly config: Config;
  readonly model: Model;
  /** Rows to train and test with, standardised already. */
  readonly data: Split;
  readonly standardisation: Standardisation | null;
  /** Names of the features and classes, where the data has any. */
  readonly features: readonly string[] | null;
  readonly classNames: readonly string[] | null;
  readonly options: FitOptions;
}

/** Loads the data and makes the model. @throws EigenflowError  for data that is not there or wrong */
export async function experimentOf(config: Config): Promise<Experiment> {
  const time = timeColumn(config.model);
  const { split, features = null, classNames = null } = await loadData(config.data, time);
  const { standardise } = config.data;
  const fitted =
    standardise === "none" ? null : fitStandardisation(split.train, { per: standardise });
  const standardisation = fitted && time !== null ? withTime(fitted) : fitted;
  const scaled = (part: Dataset) =>
    standardisation === null ? part : applyStandardisation(part, standardisation);
  const data = { train: scaled(split.train), test: scaled(split.test) };
  const { targets } = data.train;
  const outputs = targets.kind === "classes" ? targets.classes : targets.width;
  const plain = modelOf(config, data.train.width, outputs);
  const { model, loss } = withLoss(config, plain, data.train);
  const { threads, device, seed, train } = config;
  const options: FitOptions = {
    seed,
    epochs: train.epochs,
    batch: train.batch,
    optimiser: optimiserOf(train),
    schedule: scheduleOf(train),
    clipNorm: train.clipNorm === "none" ? Infinity : train.clipNorm,
    unconvergedLimit: train.unconvergedLimit,
    logEvery: train.logEvery,
    ...(loss && { loss }),
    compile: { device, ...(threads !== "auto" && { threads }) },
  };
  return { config, model, data, standardisation, features, classNames, options };
}

/** The model as the loss of the configuration trains it, and that loss for these rows. */
function withLoss({ train }: Config, model: Model, data: Dataset): { model: Model; loss?: Loss } {
  if (train.loss === undefined) return { model };
  const { transform, ...rest } = train.loss;
  const layers = model.hidden?.length ?? 0;
  const loss = sobolevLoss(data, {
    ...rest,
    ...(layers > 0 && { layers }),
    ...(transform !== "auto" && { transform }),
  });
  return { model: rest.kind === "sobolev-2" ? model : withHeads(model), loss };
}

interface Loaded {
  readonly split: Split;
  readonly features?: readonly string[];
  readonly classNames?: readonly string[];
}

/** A time, the last of the features, keeps its unit and where it is counted from. */
const withTime = ({ mean, scale }: Standardisation): Standardisation => ({
  mean: mean.with(-1, 0),
  scale: scale.with(-1, 1),
});

/** @param time  the column to stand last among the features */
async function loadData(data: Config["data"], time: string | null): Promise<Loaded> {
  switch (data.kind) {
    case "mnist": {
      const { train, test } = await mnist();
      return { split: { train: first(train, data.limit), test: first(test, data.testLimit) } };
    }
    case "yin-yang": {
      const train = yinYang(data.count, data.seed);
      return {
        split: { train, test: yinYang(data.testCount, data.testSeed) },
        classNames: ["yang", "yin", "dot"],
      };
    }
    case "cubic-sine": {
      const { count, seed, testCount, testSeed, variance } = data;
      const test = cubicSine(testCount, testSeed, variance);
      return { split: { train: cubicSine(count, seed, variance), test } };
    }
    case "two-moons":
      return { split: splitOf(twoMoons(data.count, data.seed, data.noise), data) };
    case "csv": {
      const states = data.inputs.filter((name) => name !== time);
      const inputs = time === null ? states : [...states, time];
      const { dataset, classNames } = await readCsv(data.path, { ...data, inputs });
      checkClasses(data, classNames, dataset.count);
      return {
        split: splitOf(dataset, data),
        features: inputs,
        ...(data.task === "classes" && { classNames }),
      };
    }
  }
}

/** Numbers that are classes are few, and whole or met again and again. @throws DataError  for others */
function checkClasses(
  { path, target }: { path: string; target: string },
  names: readonly string[],
  count: number,
): void {
  const numbers = names.map(Number);
  if (names.length <= 20 || !numbers.every(Number.isFinite)) return;
  if (numbers.every(Number.isInteger) && count >= 5 * names.length) return;
  throw new DataError(
    `${path}: column "${target}" has ${names.length} different numbers in ${count} rows: too many for classes`,
    {
      hint: "data.task: values predicts the number itself; classes of many names are written as text",
    },
  );
}

const first = (dataset: Dataset, limit = dataset.count): Dataset =>
  limit >= dataset.count
    ? dataset
    : selectRows(
        dataset,
        Array.from({ length: limit }, (_, row) => row),
      );

const splitOf = (
  dataset: Dataset,
  { split, seed }: { split: { train: number; by: "seed" | "hash" }; seed: number },
): Split =>
  split.by === "hash" ? splitByHash(dataset, split.train) : splitBySeed(dataset, split.train, seed);

function optimiserOf({ optimiser, schedule, rate }: Config["train"]): Optimiser {
  if (optimiser.kind === "sgd") return sgd({ momentum: optimiser.momentum });
  const { kind, beta1, ...rest } = optimiser;
  // checkCycle: only with such a schedule.
  const { base } = schedule as { base: number };
  const along = beta1 === "one-cycle" ? oneCycleMomentum(rate, { base }) : beta1;
  return (kind === "adam" ? adam : adamW)({ ...rest, beta1: along });
}

function scheduleOf({ rate, schedule, warmUp: share, epochs }: Config["train"]): Schedule {
  const after = afterWarmUp();
  return share > 0 ? warmUp(share, after) : after;

  function afterWarmUp(): Schedule {
    switch (schedule.kind) {
      case "constant":
        return constantRate(rate);
      case "step":
        return stepRate(rate, settingsOf(schedule));
      case "cosine":
        return cosineRate(rate, settingsOf(schedule));
      case "one-cycle": {
        const { base, tail } = schedule;
        return oneCycle(rate, { epochs, base, tail });
      }
    }
  }
}
