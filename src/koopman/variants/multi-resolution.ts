import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, UsageError } from "../../errors.ts";
import { columns } from "../../linalg/blocks.ts";
import type { ComplexNumbers } from "../../linalg/complex.ts";
import { type Matrix, subtract } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { dmd, requireSnapshots } from "../dmd/dmd.ts";
import { select } from "../dmd/select.ts";
import type { Spectrum } from "../dmd/spectrum.ts";
import { capped, numericalRank, type Truncation } from "../dmd/truncation.ts";

export interface MultiResolutionOptions {
  /** Windows of 1, 1/2, … 1/2^(levels−1) of the data. */
  readonly levels: number;
  /** Slow: at most so many cycles (or e-foldings, over 2π) in a window. */
  readonly cycles: number;
  /** Directions that count in a window; at most half of its sampled snapshots are taken. */
  readonly truncation: Truncation;
  /** Time from one snapshot to the next. */
  readonly dt: number;
}

export const multiResolutionDefaults: MultiResolutionOptions = {
  levels: 4,
  cycles: 1,
  truncation: numericalRank(1e-10),
  dt: 1,
};

/** A window of the data, and its slow modes. */
export interface Resolution {
  readonly level: number; // 0: all data
  readonly first: number; // the snapshots first … last − 1
  readonly last: number;
  readonly stride: number; // every so many snapshots were looked at
  /** Slow modes, per stride; null where there are none. */
  readonly spectrum: Spectrum | null;
  readonly children: readonly Resolution[];
}

export interface MultiResolution {
  readonly root: Resolution;
  readonly states: number; // n
  readonly snapshots: number; // M
  readonly cannotSay: readonly string[];
}

/**
 * Multi-resolution DMD: the slow modes of the whole are taken off, the rest is halved, and so on. A window
 * is looked at so coarsely that 8 samples are had for every slow cycle: what is fast for it is left to its
 * halves. For data whose rates change on the way, as by a schedule of learning rates.
 *
 * Kutz, Fu & Brunton (2016), "Multiresolution dynamic mode decomposition", SIAM J. Appl. Dyn. Syst. 15,
 * 713–735.
 *
 * @param snapshots  [n × M]; one number a step is delayed first (`delayEmbed`)
 * @throws DataError  as `dmd`; where the smallest windows have fewer than 4 snapshots
 * @throws UsageError  for an unknown option or one out of range
 */
export function multiResolutionDmd(
  snapshots: Matrix,
  options: Partial<MultiResolutionOptions> = {},
): MultiResolution {
  refuseUnknown("multiResolutionDmd", options, Object.keys(multiResolutionDefaults));
  const chosen = { ...multiResolutionDefaults, ...options };
  const { levels, cycles, dt } = chosen;
  if (!(Number.isInteger(levels) && levels >= 1))
    throw new UsageError(`multiResolutionDmd: levels ${levels}`, "whole, at least 1");
  for (const [name, value] of Object.entries({ cycles, dt })) {
    if (!(value > 0 && value < Infinity))
      throw new UsageError(`multiResolutionDmd: ${name} ${value}`, "positive");
  }
  requireSnapshots(snapshots);
  const M = snapshots.cols;
  if (Math.floor(M / 2 ** (levels - 1)) < 4)
    throw new DataError(`${levels} levels of ${M} snapshots leave windows of fewer than 4`, {
      hint: `at most ${Math.max(1, Math.floor(Math.log2(M / 4)) + 1)} levels`,
    });
  return {
    root: resolve(snapshots, 0, 0, chosen),
    states: snapshots.rows,
    snapshots: M,
    cannotSay: [
      "anything of what comes after the data: the modes of a window end with it",
      "how a mode goes on from one window to the next: each window is fitted by itself",
    ],
  };
}

/**
 * The sum of the slow modes of all windows [n × M], or of those of some levels: level 0 alone is the
 * slow background.
 */
export function reconstructLevels(
  { root, states: rows, snapshots }: MultiResolution,
  keep: (level: number) => boolean = () => true,
): Matrix {
  const data = new Float64Array(rows * snapshots);
  for (const window of windowsOf(root)) {
    if (!keep(window.level) || window.spectrum === null) continue;
    const part = slowPart(window.spectrum, window.last - window.first, window.stride);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < part.cols; j++)
        data[i * snapshots + window.first + j] += part.data[i * part.cols + j];
    }
  }
  return { rows, cols: snapshots, data };
}

/** Every window, each before its halves. */
export const windowsOf = (window: Resolution): Resolution[] => [
  window,
  ...window.children.flatMap(windowsOf),
];

function resolve(
  F: Matrix,
  first: number,
  level: number,
  options: MultiResolutionOptions,
): Resolution {
  const M = F.cols;
  const stride = Math.max(1, Math.floor(M / (8 * options.cycles)));
  const spectrum = slowModes(F, stride, options);
  const rest = spectrum === null ? F : subtract(F, slowPart(spectrum, M, stride));
  const half = M >> 1;
  const children =
    level + 1 < options.levels
      ? [
          resolve(columns(rest, 0, half), first, level + 1, options),
          resolve(columns(rest, half, M), first + half, level + 1, options),
        ]
      : [];
  return { level, first, last: first + M, stride, spectrum, children };
}

/** Modes with |ln λ| of at most 2π cycles in the window, with amplitudes of their own. */
function slowModes(
  F: Matrix,
  stride: number,
  { truncation, cycles, dt }: MultiResolutionOptions,
): Spectrum | null {
  const sampled = everyOther(F, stride);
  if (sampled.cols < 2 || sampled.data.every((x) => x === 0)) return null;
  const whole = dmd(sampled, {
    truncation: capped(truncation, Math.max(1, sampled.cols >> 1)),
    scaling: "none",
    dt: dt * stride,
  });
  const limit = (2 * Math.PI * cycles * stride) / F.cols;
  const { re, im } = whole.eigenvalues;
  const slow = (j: number) =>
    Math.hypot(Math.log(Math.hypot(re[j], im[j])), Math.atan2(im[j], re[j])) <= limit;
  return re.some((_, j) => slow(j)) ? select(whole, () => slow) : null;
}

function everyOther({ rows, cols, data }: Matrix, stride: number): Matrix {
  const count = Math.ceil(cols / stride);
  const out = new Float64Array(rows * count);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < count; j++) out[i * count + j] = data[i * cols + j * stride];
  }
  return { rows, cols: count, data: out };
}

/** Σ z_j α_j λ_j^{t/stride} at t = 0 … count − 1, [n × count]. */
function slowPart(
  { modes, amplitudes, eigenvalues }: Spectrum,
  count: number,
  stride: number,
): Matrix {
  const k = eigenvalues.re.length;
  const [re, im] = [new Float64Array(k * count), new Float64Array(k * count)];
  for (let j = 0; j < k; j++) {
    for (let t = 0; t < count; t++) {
      const [x, y] = between(eigenvalues, j, t / stride);
      const [a, b] = [amplitudes.re[j], amplitudes.im[j]];
      re[j * count + t] = a * x - b * y;
      im[j * count + t] = a * y + b * x;
    }
  }
  const part = (data: Float64Array) => ({ rows: k, cols: count, data });
  return subtract(product(modes.re, part(re)), product(modes.im, part(im)));
}

/** λ^s for any s: slow modes lie near 1, so that the principal branch is the one. */
function between({ re, im }: ComplexNumbers, j: number, s: number): [number, number] {
  const size = Math.hypot(re[j], im[j]) ** s;
  const angle = Math.atan2(im[j], re[j]) * s;
  return [size * Math.cos(angle), size * Math.sin(angle)];
}
