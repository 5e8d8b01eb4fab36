import type { Figure, Mark } from "../figure.ts";
import { counted, inWords } from "./words.ts";

/** A trajectory in two coordinates. */
export interface PlaneTrack {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/**
 * Trajectories in the first two reduced coordinates, with the fixed points: full where stable, hollow
 * where not.
 */
export function phasePortrait({
  tracks,
  points,
  of,
  labels,
  ...input
}: {
  readonly name?: string;
  readonly of: string;
  readonly labels: readonly [string, string];
  readonly tracks: readonly PlaneTrack[];
  readonly points: readonly { readonly x: number; readonly y: number; readonly stable: boolean }[];
}): Figure {
  const starts: Mark[] =
    tracks.length === 0
      ? []
      : [
          {
            type: "dots",
            role: "faint",
            name: "start",
            x: tracks.map(({ x }) => x[0]),
            y: tracks.map(({ y }) => y[0]),
            marker: "cross",
          },
        ];
  const fixed = (stable: boolean): Mark[] => {
    const chosen = points.filter((point) => point.stable === stable);
    if (chosen.length === 0) return [];
    return [
      {
        type: "dots",
        role: stable ? "ink" : "alarm",
        name: stable ? "stable fixed point" : "unstable fixed point",
        x: chosen.map(({ x }) => x),
        y: chosen.map(({ y }) => y),
        filled: chosen.map(() => stable),
        marker: stable ? "circle" : "diamond",
      },
    ];
  };
  const stable = points.filter((point) => point.stable).length;
  return {
    schema: "eigenflow/figure@1",
    name: input.name ?? "phase-portrait",
    title: "Phase portrait in reduced coordinates",
    caption:
      `${counted(tracks.length, "trajectory", "trajectories")} of ${of} in the first two reduced coordinates, ` +
      "with the fixed points that were found. They may cross where they differ in what is not shown.",
    alt:
      `${counted(tracks.length, "trajectory", "trajectories")} of ${of}; ${counted(points.length, "fixed point")}, ` +
      `${stable} of them stable.`,
    size: "column",
    panels: [
      {
        x: { label: labels[0], scale: "linear" },
        y: { label: labels[1], scale: "linear" },
        marks: [
          ...tracks.map(
            ({ x, y }): Mark => ({ type: "line", role: 0, x, y, dash: "solid", weight: "thin" }),
          ),
          ...starts,
          ...fixed(true),
          ...fixed(false),
        ],
      },
    ],
  };
}

/** |φ(t)|/|φ(0)| of one eigenfunction along a trajectory. */
export interface PhiTrack {
  readonly name: string;
  readonly t: readonly number[];
  readonly share: readonly number[];
}

/** Lines that can be told apart. */
const most = 6;

/**
 * |φ| along trajectories on a logarithmic axis, with the line of its law, exp(λt) or λᵏ. An exact
 * eigenfunction lies on the line; an approximate one leaves it where its bound lets it.
 */
export function phiFigure({
  tracks,
  law,
  time,
  of,
  ...input
}: {
  readonly name?: string;
  readonly of: string;
  readonly time: string; // of the axis
  readonly law: { readonly name: string; readonly at: (t: number) => number };
  readonly tracks: readonly PhiTrack[]; // up to six
}): Figure {
  const shown = tracks.slice(0, most);
  const longest = shown.reduce(
    (best, track) => (track.t.length > best.length ? track.t : best),
    [] as readonly number[],
  );
  const every = Math.max(1, Math.floor(longest.length / 15));
  return {
    schema: "eigenflow/figure@1",
    name: input.name ?? "phi-decay",
    title: "Decay of |φ| along a trajectory",
    caption: `|φ| of ${of} along a simulated trajectory of the whole network, relative to its start, with the law ${law.name}.`,
    alt: shown
      .map(
        ({ name, t, share }) =>
          `${name}: ${inWords(share[share.length - 1])} of its start at ${inWords(t[t.length - 1])}.`,
      )
      .join(" "),
    size: "column",
    panels: [
      {
        x: { label: time, scale: "linear" },
        y: { label: "|φ| / |φ(0)|", scale: "log" },
        marks: [
          {
            type: "line",
            role: "faint",
            name: law.name,
            x: longest,
            y: longest.map(law.at),
            dash: "solid",
            weight: "thick",
          },
          ...shown.map(({ name, t, share }, role): Mark => {
            // At different places, so that what lies on one line can still be seen.
            const places = t
              .map((_, k) => k)
              .filter(
                (k) => k % every === Math.floor((role * every) / shown.length) && share[k] > 0,
              );
            return {
              type: "dots",
              role,
              name,
              x: places.map((k) => t[k]),
              y: places.map((k) => share[k]),
            };
          }),
        ],
      },
    ],
  };
}
