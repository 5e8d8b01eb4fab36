import { quantile } from "../../data/quantiles.ts";
import { rounding } from "../deq/published.ts";
import type { Line } from "../reproduction.ts";
import type { PendulumResults } from "./study.ts";

/** Test losses of the small pendulum over ten irregular samplings, Martinelli et al. (2023). */
export const publishedLoss = [3.7e-4, 9.1e-3] as const;

/** Not in print: what an independent program gives. */
const numpy = "compared with a computation by numpy";
const agrees = (printed: readonly string[], ours: readonly number[]): Line["standing"] =>
  printed.every((text, i) => Math.abs(Number(text) - ours[i]) <= 1.05 * rounding(text))
    ? "reached"
    : "not reached";
const digits = (values: readonly number[], count: number) =>
  values.map((x) => x.toFixed(count)).join(", ");
const power = (x: number) => x.toExponential(1);

/** The lecture's pendulum: what is exact, and what numbers follow. */
export function physicsLines({ physics, regions, counts }: PendulumResults): Line[] {
  const { openLoop, closedLoop, gain, held, hangingModulus, slope, sector } = physics;
  const fixed = (what: string, printed: readonly string[], ours: readonly number[]): Line => ({
    what,
    published: printed.join(", "),
    ours: digits(ours, printed[0].split(".")[1].length),
    standing: agrees(printed, ours),
  });
  return [
    {
      what: "linear form plus z − sin z against Euler's method, 300 steps, largest difference",
      published: "B and B_w exchanged",
      ours: `${power(physics.lureError)}; as printed ${physics.swappedError.toFixed(1)} after 1 s`,
      standing: physics.lureError < 1e-12 ? "corrected" : "not reached",
      note: "B = [0; δ/(ml²)], B_w = [0; −gδ/l], D = 0, y_k = C x_k",
    },
    fixed("LQR gain K of the corrected matrices, Q = I, R = 1", ["19.4061", "5.4387"], gain),
    { ...fixed("eigenvalues, open loop", ["1.0271", ".9639"], openLoop), note: numpy },
    { ...fixed("eigenvalues, closed loop", [".9750", ".9616"], closedLoop), note: numpy },
    { ...fixed("moduli of the eigenvalues, hanging", [".9960"], [hangingModulus]), note: numpy },
    {
      ...fixed("zero-order hold, A", ["1.000489", ".0099568", ".0976758", ".991528"], held.A),
      ours: held.A.map((x) => x.toPrecision(6)).join(", "),
      note: numpy,
    },
    ...physics.integration.map(({ dt, euler, rk4 }, i): Line => {
      const printed = [
        ["1.34", "5.6e-4"],
        [".326", "3.4e-5"],
        [".042", "5.2e-8"],
      ][i];
      return {
        what: `error after 3 s at δ = ${dt} s, Euler / RK4 (hanging, x₀ = [1, 0])`,
        published: printed.join(" / "),
        ours: `${euler.toPrecision(3)} / ${rk4.toExponential(1)}`,
        standing: agrees(printed, [euler, rk4]),
        note: numpy,
      };
    }),
    {
      what: "slope and sector of z − sin z",
      published: "",
      ours: `slope ${digits(slope, 2)}; sector 0, ${sector.most.toFixed(4)} (at z = ${sector.at.toFixed(3)})`,
      standing: "",
      note: "slopes beyond 1: no neuron of a REN; (z − sin z)/2 is one",
    },
    ...regions.map(
      ({ what, published, angle, below, above }): Line => ({
        what: `largest angle within which one metric contracts, degrees (${what})`,
        published,
        ours: `${angle.toFixed(1)}; a metric ${below ? "is" : "is not"} found 1° below, ${above ? "one is" : "none"} 1° above`,
        standing: below && !above ? agrees([published], [angle]) : "not reached",
        note: numpy,
      }),
    ),
    ...counts.map(
      ({ what, rtol, atol, evaluations, published, error }): Line => ({
        what: `dopri5 evaluations at ${rtol.toExponential()}/${atol.toExponential()} (${what})`,
        published: String(published),
        ours: `${evaluations}, error ${power(error)}`,
        standing: evaluations === published ? "reached" : "not reached",
        note: numpy,
      }),
    ),
  ];
}

/** Median and range of test losses. */
const spreadOf = (values: readonly number[]): string => {
  if (values.length === 1) return values[0].toExponential(1);
  const range = `${power(Math.min(...values))} … ${power(Math.max(...values))}`;
  return `${power(quantile(values, 0.5))} (${range}, ${values.length} draws)`;
};
const standing = (values: readonly number[]): Line["standing"] => {
  const middle = quantile(values, 0.5);
  if (middle < publishedLoss[0]) return "better";
  return middle <= publishedLoss[1] ? "reached" : "not reached";
};

/** The test losses beside the published range, and what is proven. */
export function contestLines({ runs, driven }: PendulumResults): Line[] {
  const published = `${power(publishedLoss[0])} … ${power(publishedLoss[1])}`;
  const groups = grouped(runs, ({ plan: { model, swing, sampling } }) => {
    const dampings = { code: "d = β = 1.5", text: "d = β/l = 3" } as const;
    const setting = `${dampings[swing.damping]}, noise ${swing.noise}`;
    return `${model}: test loss, ${setting}${sampling > 0 ? ", half of the samples seen" : ""}`;
  });
  const isRen = (name: string) => /^(REN|continuous REN):/.test(name);
  const losses = [...groups].map(([what, of]): Line => {
    const values = of.map(({ loss }) => loss);
    const exact = of.map(({ lossFromTruth }) => lossFromTruth);
    return {
      what,
      published: isRen(what) ? published : "",
      ours: `${spreadOf(values)}; from the exact start ${spreadOf(exact)}`,
      standing: isRen(what) ? standing(values) : "",
    };
  });
  const proofs = [...runs, ...driven].flatMap(({ plan, proven }) =>
    proven === null ? [] : [{ name: plan.model, proven }],
  );
  const kinds = grouped(proofs, ({ name }) => name);
  const certificates = [...kinds].map(([name, of]): Line => {
    const kept = of.every(({ proven: { kind, claimed, observed } }) =>
      kind === "rate" ? observed <= claimed : observed <= -claimed,
    );
    const least = Math.min(...of.map(({ proven }) => proven.margin));
    const claims = [...new Set(of.map(({ proven }) => proven.claimed.toPrecision(3)))];
    const word = name === "REN" ? "ᾱ a step" : "α per second";
    return {
      what: `${name}: contraction proven on the stored float32 weights (${word} ${claims.join(", ")})`,
      published: "",
      ours: `${of.length} of ${of.length}, λmin ≥ ${power(least)}; ${kept ? "kept" : "BROKEN"} in ${of.length * of[0].proven.pairs} pairs of states`,
      standing: "",
    };
  });
  return [...losses, ...certificates];
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}
