import { requireObject, requireOneOf, requireThat } from "../errors/arguments.ts";
import { unknownName } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import { type AndersonOptions, anderson, andersonDefaults, andersonRanges } from "./anderson.ts";
import { type AutoOptions, auto, autoDefaults, autoRanges } from "./auto.ts";
import { type BroydenOptions, broyden, broydenDefaults, broydenRanges } from "./broyden.ts";
import { dense } from "./dense.ts";
import type { Solver } from "./fixed-point.ts";
import { type GmresOptions, gmres, gmresDefaults, gmresRanges } from "./gmres.ts";
import { type NewtonOptions, newton, newtonDefaults, newtonRanges } from "./newton.ts";
import {
  type NewtonGmresOptions,
  newtonGmres,
  newtonGmresDefaults,
  newtonGmresRanges,
} from "./newton-gmres.ts";
import {
  methodOptions,
  type Range,
  type Ranges,
  type SolveOptions,
  solveDefaults,
  solveOptions,
} from "./options.ts";
import { jfb, type PhantomOptions, phantom, phantomDefaults, phantomRanges } from "./phantom.ts";
import { type PicardOptions, picard, picardDefaults, picardRanges } from "./picard.ts";

/** The two solves of an equilibrium model: z = f(z), and g = Jᵀg + a of its derivative. */
export type Purpose = "fixed-point" | "linear";

export interface SolverOption {
  readonly about: string;
  readonly default: number;
  readonly range: Range;
}

export interface SolverEntry {
  /** What it does, in a sentence. */
  readonly about: string;
  readonly serves: readonly Purpose[];
  readonly options: Readonly<Record<string, SolverOption>>;
  /** From its own options, all given, and those of every solve. */
  readonly build: (
    options: Readonly<Record<string, number>>,
    solve: Partial<SolveOptions>,
    purpose: Purpose,
  ) => Solver;
}

/** A method by name, or with its own options and those of every solve; picard unless named. */
export type SolverChoice =
  | string
  | Partial<SolveOptions>
  | { readonly method?: string; readonly [option: string]: unknown };

type Numbers<T> = { readonly [K in keyof T]: number };

/** An entry whose options are checked against their type: each has a default, a range and a meaning. */
const entry = <T extends Numbers<T>>({
  about,
  serves = ["fixed-point", "linear"],
  defaults,
  ranges,
  meanings,
  build,
}: {
  about: string;
  serves?: readonly Purpose[];
  defaults: T;
  ranges: Ranges<T>;
  meanings: { readonly [K in keyof T]: string };
  build: (options: T, solve: Partial<SolveOptions>, purpose: Purpose) => Solver;
}): SolverEntry => ({
  about,
  serves,
  options: Object.fromEntries(
    (Object.keys(defaults) as (keyof T & string)[]).map((name) => [
      name,
      { about: meanings[name], default: defaults[name], range: ranges[name] },
    ]),
  ),
  build: (options, solve, purpose) => build(options as T, solve, purpose),
});

const window = "directions kept, beyond which the oldest is dropped";
const growth = "how much a step may let the residual grow before it is shortened";

/**
 * Every solver by its name in configurations. A deployed model holds operators of the ONNX standard
 * alone, unless its forward solver is anderson or newton, which use ONNX Runtime's own `Inverse`.
 */
