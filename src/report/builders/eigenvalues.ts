import { DataError } from "../../errors.ts";
import type { DotsMark, Figure, Mark, Panel } from "../figure.ts";
import { counted, eigenvalueInWords, inWords } from "./words.ts";

/** An eigenvalue with what is known of it; both members of a pair stand in a list. */
export interface Eigenvalue {
  readonly re: number;
  readonly im: number;
  /** How much it matters, in whatever measure, ≥ 0. */
  readonly importance: number;
  readonly residual: number;
}

/** Residuals up to this are trusted: the one bound of the verdict. */
export const trustedResidual = 0.1;

/** Groups of the most important pairs have a colour of their own; the others share the last. */
const ownColours = 7;

/**
 * The groups of eigenvalues that are drawn alike: conjugates are in one, in order of importance.
 * Conjugates are found by equal real parts and opposite imaginary parts, nearly.
 */
export function groupsOf(values: readonly Eigenvalue[]): number[] {
  const pairs: number[] = new Array(values.length).fill(-1);
  values.forEach((value, i) => {
    if (pairs[i] >= 0) return;
    pairs[i] = i;
    if (value.im === 0) return;
    const near = 1e-9 * Math.hypot(value.re, value.im);
    const other = values.findIndex(
      ({ re, im }, k) =>
        k > i && pairs[k] < 0 && Math.abs(re - value.re) <= near && Math.abs(im + value.im) <= near,
    );
    if (other >= 0) pairs[other] = i;
  });
  const heads = [...new Set(pairs)].sort((a, b) => values[b].importance - values[a].importance);
  return pairs.map((head) => Math.min(ownColours, heads.indexOf(head)));
}

/** Entries of the legend: what filled and hollow mean. */
const trust: readonly Mark[] = [true, false].map((filled) => ({
  type: "dots",
  role: "ink",
  name: filled ? `residual ≤ ${trustedResidual}` : "larger: not to be trusted",
  x: [],
  y: [],
  ...(!filled && { filled: [] }),
  marker: "circle",
}));

const finite = (values: readonly Eigenvalue[]): Eigenvalue[] =>
  values.filter(({ re, im, importance, residual }) =>
    [re, im, importance, residual].every(Number.isFinite),
  );

/** The unit circle with eigenvalues: size tells importance, filled the trusted. */
function circlePanel(values: readonly Eigenvalue[], title?: string): Panel {
  const real = { label: "real part", scale: "linear" } as const;
  return {
    ...(title !== undefined && { title }),
    x: real,
    y: { label: "imaginary part", scale: "linear" },
    equal: true,
    marks: [
      { type: "circle", role: "faint", x: 0, y: 0, r: 1, dash: "dashed" },
      ...trust,
      dotsOf(values),
    ],
  };
}

const dotsOf = (values: readonly Eigenvalue[]): DotsMark => ({
  type: "dots",
  role: 0,
  x: values.map(({ re }) => re),
  y: values.map(({ im }) => im),
  size: values.map(({ importance }) => importance),
  filled: values.map(({ residual }) => residual <= trustedResidual),
  groups: groupsOf(values),
});

/** What is near 1, on a domain that just holds it; null where there is nothing. */
function zoomPanel(values: readonly Eigenvalue[]): { panel: Panel; reach: number } | null {
  const distances = values.map(({ re, im }) => Math.hypot(re - 1, im));
  const near = distances.filter((distance) => distance <= 0.3);
  if (near.length === 0) return null;
  const reach = Math.max(0.005, 1.25 * Math.max(...near));
  const domain = [1 - reach, 1 + reach] as const;
  const panel = circlePanel(values, "near 1");
  return {
    reach,
    panel: {
      ...panel,
      x: { ...panel.x, domain },
      y: { ...panel.y, domain: [-reach, reach] },
    },
  };
}

export interface EigenvalueInput {
  readonly name?: string;
  readonly title?: string;
  readonly of: string; // what the eigenvalues are of, such as "the loss in its last 60 epochs"
  /** What importance measures here. */
  readonly importance?: string;
  readonly eigenvalues: readonly Eigenvalue[];
}

const required = (values: readonly Eigenvalue[], of: string) => {
  const found = finite(values);
  if (found.length === 0) throw new DataError(`no finite eigenvalue of ${of}`);
  return found;
};

/**
 * Eigenvalues and the unit circle, beside it what is near 1. The area of a dot is the importance; filled:
 * residual at most 0.1; hollow: not to be trusted. A pair shares colour and marker.
 *
 * @throws DataError  where no eigenvalue is finite
 */
