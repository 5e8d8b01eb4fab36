import type { Figure, Mark, Panel } from "../../report/figure.ts";
import type { PlantData } from "./plant.ts";
import { boundOf, type Group, rensOf } from "./summary.ts";

/** Where "no bound" stands on the axis of bounds. */
const unbounded = 200;
const place = (group: Group) => (boundOf(group) === "none" ? unbounded : Number(boundOf(group)));

/** γ against NRMSE and against the gain that was observed, in the manner of the paper's figure. */
export function boundFigure(groups: readonly Group[], { alongData }: PlantData["gain"]): Figure {
  const kinds = (["acyclic", "full"] as const).map((kind) => rensOf(groups, kind));
  const curves = (of: (group: Group) => { middle: number; low: number; high: number }): Mark[] =>
    kinds.flatMap((kind, role): Mark[] => {
      if (kind.length === 0) return [];
      const x = kind.map(place);
      const name = role === 0 ? "acyclic" : "full";
      const last = kind.at(-1)!;
      const open = place(last) === unbounded;
      const bounded = kind.filter((group) => place(group) !== unbounded);
      return [
        {
          ...{ type: "band", role, x: bounded.map(place) },
          low: bounded.map((g) => of(g).low),
          high: bounded.map((g) => of(g).high),
        },
        {
          ...{ type: "line", role, name, x },
          // Broken before "no bound", which is no place on the scale.
          y: kind.map((g) => (place(g) === unbounded ? null : of(g).middle)),
        },
        ...(open && role === 0
          ? [{ type: "text", role, x: unbounded, y: of(last).middle, text: "no bound" } as const]
          : []),
        { type: "dots", role, x, y: kind.map((g) => of(g).middle) },
      ];
    });
  const percent = (value: number) => (100 * value) / alongData;
  const gains = (group: Group) => ({
    middle: percent(group.observed.middle),
    low: percent(group.observed.low),
    high: percent(group.observed.high),
  });
  const free = groups.filter(({ network }) => network.kind !== "ren");
  const rules = (of: (group: Group) => number): Mark[] =>
    free.map((group, i) => ({
      type: "rule",
      role: 2 + i,
      name: group.name,
      y: of(group),
    }));
  const x = {
    label: "bound γ, % of the plant's gain",
    scale: "log",
    domain: [8, 250],
  } as const;
  const bounded = kinds.flat().filter(({ bound }) => bound !== null);
  const identity = bounded.map(place).sort((a, b) => a - b);
  const tightest = bounded.reduce((a, b) => (place(b) < place(a) ? b : a));
  return {
    schema: "eigenflow/figure@1",
    name: "robust-ren",
    title: "What a bound of the gain costs, and how much of it is used",
    caption:
      "Networks in equilibrium form of two hardening springs, each proven to have a gain of at most γ. Left: error of " +
      "the free simulation of held-out data. Right: the largest gain that a search found, beside γ (dashed). Bands: " +
      "least and most of the seeds; rules: unconstrained networks of as many parameters.",
    alt:
      `NRMSE falls from ${tightest.nrmse.middle.toFixed(0)} % at γ = ${place(tightest)} % as the bound widens; the gain found ` +
      `is ${((100 * tightest.observed.middle) / tightest.bound!).toFixed(0)} % of the tightest bound and never above one.`,
    size: "page",
    columns: 2,
    panels: [
      {
        title: "error",
        x,
        y: { label: "NRMSE, %", scale: "linear", domain: [0, 100] },
        marks: [...curves(({ nrmse }) => nrmse), ...rules(({ nrmse }) => nrmse.middle)],
      },
      {
        title: "observed gain",
        x,
        y: { label: "largest gain found, % of the plant's", scale: "log" },
        marks: [
          { type: "line", role: "ink", dash: "dashed", name: "γ", x: identity, y: identity },
          ...curves(gains),
          ...rules((group) => percent(group.observed.middle)),
        ],
      },
    ],
  };
}

/** What the worst change of the input by ‖Δu‖ = 0.05 makes of the output, on one scale for all networks. */
export function attackFigure(groups: readonly Group[]): Figure {
  const acyclic = rensOf(groups, "acyclic");
  const [tightest, widest] = [acyclic[0], acyclic.at(-1)!];
  const shown = [
    ...groups.filter(({ network }) => network.kind !== "ren"),
    ...(widest === tightest ? [] : [widest]),
    tightest,
  ];
  const changes = shown.map((group) => {
    const { y, z } = worst(group);
    return z.map((value, t) => value - y[t]);
  });
  const most = 1.1 * Math.max(...changes.flat().map(Math.abs));
  const panels = shown.map(
    (group, k): Panel => ({
      title: `${group.name}: gain ${worst(group).gain.toFixed(1)}`,
      x: { label: "sample", scale: "linear" },
      y: { label: "attacked − nominal output", scale: "linear", domain: [-most, most] },
      marks: [
        { type: "line", role: k, dash: "solid", x: changes[k].map((_, t) => t), y: changes[k] },
      ],
    }),
  );
  const gains = shown.map((group) => `${group.name} ${worst(group).gain.toFixed(1)}`);
  return {
    schema: "eigenflow/figure@1",
    name: "robust-ren-attack",
    title: "What the worst change of the input by ‖Δu‖ = 0.05 does to the output",
    caption:
      "Difference of the outputs to the held-out input and to the one changed so that the output moves most, each network " +
      "under its own worst attack and of its worst seed; outputs have deviation 1, beside which the changes are small.",
    alt: `Gains from the change of the input to that of the output: ${gains.join(", ")}.`,
    size: "page",
    columns: 2,
    panels,
  };
}

const worst = ({ fits }: Group) =>
  fits.map(({ attack }) => attack).reduce((a, b) => (b.gain > a.gain ? b : a));
