import { median } from "../../data/quantiles.ts";
import { randomStream } from "../../data/random.ts";
import { randomState } from "../../eigenfunctions/checks.ts";
import { simulateReduced } from "../../eigenfunctions/reduced-run.ts";
import { phasePortrait, phiFigure } from "../../report/builders/eigenfunctions.ts";
import type { Line, Reproduced, ReproduceOptions, Reproduction } from "../reproduction.ts";
import { storedIn } from "../stored.ts";
import { markdownTable } from "../tables.ts";
import { populationFigure } from "./figures.ts";
import {
  measuredBefore,
  type NearNull,
  posterNearNull,
  randomNearNull,
  type Within,
} from "./near-null.ts";
import { type Checked, checkNetwork } from "./population.ts";
import { posterExample } from "./poster.ts";
import { measureSpeed, type Speed } from "./speed.ts";

const presets = {
  quick: { networks: 100, largest: 200, part: 20, near: 30 },
  full: { networks: 1000, largest: 500, part: 50, near: 300 },
} as const;

/** What exact means in float64: relative to the terms, whatever the size. */
const exactTo = 1e-12;
/** The reduced network may be so many times the integrator's own error off the whole one. */
const integratorTimes = 3;

export const study: Reproduction = {
  name: "rnn-eigenfunctions",
  title: "Exact Koopman eigenfunctions of recurrent networks",
  about:
    "Claveau, Thibeault, Allard & Desrosiers, “Analytical Koopman approach to recurrent neural networks” (poster): its example with every number, " +
    "the five checks of exactness on random networks of low rank (tanh, ReLU, logistic), near-null directions against " +
    "their bound, and the reduced network against the whole one. The poster does not say its activation; tanh is taken.",
  seed: 2024,
  run: (options) => reproduceRnn(options, presets[options.preset]),
};

/** The sizes of a preset, or smaller ones of a test. */
export interface Plan {
  readonly networks: number;
  readonly largest: number; // units
  readonly part: number; // networks stored at once
  readonly near: number; // networks with near-null directions
  readonly speedUnits?: number; // 2,000 unless given
}

export async function reproduceRnn(
  { seed, folder, progress }: Pick<ReproduceOptions, "seed" | "folder" | "progress">,
  plan: Plan,
): Promise<Reproduced> {
  const { networks, largest, part, near } = plan;
  progress("the poster's example");
  const example = posterExample();
  const poster = posterNearNull();
  const stored = storedIn<{ plan: unknown; checked: Checked[] }>(folder);
  const checked: Checked[] = [];
  for (let first = 0; first < networks; first += part) {
    const of = { seed, first, part: Math.min(part, networks - first), largest, version: 1 };
    const name = `networks-${first}`;
    const known = stored.read(name, of);
    if (known === null) progress(`networks ${first + 1} to ${first + of.part} of ${networks}`);
    const found =
      known?.checked ??
      Array.from({ length: of.part }, (_, k) => checkNetwork(seed, first + k, largest));
    if (known === null) stored.write(name, { plan: of, checked: found });
    checked.push(...found);
  }
  progress(`near-null directions of ${near} networks`);
  const within = randomNearNull(seed, near);
  const timed = storedIn<{ plan: unknown; speed: Speed }>(folder);
  const asked = { seed, units: plan.speedUnits ?? 2000 };
  let speed = timed.read("speed", asked)?.speed;
  if (speed === undefined) {
    progress(`whole and reduced network of ${asked.units} units`);
    speed = await measureSpeed(seed, asked.units);
    timed.write("speed", { plan: asked, speed });
  }
  const lines = [
    ...example.lines,
    ...populationLines(checked),
    ...nearLines(poster, within),
    ...speedLines(speed),
  ];
  return {
    lines,
    sections: [
      { heading: "Checks by activation", text: byActivation(checked) },
      { heading: "Near-null directions of the poster's matrix", text: nearTable(poster) },
    ],
    figures: [
      portraitOf(example, seed),
      phiFigure({
        name: "near-null",
        of: "the poster's matrix with its last singular value set to σ",
        time: "time",
        law: { name: "e^(−t)", at: (t) => Math.exp(-t) },
        tracks: poster.map(({ sigma, track }) => ({
          name: `σ = ${sigma}`,
          t: track.t,
          share: track.share,
        })),
      }),
      populationFigure(checked),
    ],
    data: { plan, checked, near: poster.map(({ track: _, ...rest }) => rest), within, speed },
  };
}

const checks = {
  nullSpace: "1. ‖Wᵀu‖ ≤ tol · ‖W‖ ‖u‖",
  generator: "2. uᵀF(x) = −φ(x) at states of size 1, 10, 100",
  law: "3. φ_n = R(−h)ⁿ φ_0 by Runge–Kutta of order 4",
  jacobian: "4. J(x)ᵀu = −u",
} as const;

