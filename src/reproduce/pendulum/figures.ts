import type { Figure, Mark, Panel } from "../../report/figure.ts";
import { publishedLoss } from "./lines.ts";
import { contestants } from "./plan.ts";
import type { SwingResult } from "./run.ts";
import type { PendulumResults } from "./study.ts";

const column = (swing: readonly number[], which: 0 | 1) => swing.filter((_, k) => k % 2 === which);
const roleOf = (name: string) => (contestants as readonly string[]).indexOf(name);
const linear = (label: string) => ({ label, scale: "linear" as const });

export function pendulumFigures({ runs }: PendulumResults): Figure[] {
  const { seed, swing } = runs[0].plan;
  const first = runs.filter(
    ({ plan }) => plan.seed === seed && JSON.stringify(plan.swing) === JSON.stringify(swing),
  );
  return [phasePortrait(first), overTime(first), losses(runs)];
}

/** Held-out swings in the plane of angle and speed, one panel a model. */
function phasePortrait(runs: readonly SwingResult[]): Figure {
  const all = runs.flatMap(({ examples }) =>
    examples.flatMap(({ truth, found }) => [truth, found]),
  );
  const domain = ([0, 1] as const).map((which) => {
    const values = all.flatMap((swing) => column(swing, which));
    return [1.05 * Math.min(...values), 1.05 * Math.max(...values)] as const;
  });
  const axis = (label: string, which: 0 | 1) => ({ ...linear(label), domain: domain[which] });
  const panels = runs.map(({ plan: { model }, examples }): Panel => {
    const marks = examples.flatMap(({ truth, found }, i): Mark[] => [
      {
        type: "line",
        x: column(truth, 0),
        y: column(truth, 1),
        role: "faint",
        weight: "thick",
        ...(i === 0 && { name: "true" }),
      },
      {
        type: "line",
        x: column(found, 0),
        y: column(found, 1),
        role: roleOf(model),
        dash: "solid",
        ...(i === 0 && { name: model }),
      },
      { type: "dots", x: [truth[0]], y: [truth[1]], role: "ink" },
    ]);
    return { title: model, x: axis("angle, rad", 0), y: axis("speed, rad/s", 1), marks };
  });
  return {
    schema: "eigenflow/figure@1",
    name: "pendulum-phase",
    title: "Held-out swings, true and simulated",
    caption: `Angle and speed over 8 s from three held-out starts (dots), each model started from the noisy measurement of the first sample.`,
    alt: `Phase portraits of ${runs.map(({ plan }) => plan.model).join(", ")}; test losses ${runs.map(({ loss }) => loss.toExponential(1)).join(", ")}.`,
    size: "page",
    columns: 3,
    panels,
  };
}

/** The angle of one held-out swing over time, and how far each model is off. */
function overTime(runs: readonly SwingResult[]): Figure {
  const { swing } = runs[0].plan;
  const truth = column(runs[0].examples[0].truth, 0);
  const t = truth.map((_, k) => k * swing.dt);
  const limit: Mark = {
    type: "rule",
    x: swing.trainSamples * swing.dt,
    role: "faint",
    dash: "dashed",
    label: "training ends",
  };
  const angles = runs.map(
    ({ plan, examples }): Mark => ({
      type: "line",
      x: t,
      y: column(examples[0].found, 0),
      role: roleOf(plan.model),
      name: plan.model,
    }),
  );
  const errors = runs.map(
    ({ plan, examples }): Mark => ({
      type: "line",
      x: t,
      y: column(examples[0].found, 0).map((x, k) => x - truth[k]),
      role: roleOf(plan.model),
      name: plan.model,
    }),
  );
  const true_: Mark = {
    type: "line",
    x: t,
    y: truth,
    role: "faint",
    weight: "thick",
    name: "true",
  };
  return {
    schema: "eigenflow/figure@1",
    name: "pendulum-swings",
    title: "A held-out swing over time",
    caption: `The angle from a noisy start, and what is wrong of it; models were trained on ${swing.trainSamples * swing.dt} s.`,
    alt: `Angles of the true pendulum and of ${runs.length} models over 8 s; all come to rest.`,
    size: "page",
    panels: [
      { x: linear("time, s"), y: linear("angle, rad"), marks: [true_, ...angles, limit] },
      { x: linear("time, s"), y: linear("error of the angle, rad"), marks: [...errors, limit] },
    ],
  };
}

/** Test losses of every run: one column for the settings and seeds, and one for the samplings. */
function losses(runs: readonly SwingResult[]): Figure {
  const settings = [...new Set(runs.map(settingOf))];
  const panel = (title: string, of: (run: SwingResult) => number): Panel => ({
    title,
    x: {
      ...linear("setting"),
      domain: [0.5, settings.length + 0.5],
    },
    y: { label: "test loss", scale: "log" },
    marks: [
      ...publishedLoss.map(
        (y, i): Mark => ({
          type: "rule",
          y,
          role: "faint",
          dash: "dashed",
          ...(i === 0 && { name: "published range" }),
        }),
      ),
      ...contestants.flatMap((model, i): Mark[] => {
        const own = runs.filter(({ plan }) => plan.model === model);
        if (own.length === 0) return [];
        return [
          {
            type: "dots",
            // Models stand side by side.
            x: own.map((run) => settings.indexOf(settingOf(run)) + 1 + 0.12 * (i - 2)),
            y: own.map(of),
            role: i,
            name: model,
          },
        ];
      }),
    ],
  });
  const legend = settings.map((setting, i) => `${i + 1}: ${setting}`).join("; ");
  return {
    schema: "eigenflow/figure@1",
    name: "pendulum-losses",
    title: "Test loss by setting",
    caption: `Mean square error over 8 s against the truth, a dot for each seed or sampling. ${legend}.`,
    alt: `Test losses by setting. ${legend}. Published range ${publishedLoss.join(" to ")}.`,
    size: "page",
    panels: [
      panel("from the measured start", ({ loss }) => loss),
      panel("from the exact start", ({ lossFromTruth }) => lossFromTruth),
    ],
  };
}

const settingOf = ({ plan: { swing, sampling } }: SwingResult): string =>
  `d = ${swing.damping === "code" ? "1.5" : "3"}, noise ${swing.noise}${sampling > 0 ? ", half seen" : ""}`;
