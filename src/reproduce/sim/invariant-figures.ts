import type { Figure, Mark, Panel } from "../../report/figure.ts";
import type { Distillation } from "./distil.ts";
import { flows } from "./flows.ts";
import type { Learned } from "./learn.ts";

/** So many that they do not hide what is drawn over them. */
const some = (path: readonly (readonly number[])[]) => path.filter((_, k) => k % 5 === 0);
const column = (path: readonly (readonly number[])[], i: number) => path.map((z) => z[i]);

/** Orbits on their way to the limit, eigenvalues, errors over time, and the distilled DEQ. */
export function invariantFigures(
  found: readonly Learned[],
  distilled: Distillation,
): readonly Figure[] {
  const seed = found[0].plan.seed;
  const first = found.filter(({ plan }) => plan.seed === seed);
  const rivals = found.find(({ outcomes }) => outcomes.length > 1);
  return [
    orbitsFigure(first),
    eigenvaluesFigure(first),
    ...(rivals ? [errorsFigure(rivals)] : []),
    distilledFigure(distilled),
  ];
}

const orbitsFigure = (found: readonly Learned[]): Figure => ({
  schema: "eigenflow/figure@1",
  name: "sim-orbits",
  title: "From many starts to a point, a cycle and a torus",
  caption: `Orbits of stable invariant models from starts they were not trained on (lines, t = 0 … 30), the flow from the same starts (faint, t = 0 … 20), and the states of one start from t = 1000 on (dots). From left to right: ${found.map(({ plan }) => flows[plan.flow].name).join(", ")}; of the torus two of four coordinates.`,
  alt: `Phase portraits of ${found.map(({ plan, spectrum }) => `${flows[plan.flow].name}, whose limit is a ${spectrum.limit}`).join("; ")}.`,
  size: "page",
  columns: found.length,
  panels: found.map(
    ({ drawn, spectrum }): Panel => ({
      title: spectrum.limit,
      x: { label: "z₁", scale: "linear" },
      y: { label: "z₂", scale: "linear" },
      marks: [
        {
          ...{ type: "dots", role: 1, name: "its limit" },
          ...{ x: column(some(drawn.limit), 0), y: column(some(drawn.limit), 1) },
        },
        ...drawn.truth.slice(0, 3).map(
          (path): Mark => ({
            ...{ type: "line", role: "faint", weight: "thin", name: "the flow" },
            ...{ x: column(path, 0), y: column(path, 1) },
          }),
        ),
        ...drawn.model.slice(0, 3).map(
          (path): Mark => ({
            ...{ type: "line", role: 0, weight: "thin", name: "the model" },
            ...{ x: column(path, 0), y: column(path, 1) },
          }),
        ),
      ],
    }),
  ),
});

const onPlane = (modes: readonly { angle: number; rate: number }[]) => ({
  x: modes.map(({ angle, rate }) => Math.exp(-rate) * Math.cos(angle)),
  y: modes.map(({ angle, rate }) => Math.exp(-rate) * Math.sin(angle)),
});

const eigenvaluesFigure = (found: readonly Learned[]): Figure => ({
  schema: "eigenflow/figure@1",
  name: "sim-eigenvalues",
  title: "Eigenvalues of one unit of time",
  caption:
    "Of the model, read off its parameters (filled on the circle: they survive in the limit; hollow: they vanish); lasting modes of delayed DMD of one orbit of the data; and the truth. One of each pair, angles above π left out.",
  alt: "Eigenvalues in the unit circle: those on it agree with the truth and with DMD; those inside do not.",
  size: "page",
  columns: found.length,
  panels: found.map(({ plan, spectrum, dmd }): Panel => {
    const flow = flows[plan.flow];
    const lasting = dmd.data.filter(
      ({ angle, rate }) =>
        Math.abs(rate) < (flow.limit === "point" ? 0.5 : 0.05) && angle < Math.PI,
    );
    const rate = flow.limit === "point" ? flow.rate : 0;
    const truth = flow.angles.map((angle) => ({ angle, rate }));
    const modes = spectrum.modes.map(({ angle, rate }) => ({ angle: Math.abs(angle), rate }));
    return {
      title: flow.name,
      x: { label: "Re λ", scale: "linear", domain: [-1.1, 1.1] },
      y: { label: "Im λ", scale: "linear", domain: [-1.1, 1.1] },
      equal: true,
      marks: [
        { type: "circle", role: "faint", x: 0, y: 0, r: 1 },
        { type: "dots", role: 2, name: "truth", marker: "cross", ...onPlane(truth) },
        {
          type: "dots",
          role: 1,
          name: "DMD of the data",
          marker: "square",
          filled: lasting.map(() => false),
          ...onPlane(lasting),
        },
        {
          type: "dots",
          role: 0,
          name: "the model",
          filled: spectrum.modes.map(({ survives }) => survives),
          ...onPlane(modes),
        },
      ],
    };
  }),
});

const errorsFigure = ({ plan, times, outcomes }: Learned): Figure => ({
  schema: "eigenflow/figure@1",
  name: "sim-beyond",
  title: "A cycle beyond the time of training",
  caption: `Error of the state at time t of ${flows[plan.flow].name} from ${plan.held} starts not seen, relative to the size of the cycle; models of [z₀, t] trained on the same ${plan.rows} rows for ${plan.epochs} epochs, t up to 12.`,
  alt: `Error over time: ${outcomes.map(({ model, inside, beyond }) => `${model} ${inside.toPrecision(2)} within the time of training, ${beyond.toPrecision(2)} at four to five times it`).join("; ")}.`,
  size: "column",
  panels: [
    {
      x: { label: "t", scale: "linear" },
      y: { label: "relative error", scale: "log" },
      marks: [
        { type: "rule", role: "faint", x: 12, label: "training ends" },
        ...outcomes.map(
          ({ model, errors }, i): Mark => ({
            ...{ type: "line", role: i, name: model },
            ...{ x: times, y: errors },
          }),
        ),
      ],
    },
  ],
});

const distilledFigure = ({ ranks, solver }: Distillation): Figure => ({
  schema: "eigenflow/figure@1",
  name: "sim-distilled",
  title: "A trained DEQ replaced by one pass",
  caption:
    "Error against the DEQ's equilibria on places not seen, over the rank k of U V: the linear limit of its fitted iteration, the same V and U with g trained, and a model trained whole.",
  alt: `Error over rank: ${ranks.map(({ rank, distilled, whole }) => `k = ${rank}: ${distilled.toPrecision(2)} distilled, ${whole.toPrecision(2)} whole`).join("; ")}.`,
  size: "column",
  panels: [
    {
      x: { label: "rank k", scale: "linear" },
      y: { label: "relative error", scale: "log" },
      marks: [
        { type: "rule", role: "faint", y: solver, label: "solver at 1e-4" },
        ...(["linear", "distilled", "whole"] as const).map(
          (which, i): Mark => ({
            ...{ type: "line", role: i, name: which },
            ...{ x: ranks.map(({ rank }) => rank), y: ranks.map((one) => one[which]) },
          }),
        ),
      ],
    },
  ],
});
