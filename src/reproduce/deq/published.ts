/**
 * Numbers as they are printed elsewhere, as text: how many digits they have says how far they are
 * rounded.
 */
export interface PublishedRow {
  readonly layers: number;
  /** The lecture's one draw, in float32; at L = 40 the least and the most of ten. */
  readonly lecture: readonly string[];
  /** Median of the 500 draws of the methods page, and its 5 and 95 % quantiles. */
  readonly median: string;
  readonly band?: readonly [string, string];
}

export const publishedDraws = 500;

/** ‖z^L − z*‖ of the lecture by D. Frank (2023) and of its repetition in float64 on 500 draws. */
export const publishedErrors: Readonly<Record<"default" | "normal", readonly PublishedRow[]>> = {
  default: [
    { layers: 0, lecture: [".7032"], median: ".669", band: [".44", "1.03"] },
    { layers: 1, lecture: [".3898"], median: ".339", band: [".19", ".64"] },
    { layers: 2, lecture: [".2898"], median: ".179", band: [".09", ".37"] },
    { layers: 3, lecture: [".1621"], median: ".093", band: [".05", ".22"] },
    { layers: 4, lecture: [".09451"], median: ".048", band: [".02", ".13"] },
    { layers: 10, lecture: ["1.685e-3"], median: "1.1e-3", band: ["2e-4", "1e-2"] },
    { layers: 20, lecture: ["7.595e-6"], median: "3.3e-6", band: ["8e-8", "3e-4"] },
    { layers: 30, lecture: ["7.069e-8"], median: "1.0e-8", band: ["3e-11", "1e-5"] },
    { layers: 40, lecture: ["2.6e-8", "6.2e-8"], median: "3e-11", band: ["1e-14", "4e-7"] },
  ],
  normal: [
    { layers: 0, lecture: [".4664"], median: ".704" },
    { layers: 1, lecture: [".332"], median: ".863" },
    { layers: 2, lecture: ["1.035"], median: "1.58" },
    { layers: 3, lecture: ["1.834"], median: "2.37" },
    { layers: 4, lecture: ["2.348"], median: "2.71" },
    { layers: 10, lecture: ["2.75"], median: "2.85" },
    { layers: 20, lecture: ["2.724"], median: "2.89" },
    { layers: 30, lecture: ["2.927"], median: "2.87" },
    { layers: 40, lecture: ["2.48", "3.51"], median: "2.87" },
  ],
};

/** Equilibria found from z = 0 at which ρ(J(z*)) < 1. */
export const publishedAttraction = { default: "500 of 500", normal: "0 of 436" } as const;

/** min Re λ(I − W) of the lecture's ten draws, the least and the most. */
export const publishedRealParts = {
  default: [".38", ".81"],
  normal: ["-3.02", "-.68"],
} as const;

/** Of 2000 matrices 10 × 10 of N(0, 0.25²): min Re λ(I − W) > 0, but I − W is not monotone. */
export const publishedGap = { share: "0.28", draws: 2000 } as const;

/** Half a unit of the last digit of a printed number. */
export function rounding(printed: string): number {
  const [mantissa, exponent = "0"] = printed.split("e");
  const decimals = mantissa.split(".")[1]?.length ?? 0;
  return 0.5 * 10 ** (Number(exponent) - decimals);
}