export const solverTable: Readonly<Record<string, SolverEntry>> = {
  picard: entry<PicardOptions>({
    about:
      "plain or damped iteration, z ← τf(z) + (1 − τ)z: the cheapest step; needs a contraction",
    defaults: picardDefaults,
    ranges: picardRanges,
    meanings: { damping: "τ" },
    build: ({ damping }, options) => ({ method: picard(damping), options }),
  }),
  anderson: entry<AndersonOptions>({
    about:
      "mixes the last m iterates so that their residuals cancel: fewer steps where contraction is slow",
    defaults: andersonDefaults,
    ranges: andersonRanges,
    meanings: {
      window: "iterates mixed, m",
      ridge: "regularisation, relative to each squared residual",
      mixing: "share of the mixed residual that is added",
      period: "evaluations between two mixings",
    },
    build: (own, options) => ({ method: anderson(own), options }),
  }),
  broyden: entry<BroydenOptions>({
    about:
      "Broyden's good method: learns the inverse Jacobian from its steps; reaches where others fail",
    defaults: broydenDefaults,
    ranges: broydenRanges,
    meanings: {
      window: "steps kept, after which a sample starts anew",
      smallest: "divisor of the update below which a sample starts anew",
    },
    build: (own, options) => ({ method: broyden(own), options }),
  }),
  newton: entry<NewtonOptions>({
    about: "Newton's method with the Jacobian of each sample in full: few steps, for small n",
    defaults: newtonDefaults,
    ranges: newtonRanges,
    meanings: { growth },
    build: (own, options) => ({ method: newton(own), options }),
  }),
  "newton-gmres": entry<NewtonGmresOptions>({
    about: "Newton's method without a Jacobian, its systems solved by GMRES: few steps, for any n",
    defaults: newtonGmresDefaults,
    ranges: newtonGmresRanges,
    meanings: {
      growth,
      inner: "residual of the inner solve, relative to its step",
      innerIterations: "most products with the Jacobian in a step",
      window,
    },
    build: (own, options) => ({ method: newtonGmres(own), options }),
  }),
  gmres: entry<GmresOptions>({
    about: "GMRES: the least residual over the directions searched, one product a step",
    serves: ["linear"],
    defaults: gmresDefaults,
    ranges: gmresRanges,
    meanings: { window },
    build: (own, options) => ({ solve: gmres(own, options), linear: true }),
  }),
  dense: entry({
    about: "the matrix of each sample assembled and inverted: exact, for n up to some hundreds",
    serves: ["linear"],
    defaults: {},
    ranges: {},
    meanings: {},
    build: (_, options) => ({ solve: dense(options), linear: true }),
  }),
  phantom: entry<PhantomOptions>({
    about: "k terms of the damped Neumann series: an approximation, whose samples end as truncated",
    serves: ["linear"],
    defaults: phantomDefaults,
    ranges: phantomRanges,
    meanings: { steps: "k", damping: "τ" },
    build: (own) => ({ solve: phantom(own), linear: true }),
  }),
  jfb: entry({
    about: "Jacobian-free, g = a: no product at all, the crudest approximation; ends as truncated",
    serves: ["linear"],
    defaults: {},
    ranges: {},
    meanings: {},
    build: () => ({ solve: jfb(), linear: true }),
  }),
  auto: entry<AutoOptions>({
    about: "plain iteration while it contracts, then Broyden; backward, dense or GMRES; per sample",
    defaults: autoDefaults,
    ranges: autoRanges,
    meanings: {
      contraction: "contraction per step with which plain iteration goes on",
      small: "numbers per sample up to which the backward matrix is formed",
    },
    build: (own, options, purpose) => ({
      solve: auto(purpose, own, options),
      linear: purpose === "linear",
    }),
  }),
};

/** The names of the solvers that serve a purpose, or of all. */
export const solverNames = (purpose?: Purpose): string[] =>
  Object.keys(solverTable).filter(
    (name) => purpose === undefined || solverTable[name].serves.includes(purpose),
  );

/**
 * A solver by name: `solver("gmres", "linear")`, `solver({ method: "picard", damping: 0.5, rtol: 1e-6 })`.
 *
 * @throws UsageError  for an unknown method or option, a value out of range, or a method that does
 * not serve the purpose
 */
export function solver(choice: SolverChoice, purpose: Purpose = "fixed-point"): Solver {
  if (typeof choice !== "string")
    requireObject("solver", "choice", choice, 'a name as in "auto", or { method, … }');
  requireOneOf("solver", "purpose", purpose, ["fixed-point", "linear"]);
  const named = typeof choice === "string" ? { method: choice } : choice;
  const { method = "picard", ...given }: { method?: string; [option: string]: unknown } = {
    ...named,
  };
  requireThat("solver", "method", method, typeof method === "string", "a name");
  if (!Object.hasOwn(solverTable, method))
    throw unknownName("unknown solver", method, solverNames(purpose));
  const { serves, options, build } = solverTable[method];
  if (!serves.includes(purpose)) {
    const names = solverNames(purpose).join(", ");
    throw new UsageError(
      `the solver ${method} was asked for the purpose "${purpose}" and serves "${serves.join('", "')}" alone`,
      purpose === "linear"
        ? `for g = Jᵀg + a, the derivative of an equilibrium: ${names}`
        : `for z = f(z): ${names}; ${method} is for the derivative, g = Jᵀg + a: solver(…, "linear"), \`backward\` of a model`,
    );
  }
  const [own, shared]: Record<string, unknown>[] = [{}, {}];
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(options, name) && !Object.hasOwn(solveDefaults, name)) {
      const known = [...Object.keys(options), ...Object.keys(solveDefaults)];
      throw unknownName(`${method}: unknown option`, name, known);
    }
    (Object.hasOwn(options, name) ? own : shared)[name] = value;
  }
  solveOptions(shared);
  const names = Object.keys(options);
  const by = <T>(pick: (option: SolverOption) => T): Record<string, T> =>
    Object.fromEntries(names.map((name) => [name, pick(options[name])]));
  const all = methodOptions(
    method,
    by((option) => option.default),
    by(({ range }) => range),
    own as Record<string, number>,
  );
  return build(all, shared, purpose);
}

/**
 * A solver that is one already as it is; a choice that names no method, with the usual method and its
 * options; any other by name.
 */
export function solverOf(
  given: SolverChoice | Solver,
  purpose: Purpose,
  usual: Exclude<SolverChoice, string>,
): Solver {
  if (typeof given === "string") return solver(given, purpose);
  const { solve, method } = given as { readonly solve?: unknown; readonly method?: unknown };
  if (solve !== undefined || typeof method === "object") return given as Solver;
  const choice = given as Exclude<SolverChoice, string>;
  return solver(method === undefined ? { ...usual, ...choice } : choice, purpose);
}