export function eigenvalueFigure(input: EigenvalueInput): Figure {
  const { of, importance = "its share of the present value" } = input;
  const values = required(input.eigenvalues, of);
  const zoom = zoomPanel(values);
  const whole = circlePanel(values, zoom ? "all" : undefined);
  return {
    schema: "eigenflow/figure@1",
    name: input.name ?? "eigenvalues",
    title: input.title ?? "Eigenvalues and the unit circle",
    caption:
      `Eigenvalues of ${of}. Inside the circle they decay, outside they grow. Area: ${importance}; ` +
      `filled: residual at most ${trustedResidual}; hollow: not to be trusted; a conjugate pair shares ` +
      `colour and marker.${zoom ? " Right: what lies near 1." : ""}`,
    alt: altOf(values, of),
    size: "column",
    panels: zoom ? [whole, zoom.panel] : [whole],
  };
}

/** How eigenvalues lie, in words. */
export function altOf(values: readonly Eigenvalue[], of: string): string {
  const outside = values.filter(({ re, im }) => Math.hypot(re, im) > 1).length;
  const trusted = values.filter(({ residual }) => residual <= trustedResidual).length;
  const [first] = [...values].sort((a, b) => b.importance - a.importance);
  return (
    `${counted(values.length, "eigenvalue")} of ${of}: ${outside} outside the unit circle, ${trusted} ` +
    `with a residual of at most ${trustedResidual}. The most important is ${eigenvalueInWords(first)}, ` +
    `of modulus ${inWords(Math.hypot(first.re, first.im), 4)}, residual ${inWords(first.residual, 2)}.`
  );
}

/**
 * Residual against importance: what matters and can be trusted stands in the upper left.
 *
 * @throws DataError  where no eigenvalue is finite or none has a positive residual and importance
 */
export function residualFigure(input: EigenvalueInput): Figure {
  const { of, importance = "share of the present value" } = input;
  const values = required(input.eigenvalues, of);
  const { size: _, ...dots } = dotsOf(values);
  const trusted = values.filter(({ residual }) => residual <= trustedResidual);
  const share = (some: readonly Eigenvalue[]) => some.reduce((sum, one) => sum + one.importance, 0);
  return {
    schema: "eigenflow/figure@1",
    name: input.name ?? "residuals",
    title: input.title ?? "Residual against importance",
    caption:
      `Each eigenvalue of ${of}: how much it matters over how well it is told. Left of the line: ` +
      `residual at most ${trustedResidual}. Colours and markers as on the unit circle.`,
    alt:
      `${trusted.length} of ${counted(values.length, "eigenvalue")} of ${of} have a residual of at most ` +
      `${trustedResidual}; they carry ${inWords((100 * share(trusted)) / share(values))} % of the importance.`,
    size: "column",
    panels: [
      {
        x: { label: "residual", scale: "log" },
        y: { label: `importance: ${importance}`, scale: "log" },
        marks: [
          {
            type: "rule",
            role: "faint",
            x: trustedResidual,
            dash: "dashed",
            label: "trusted to here",
          },
          ...trust,
          {
            ...dots,
            x: values.map(({ residual }) => residual),
            y: values.map((value) => value.importance),
          },
        ],
      },
    ],
  };
}

export interface WindowInput {
  readonly title: string; // such as "first 40"
  readonly eigenvalues: readonly Eigenvalue[];
}

/**
 * The spectrum as the window grows, a unit circle for each (Mohr et al. 2021, figures 3 and 4).
 *
 * @throws DataError  for no window, or one without a finite eigenvalue
 */
export function windowsFigure({
  of,
  windows,
  ...input
}: {
  readonly name?: string;
  readonly title?: string;
  readonly of: string;
  readonly windows: readonly WindowInput[];
}): Figure {
  if (windows.length === 0) throw new DataError("windowsFigure: no window");
  const panels = windows.map(({ title, eigenvalues }) =>
    circlePanel(required(eigenvalues, `${of}, ${title}`), title),
  );
  return {
    schema: "eigenflow/figure@1",
    name: input.name ?? "windows",
    title: input.title ?? "The spectrum as the window grows",
    caption:
      `Eigenvalues of ${of} in several windows. Area: share of the value at the end of the window; filled: ` +
      `residual at most ${trustedResidual}. Early, what matters lies inside the circle; near a fixed point it gathers at 1.`,
    alt: windows.map(({ title, eigenvalues }) => altOf(finite(eigenvalues), title)).join(" "),
    size: windows.length > 2 ? "page" : "column",
    columns: Math.min(windows.length, 4),
    panels,
  };
}