function populationLines(checked: readonly Checked[]): Line[] {
  const counted = checked.filter((one) => one.counted).length;
  const largest = Math.max(...checked.map(({ N }) => N));
  const rank = Math.max(...checked.map(({ r }) => r));
  const of = `${checked.length} networks, N to ${largest}, r to ${rank}`;
  const worstGap = Math.max(...checked.map(({ gap, integrator }) => gap / (integrator + 1e-14)));
  return [
    {
      what: `N − r exact eigenfunctions found (${of})`,
      published: "all",
      ours: `${counted} of ${checked.length}`,
      standing: counted === checked.length ? "reached" : "not reached",
    },
    ...(Object.keys(checks) as (keyof typeof checks)[]).map((name): Line => {
      const values = checked.map((one) => one[name]);
      const worst = Math.max(...values);
      return {
        what: `${checks[name]}, relative`,
        published: `≤ ${exactTo}`,
        ours: `median ${median(values).toExponential(1)}, largest ${worst.toExponential(1)}`,
        standing: worst <= exactTo ? "reached" : "not reached",
      };
    }),
    {
      what: "5. reduced against whole trajectory, relative, to t = 2",
      published: `≤ ${integratorTimes} × the integrator's error`,
      ours:
        `median ${median(checked.map(({ gap }) => gap)).toExponential(1)}, largest ` +
        `${Math.max(...checked.map(({ gap }) => gap)).toExponential(1)}; at most ${worstGap.toFixed(2)} × the integrator's error`,
      standing: worstGap <= integratorTimes ? "reached" : "not reached",
    },
  ];
}

function nearLines(poster: readonly NearNull[], within: readonly Within[]): Line[] {
  const worst = Math.max(...within.map(({ ratio }) => ratio));
  return [
    ...poster.map(({ sigma, measured, bound }, i): Line => {
      const held = measured <= bound;
      const same = Math.abs(measured / measuredBefore[i] - 1) <= 0.005;
      return {
        what: `σ₃ = ${sigma}: largest distance of φ(t) from e^(−t) φ(0), t ≤ 20`,
        published: `${measuredBefore[i]}, bound ${(1.5275 * sigma).toPrecision(3)}`,
        ours: `${measured.toPrecision(3)}, bound ${bound.toPrecision(3)} (ratio ${(measured / bound).toFixed(2)})`,
        standing: held && same ? "reached" : "not reached",
      };
    }),
    {
      what: `near-null directions within their bound (${within.length} of random networks)`,
      published: "all",
      ours: `${within.filter(({ ratio }) => ratio <= 1).length} of ${within.length}, largest share of the bound ${worst.toFixed(2)}`,
      standing: worst <= 1 ? "reached" : "not reached",
      note: "ReLU: the bound along the trajectory",
    },
  ];
}

function speedLines({ N, r, fewer, plain, onnx, gap }: Speed): Line[] {
  const ms = (value: number) => `${Number(value.toPrecision(3))} ms`;
  const times = (pair: { full: number; reduced: number }) =>
    `${(pair.full / pair.reduced).toFixed(0)} ×`;
  const of = `N = ${N}, r = ${r}`;
  return [
    {
      what: `multiplications of a right-hand side, ${of}`,
      published: "N/(2r)",
      ours: `${fewer.toFixed(0)} × fewer`,
      standing: "",
    },
    {
      what: `one right-hand side in plain float64, ${of}`,
      published: "",
      ours: `${ms(plain.full)} against ${ms(plain.reduced)}: ${times(plain)}`,
      standing: "",
      note: "measured on this machine",
    },
    {
      what: `${onnx.steps} Runge–Kutta steps in ONNX Runtime, float64, ${of}`,
      published: "",
      ours: `${ms(onnx.full)} against ${ms(onnx.reduced)}: ${times(onnx)}; ends ${gap.toExponential(1)} apart`,
      standing: "",
      note: "one start, measured on this machine",
    },
  ];
}

const byActivation = (checked: readonly Checked[]): string =>
  markdownTable(
    ["activation", "networks", "null space", "generator", "law", "Jacobian", "reduced"],
    [...new Set(checked.map(({ activation }) => activation))].map((name) => {
      const of = checked.filter(({ activation }) => activation === name);
      const worst = (key: "nullSpace" | "generator" | "law" | "jacobian" | "gap") =>
        Math.max(...of.map((one) => one[key])).toExponential(1);
      return [
        name,
        String(of.length),
        worst("nullSpace"),
        worst("generator"),
        worst("law"),
        worst("jacobian"),
        worst("gap"),
      ];
    }),
  );

const nearTable = (poster: readonly NearNull[]): string =>
  markdownTable(
    ["σ₃", "largest error, t ≤ 20", "bound σ₃ sup vᵀσ(x)", "ratio"],
    poster.map(({ sigma, measured, bound }) => [
      String(sigma),
      measured.toExponential(2),
      bound.toExponential(2),
      (measured / bound).toFixed(2),
    ]),
  );

function portraitOf({ reduction, points }: ReturnType<typeof posterExample>, seed: number) {
  const draw = randomStream(seed, "portrait");
  return phasePortrait({
    name: "poster-portrait",
    of: "the poster's network, tanh",
    labels: ["y₁", "y₂"],
    tracks: Array.from({ length: 16 }, () => {
      const { y } = simulateReduced(reduction, randomState(draw, 3, 2.5), { dt: 0.02, steps: 400 });
      return { x: y.map(([first]) => first), y: y.map((at) => at[1]) };
    }),
    points: points.map(({ y, stability }) => ({
      x: y[0],
      y: y[1],
      stable: stability === "stable",
    })),
  });
}
