import type { ComplexNumbers } from "../../linalg/eigenvalues.ts";
import { frequencyResponse } from "../../lti/response.ts";
import type { StateSpace } from "../../lti/state-space.ts";
import type { Figure, Mark, Panel } from "../figure.ts";
import { mostPanels } from "./experiment.ts";
import { eigenvalueInWords, inWords } from "./words.ts";

export interface NamedPoles {
  readonly name: string;
  readonly poles: ComplexNumbers;
}

/** The poles of several models in the unit circle, with the circle of the rate that is proven. */
export function polesFigure(models: readonly NamedPoles[], rate: number | null): Figure {
  const circle = (r: number, dash: "dashed" | "dotted", name: string): Mark => ({
    type: "circle",
    role: "faint",
    name,
    x: 0,
    y: 0,
    r,
    dash,
  });
  const listed = ({ poles: { re, im } }: NamedPoles) =>
    Array.from(re, (x, i) => ({ re: x, im: im[i] }))
      .filter((pole) => pole.im >= 0)
      .map(eigenvalueInWords)
      .join(", ");
  return {
    schema: "eigenflow/figure@1",
    name: "poles",
    title: "Poles",
    caption:
      `Poles of ${models.map(({ name }) => name).join(" and of ")}. Inside the unit circle a deviation decays` +
      `${rate === null ? "" : `; the dotted circle is the rate that is proven, ${rate}`}.`,
    alt: models.map((one) => `Poles of ${one.name}: ${listed(one)}.`).join(" "),
    size: "column",
    panels: [
      {
        x: { label: "real part", scale: "linear" },
        y: { label: "imaginary part", scale: "linear" },
        equal: true,
        marks: [
          circle(1, "dashed", "unit circle"),
          ...(rate === null || rate === 1 ? [] : [circle(rate, "dotted", `rate ${rate}`)]),
          ...models.map(
            ({ name, poles: { re, im } }, role): Mark => ({
              type: "dots",
              role,
              name,
              x: Array.from(re),
              y: Array.from(im),
            }),
          ),
        ],
      },
    ],
  };
}

/** Outputs [count × l] less those at rest, to a step of one input. */
export interface StepCurve {
  readonly name: string;
  readonly input: number;
  readonly role: number;
  readonly y: Float64Array;
}

/** What the outputs do when one input steps. */
export function stepFigure(
  curves: readonly StepCurve[],
  { inputs, outputs, sampleTime, sizes }: Signals & { readonly sizes: Float64Array },
): Figure {
  const pairs = pairsOf(inputs, outputs);
  const shown = pairs.slice(0, mostPanels);
  const l = outputs.length;
  const end = ({ y }: StepCurve, j: number) => y[y.length - l + j];
  return {
    schema: "eigenflow/figure@1",
    name: "step-response",
    title: "Step response",
    caption:
      `Change of the outputs after a step of ${inputs.map((name, i) => `${inWords(sizes[i])} in ${name}`).join(", of ")} (one ` +
      "standard deviation) from rest at the mean inputs. What is drawn of a step down is turned over: a linear system " +
      `answers both alike.${more(pairs.length - shown.length)}`,
    alt: shown
      .map(({ i, j, title }) => {
        const own = curves.filter(({ input }) => input === i);
        return `${title}: ${own.map((one) => `${one.name} comes to ${inWords(end(one, j))}`).join(", ")}.`;
      })
      .join(" "),
    size: shown.length === 1 ? "column" : "page",
    columns: Math.min(2, shown.length),
    panels: shown.map(({ i, j, title }): Panel => {
      const own = curves.filter(({ input }) => input === i);
      return {
        title,
        x: { label: "time, s", scale: "linear" },
        y: { label: outputs[j], scale: "linear" },
        marks: own.map(
          ({ name, role, y }): Mark => ({
            type: "line",
            role,
            name,
            x: Array.from({ length: y.length / l }, (_, t) => t * sampleTime),
            y: Array.from({ length: y.length / l }, (_, t) => y[t * l + j]),
          }),
        ),
      };
    }),
  };
}

interface Signals {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly sampleTime: number;
}

const pairsOf = (inputs: readonly string[], outputs: readonly string[]) =>
  inputs.flatMap((from, i) => outputs.map((to, j) => ({ i, j, title: `${from} → ${to}` })));
const more = (count: number) => (count > 0 ? ` ${count} further pairs not shown.` : "");

const points = 160;

/**
 * Gain and phase of linear models from a thousandth of the Nyquist frequency up to it.
 *
 * @throws NumericError  for a pole on the unit circle at a frequency that is drawn
 */
export function frequencyFigure(
  models: readonly { readonly name: string; readonly system: StateSpace }[],
  { inputs, outputs, sampleTime }: Signals,
): Figure {
  const pairs = pairsOf(inputs, outputs);
  const shown = pairs.slice(0, mostPanels / 2);
  const thetas = Array.from({ length: points }, (_, k) => Math.PI * 1e-3 ** (1 - k / (points - 1)));
  const hertz = thetas.map((theta) => theta / (2 * Math.PI * sampleTime));
  const responses = models.map(({ name, system }) => ({
    name,
    at: thetas.map((theta) => frequencyResponse(system, theta)),
  }));
  const m = inputs.length;
  const curve = (at: (typeof responses)[number]["at"], i: number, j: number) => {
    const entries = at.map(({ re, im }) => [re.data[j * m + i], im.data[j * m + i]] as const);
    return {
      gain: entries.map(([re, im]) => Math.hypot(re, im)),
      phase: unwrapped(entries.map(([re, im]) => (Math.atan2(im, re) * 180) / Math.PI)),
    };
  };
  const panel = (i: number, j: number, title: string, of: "gain" | "phase"): Panel => ({
    title,
    x: { label: "frequency, Hz", scale: "log", domain: [hertz[0], hertz[points - 1]] },
    y: {
      label: of === "gain" ? "gain" : "phase, degrees",
      scale: of === "gain" ? "log" : "linear",
    },
    marks: responses.map(
      ({ name, at }, role): Mark => ({
        type: "line",
        role,
        name,
        x: hertz,
        y: curve(at, i, j)[of],
      }),
    ),
  });
  return {
    schema: "eigenflow/figure@1",
    name: "frequency-response",
    title: "Frequency response",
    caption:
      `Gain, in units of the output per unit of the input, and phase of ${models.map(({ name }) => name).join(" and of ")}, up to half the ` +
      `sampling frequency.${more(pairs.length - shown.length)}`,
    alt: shown
      .map(
        ({ i, j, title }) =>
          `${title}: ${responses
            .map(({ name, at }) => {
              const { gain } = curve(at, i, j);
              const top = gain.indexOf(Math.max(...gain));
              return `${name} has a gain of ${inWords(gain[0])} at ${inWords(hertz[0])} Hz, at most ${inWords(gain[top])} at ${inWords(hertz[top])} Hz`;
            })
            .join("; ")}.`,
      )
      .join(" "),
    size: "page",
    columns: 2,
    panels: shown.flatMap(({ i, j, title }) => [
      panel(i, j, title, "gain"),
      panel(i, j, title, "phase"),
    ]),
  };
}

/** Degrees without jumps of a turn. */
function unwrapped(phase: readonly number[]): number[] {
  let turns = 0;
  return phase.map((value, k) => {
    if (k > 0) turns -= 360 * Math.round((value - phase[k - 1]) / 360);
    return value + turns;
  });
}
