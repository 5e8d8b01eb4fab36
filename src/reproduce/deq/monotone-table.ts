import { randomStream } from "../../data/random.ts";
import { matrix } from "../../linalg/matrix.ts";
import {
  type Conclusion,
  explain,
  type LayerProperties,
  layerProperties,
} from "../../verification/equilibria.ts";
import { type Agreement, agreement, standardErrors } from "./agreement.ts";
import type { LayerDetail } from "./layer-table.ts";
import { depth } from "./layer-table.ts";
import { type Initialisation, weightOf } from "./layers.ts";
import { publishedGap, publishedRealParts, rounding } from "./published.ts";

/** One draw: what the lecture shows as monotonicity, and what monotonicity is (erratum E5). */
export interface MonotoneRow {
  readonly error: number; // ‖z^40 − z*‖; NaN where z* was not found from z = 0
  readonly smallestRealPart: number; // min Re λ(I − W)
  readonly monotonicity: number; // λmin(I − (W + Wᵀ)/2)
  readonly gain: number; // ‖W‖₂
  readonly conclusion: Conclusion; // from W alone
}

export interface MonotoneTable {
  readonly initialisation: Initialisation;
  readonly rows: readonly MonotoneRow[];
  /** min Re λ(I − W) of the lecture's ten draws: within ours, four deviations on either side. */
  readonly lecture: readonly [number, number];
  readonly verdict: Agreement;
  /** Of all draws: min Re λ(I − W) > 0, and λmin(I − (W + Wᵀ)/2) > 0. */
  readonly draws: number;
  readonly looksMonotone: number;
  readonly isMonotone: number;
}

/** min Re λ(I − W) and λmin(I − (W + Wᵀ)/2) of many W, for a figure. */
export interface MonotonePoints {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

const pointsOf = (name: string, layers: readonly LayerProperties[]): MonotonePoints => ({
  name,
  x: layers.map(({ smallestRealPart }) => smallestRealPart),
  y: layers.map(({ monotonicity }) => monotonicity),
});

export function monotoneTable(
  initialisation: Initialisation,
  { layers, equilibria, errors }: LayerDetail,
  shown = 10,
): { readonly table: MonotoneTable; readonly points: MonotonePoints } {
  const all = Array.from({ length: layers.count }, (_, k) => layerProperties(weightOf(layers, k)));
  const found = [...equilibria.attempt.keys()].filter((k) => equilibria.attempt[k] === 0);
  const rows = all.slice(0, shown).map((layer, k) => ({
    error: errors[depth][found.indexOf(k)] ?? Number.NaN,
    smallestRealPart: layer.smallestRealPart,
    monotonicity: layer.monotonicity,
    gain: layer.gain,
    conclusion: explain(layer, null).conclusion,
  }));
  const parts = all.map(({ smallestRealPart }) => smallestRealPart);
  const mean = parts.reduce((sum, x) => sum + x, 0) / parts.length;
  const deviation = Math.sqrt(
    parts.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (parts.length - 1),
  );
  const [low, high] = publishedRealParts[initialisation].map(Number);
  const near = (x: number) => Math.abs(x - mean) <= standardErrors * deviation;
  return {
    table: {
      initialisation,
      rows,
      lecture: [low, high],
      verdict: agreement(near(low) && near(high)),
      draws: all.length,
      looksMonotone: parts.filter((x) => x > 0).length,
      isMonotone: all.filter(({ monotonicity }) => monotonicity > 0).length,
    },
    points: pointsOf(initialisation === "default" ? "default init" : "N(0, 1) init", all),
  };
}

/** How often the eigenvalue test passes where the true one fails. */
export interface MonotoneGap {
  readonly draws: number;
  readonly share: number;
  readonly published: number;
  readonly verdict: Agreement;
}

/** 10 × 10 matrices of N(0, 0.25²): min Re λ(I − W) > 0 but λmin(I − (W + Wᵀ)/2) ≤ 0. */
export function monotoneGap(
  draws: number,
  seed: number,
): { readonly gap: MonotoneGap; readonly points: MonotonePoints } {
  const { normal } = randomStream(seed, "reproduce", "monotone-gap");
  const all = Array.from({ length: draws }, () =>
    layerProperties(matrix(10, 10, () => 0.25 * normal())),
  );
  const between = all.filter((layer) => layer.smallestRealPart > 0 && layer.monotonicity <= 0);
  const share = between.length / draws;
  const published = Number(publishedGap.share);
  const error = Math.sqrt(published * (1 - published) * (1 / draws + 1 / publishedGap.draws));
  const holds =
    Math.abs(share - published) <= standardErrors * error + rounding(publishedGap.share);
  return {
    gap: { draws, share, published, verdict: agreement(holds) },
    points: pointsOf("N(0, 0.25²)", all),
  };
}
