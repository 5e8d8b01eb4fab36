import { UsageError } from "../../errors.ts";
import type { Line, PresetName, Reproduced, ReproduceOptions } from "../reproduction.ts";
import { type Stored, storedIn } from "../stored.ts";
import { markdownTable } from "../tables.ts";
import { type Distillation, type DistilPlan, distillation } from "./distil.ts";
import { flows } from "./flows.ts";
import { invariantFigures } from "./invariant-figures.ts";
import { type Learned, type LearnPlan, learned } from "./learn.ts";

export interface InvariantPlan {
  readonly learn: readonly LearnPlan[];
  readonly distil: DistilPlan;
}

/** What each preset computes. */
export function invariantPlan(preset: PresetName, seed: number): InvariantPlan {
  const full = preset === "full";
  const size = full
    ? { held: 40, starts: 200, rows: 20_000, epochs: 60, batch: 128, rate: 3e-3 }
    : { held: 30, starts: 120, rows: 10_000, epochs: 25, batch: 128, rate: 3e-3 };
  const seeds = full ? [seed, seed + 1, seed + 2] : [seed];
  return {
    learn: seeds.flatMap((one) =>
      (["pendulum", "vanDerPol", "twoOscillators"] as const).map((flow) => ({
        ...size,
        flow,
        seed: one,
        rivals: flow === "vanDerPol" && one === seed,
      })),
    ),
    distil: {
      ...{ ranks: full ? [1, 2, 3, 4, 8] : [1, 4, 8], rows: full ? 800 : 400 },
      ...{ epochs: full ? 120 : 40, batch: 32, rate: 5e-3, seed },
    },
  };
}

/**
 * What the model class can do beyond its paper: a point, a cycle and a torus learned from orbits, beside
 * a DEQ and a feed-forward net, and a trained DEQ replaced by a model fitted to its iterations.
 *
 * @returns lines, sections, figures and data of `reproduce sim`
 */
export async function invariantStudy(
  { preset, seed, folder, progress }: ReproduceOptions,
  plan: InvariantPlan = invariantPlan(preset, seed),
): Promise<Reproduced> {
  if (plan.learn.length === 0) throw new UsageError("invariantStudy: no flow to learn");
  const found: Learned[] = [];
  const kept: Stored<Learned> = storedIn(folder);
  for (const one of plan.learn) {
    const name = `${one.flow}-${one.seed}`;
    progress(`learning a ${flows[one.flow].limit}: ${flows[one.flow].name}, seed ${one.seed}`);
    const result = kept.read(name, one) ?? (await learned(one));
    kept.write(name, result);
    found.push(result);
  }
  progress("distilling a deep equilibrium model");
  const keptDistilled: Stored<Distillation> = storedIn(folder);
  const distilled =
    keptDistilled.read("distillation", plan.distil) ?? (await distillation(plan.distil));
  keptDistilled.write("distillation", distilled);
  return {
    lines: [...found.flatMap(linesOf), distilledLine(distilled)],
    sections: [
      { heading: "Spectra against the truth and against DMD", text: spectraTable(found) },
      { heading: "Beside a DEQ and a feed-forward net", text: rivalsTable(found) },
      { heading: "A DEQ distilled", text: distilledTable(distilled) },
      { heading: "What does not work", text: limitsOf(found) },
    ],
    figures: invariantFigures(found, distilled),
    data: {
      learned: found.map(({ drawn: _, ...rest }) => rest),
      distilled,
    },
  };
}

const percent = (x: number) => `${x < 0.1 ? (100 * x).toPrecision(2) : (100 * x).toFixed(0)} %`;

/**
 * One line a run, and one for each rival. Nothing of it is in print; promised was that the model stays on a
 * cycle where a DEQ comes to rest: that it spans, from t = 1000 on, a tenth of the cycle at most.
 */
function linesOf({ plan, spectrum, outcomes: [own, ...rivals] }: Learned): Line[] {
  const flow = flows[plan.flow];
  const angles = spectrum.modes.filter(({ kind }) => kind === "rotation");
  return [
    {
      what: `${flow.name}: the limit, error at four to five times the time of training`,
      published: "",
      ours: `${spectrum.limit}, ${percent(own.beyond)} (seed ${plan.seed})`,
      standing: "",
      ...(angles.length > 0 && {
        note: `angles ${list(angles.map(({ angle }) => angle))}, true ${list(flow.angles)}`,
      }),
    },
    ...rivals.map(
      ({ model, extent, parameters }): Line => ({
        what: `${flow.name}: extent of one start's states from t = 1000 to 1010, ${model} of ${parameters.toLocaleString("en")} parameters`,
        published: "comes to rest (promised)",
        ours: `${extent.toPrecision(2)}, SIM's ${own.extent.toPrecision(2)} of ${own.parameters.toLocaleString("en")} (seed ${plan.seed})`,
        standing: extent < own.extent / 10 ? "reached" : "not reached",
      }),
    ),
  ];
}

