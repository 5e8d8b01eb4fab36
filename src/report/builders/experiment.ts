import { type Experiment, valuesOf } from "../../data/experiment/experiment.ts";
import type { Figure, Mark, Panel } from "../figure.ts";
import { counted, inWords } from "./words.ts";

/** Panels that a page shows of one kind; what is more is said. */
export const mostPanels = 8;

/** The measured signals with what each stretch was for. */
export interface SplitExperiment {
  readonly work: Experiment; // what was estimated on
  readonly check: Experiment; // held out, right behind it
  /** Samples of `work` that were trained on, the rest saying when to stop; null: all of them. */
  readonly trained: number | null;
}

const finite = (values: Float64Array) => Array.from(values, (v) => (Number.isFinite(v) ? v : null));
const seconds = (count: number, from: number, dt: number) =>
  Array.from({ length: count }, (_, t) => (from + t) * dt);

/** Inputs and outputs over time, the stretches of training, of validation and held out in their colours. */
export function dataFigure({ work, check, trained }: SplitExperiment, name: string): Figure {
  const { inputs, outputs, sampleTime: dt } = work;
  const until = trained ?? work.count;
  const stretches = [
    { name: trained === null ? "estimated on" : "trained on", of: work, from: 0, to: until, at: 0 },
    ...(until < work.count
      ? [{ name: "validation", of: work, from: until, to: work.count, at: 0 }]
      : []),
    { name: "held out", of: check, from: 0, to: check.count, at: work.count },
  ];
  const signals = [
    ...inputs.map((signal, j) => ({ signal, of: "u" as const, j, width: inputs.length })),
    ...outputs.map((signal, j) => ({ signal, of: "y" as const, j, width: outputs.length })),
  ];
  const shown = signals.slice(0, mostPanels);
  const panels = shown.map(({ signal, of, j, width }, p): Panel => {
    const lines = stretches.map(
      ({ name, of: part, from, to, at }, role): Mark => ({
        type: "line",
        role,
        name,
        dash: "solid",
        weight: "thin",
        x: seconds(to - from, at + from, dt),
        y: finite(valuesOf(part[of], width, j).subarray(from, to)),
      }),
    );
    const rules = stretches.slice(1).map(
      ({ name, from, at }): Mark => ({
        type: "rule",
        role: "faint",
        dash: "dashed",
        x: (at + from) * dt,
        ...(p === 0 && { label: name }),
      }),
    );
    return {
      x: { label: p === shown.length - 1 ? "time, s" : "", scale: "linear" },
      y: { label: `${of === "u" ? "input" : "output"} ${signal}`, scale: "linear" },
      marks: [...rules, ...lines],
    };
  });
  const left = signals.length - shown.length;
  const parts = stretches.map(
    ({ name, from, to, at }) =>
      `${name} from ${inWords((at + from) * dt, 6)} to ${inWords((at + to - 1) * dt, 6)} s (${counted(to - from, "sample")})`,
  );
  const ranges = shown.map(({ signal, of, j, width }) => {
    const all = [...valuesOf(work[of], width, j), ...valuesOf(check[of], width, j)];
    const [low, high] = [all.reduce(smaller), all.reduce(larger)];
    return `${of === "u" ? "Input" : "Output"} ${signal} goes from ${inWords(low)} to ${inWords(high)}.`;
  });
  return {
    schema: "eigenflow/figure@1",
    name,
    title: "The data",
    caption:
      `Inputs and outputs of ${work.name} as measured: ${parts.join(", ")}.` +
      (left > 0 ? ` ${counted(left, "further signal")} not shown.` : ""),
    alt: `${parts.join("; ")}. ${ranges.join(" ")}`,
    size: "page",
    columns: 1,
    panels,
  };
}

const smaller = (a: number, b: number) => Math.min(a, b);
const larger = (a: number, b: number) => Math.max(a, b);

/** What a model answered to the inputs of an experiment. */
export interface Answer {
  readonly model: string;
  readonly predicted: Float64Array; // [count × l]
  readonly fits: readonly number[]; // % of each output
}

/** Outputs held out as measured, and as the models simulate them from the inputs alone. */
export function fitFigure(
  check: Experiment,
  from: number, // the sample at which it begins
  answers: readonly Answer[],
  name: string,
): Figure {
  const { outputs, y, count, sampleTime: dt } = check;
  const shown = outputs.slice(0, mostPanels);
  const x = seconds(count, from, dt);
  const fits = (of: Answer, j: number) => `${of.model} ${inWords(of.fits[j])} %`;
  return {
    schema: "eigenflow/figure@1",
    name,
    title: "Simulation of data held out",
    caption:
      `Outputs of ${check.name} held out, as measured and as simulated from the inputs alone, from a state fitted to them. ` +
      `Fit: ${shown.map((output, j) => `${output}: ${answers.map((one) => fits(one, j)).join(", ")}`).join("; ")}.` +
      (outputs.length > shown.length
        ? ` ${counted(outputs.length - shown.length, "further output")} not shown.`
        : ""),
    alt: shown
      .map(
        (output, j) =>
          `Output ${output} held out, ${counted(count, "sample")} from ${inWords(from * dt, 6)} s: met by ${answers.map((one) => fits(one, j)).join(" and by ")}.`,
      )
      .join(" "),
    size: "page",
    columns: 1,
    panels: shown.map((output, j) => ({
      x: { label: j === shown.length - 1 ? "time, s" : "", scale: "linear" },
      y: { label: `output ${output}`, scale: "linear" },
      marks: [
        {
          type: "line",
          role: "ink",
          name: "measured",
          weight: "thin",
          x,
          y: finite(valuesOf(y, outputs.length, j)),
        },
        ...answers.map(
          ({ model, predicted }, role): Mark => ({
            type: "line",
            role,
            name: model,
            x,
            y: finite(valuesOf(predicted, outputs.length, j)),
          }),
        ),
      ],
    })),
  };
}