const list = (values: readonly number[]) =>
  [...values]
    .sort((a, b) => a - b)
    .map((v) => v.toFixed(4))
    .join(", ");

const distilledLine = ({ ranks, solver, plan }: Distillation): Line => {
  const { rank, distilled, whole } = ranks[ranks.length - 1];
  return {
    what: "a trained DEQ replaced in one pass: error against its equilibria",
    published: "",
    ours: `${percent(distilled)} by spectra of its iteration, ${percent(whole)} by training whole (rank ${rank}, seed ${plan.seed})`,
    standing: "",
    note: `the solver at 1e-4: ${percent(solver)}`,
  };
};

function spectraTable(found: readonly Learned[]): string {
  const text = (modes: Learned["dmd"]["data"]) =>
    modes
      .filter(({ rate }) => Math.abs(rate) < 0.05)
      .slice(0, 3)
      .map(({ angle }) => angle.toFixed(4))
      .join(", ") || "none lasting";
  return [
    "Angles in radians per unit of time, lasting ones only. DMD is of one orbit of the data (delays), and of the model's own orbit, whose harmonics are those of its read-out. Training starts from the angles that DMD of the data finds.",
    markdownTable(
      [
        "flow",
        "seed",
        "true",
        "the model, exactly",
        "DMD of the data",
        "DMD of the model",
        "limit",
      ],
      found.map(({ plan, spectrum, dmd }) => [
        flows[plan.flow].name,
        String(plan.seed),
        flows[plan.flow].limit === "point" ? "none" : list(flows[plan.flow].angles),
        list(spectrum.modes.filter(({ survives }) => survives).map(({ angle }) => angle)) || "none",
        text(dmd.data),
        text(dmd.model),
        spectrum.limit,
      ]),
    ),
  ].join("\n\n");
}

function rivalsTable(found: readonly Learned[]): string {
  const rows = found.flatMap(({ plan, outcomes }) =>
    outcomes.map(({ model, parameters, inside, beyond, offSet, extent }) => [
      flows[plan.flow].name,
      model,
      String(parameters),
      percent(inside),
      percent(beyond),
      offSet.toPrecision(2),
      extent.toPrecision(3),
    ]),
  );
  return [
    "Errors are relative to the size of the limit set (of the starts, for a point). The last column is how far apart the states are that one start is given from t = 1000 to 1010: the size of a cycle where a model holds it, 0 where it has come to rest. At the times of training the rivals are far from exact on this budget too; that they come to rest does not depend on it. The distance from the true set is to samples of it: on the torus, mostly the gaps between them.",
    markdownTable(
      [
        "flow",
        "model",
        "parameters",
        "error, times of training",
        "error, 4–5 times that",
        "distance from the true set",
        "extent, t = 1000 … 1010",
      ],
      rows,
    ),
  ].join("\n\n");
}

const distilledTable = ({ ranks, radius, misfit, solver }: Distillation): string =>
  [
    `Steps of the DEQ's layer from 0, seen through z and Fourier features, fitted by a linear map (misfit ${percent(misfit)}, largest eigenvalue that vanishes ${radius.toFixed(3)}); its limit, cut to rank k, gives V and U; g is trained behind them. Errors are relative to the equilibria of a solver at 1e-7 on places not seen; the solver at its usual 1e-4 is off by ${percent(solver)}.`,
    markdownTable(
      ["k", "linear read-out, nothing trained", "g trained behind V, U", "all trained at once"],
      ranks.map(({ rank, linear, distilled, whole }) => [
        String(rank),
        percent(linear),
        percent(distilled),
        percent(whole),
      ]),
    ),
  ].join("\n\n");

function limitsOf(found: readonly Learned[]): string {
  const cycle = found.find(({ plan }) => flows[plan.flow].limit === "cycle");
  const point = found.find(({ plan }) => flows[plan.flow].limit === "point");
  const rates = (one?: Learned) =>
    one?.spectrum.modes
      .filter(({ kind }) => kind === "decaying")
      .map(({ rate }) => rate.toFixed(2))
      .join(", ");
  return [
    ...(cycle
      ? [
          `- Near the unstable point inside the cycle the phase has no value, and no continuous map to a circle exists: starts at a distance of 0.1 have an error of ${percent(cycle.nearCentre)} at t = 8.`,
          `- Rates of decay are not identified, since a nonlinear read-out can bend one rate into another: van der Pol's is ${flows.vanDerPol.rate.toFixed(3)}, learned ${rates(cycle)}${point ? `; the pendulum's is ${flows.pendulum.rate}, learned ${rates(point)}` : ""}. Angles that last are, because a phase must fit for all time.`,
        ]
      : []),
    `- Going to t = 10 at once or by two halves differs by ${found.map(({ plan, halves }) => `${percent(halves)} (${flows[plan.flow].name})`).join(", ")}: consistency is a penalty, not a property.`,
    "- The number of angles is chosen, not learned, and training must start near them: DMD of the data supplies both here. Chaos and several attractors at once are outside the model class: one torus is the limit of all starts.",
  ].join("\n");
}
