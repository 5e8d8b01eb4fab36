import { randomStream } from "../../data/random.ts";
import { drawLayers, type Layers } from "./layers.ts";

/** What is printed of one solver on one class: median evaluations where it converged, and in how many of 50. */
export type PublishedCount = readonly [evaluations: string, converged: number];

/** The solvers in the order of the published table, Broyden's method the good one; auto is ours alone. */
export const solverNames = ["Picard", "damped ½", "Anderson", "Broyden", "Newton", "auto"] as const;
export type SolverName = (typeof solverNames)[number];

/** One class of problems z = tanh(Wz + c), c of N(0, 1). */
export interface ProblemClass {
  readonly name: string;
  readonly width: number;
  /** W is uniform in ±1/√n, or normal of this deviation. */
  readonly weight: "uniform" | number;
  readonly published: Readonly<Record<Tolerance, readonly PublishedCount[] | null>>;
}

export const tolerances = ["1e-3", "1e-8"] as const;
export type Tolerance = (typeof tolerances)[number];
export const publishedProblems = 50;

const all = (...evaluations: number[]): PublishedCount[] =>
  evaluations.map((count) => [String(count), publishedProblems]);

/** Deviations of 0.9/√n and 1.5/√n give the spectral radii named, which exceed them at finite n. */
export const problemClasses: readonly ProblemClass[] = [
  {
    name: "n = 10, default init, ρ ≈ 0.60",
    width: 10,
    weight: "uniform",
    published: { "1e-3": all(8, 16, 7, 7, 3), "1e-8": all(20, 42, 13, 13, 5) },
  },
  {
    name: "n = 87, default init, ρ ≈ 0.60",
    width: 87,
    weight: "uniform",
    published: { "1e-3": all(9, 17, 8, 8, 4), "1e-8": all(20, 45, 19, 19, 5) },
  },
  {
    name: "n = 87, Gaussian, ρ ≈ 0.94",
    width: 87,
    weight: 0.9 / Math.sqrt(87),
    published: { "1e-3": all(13, 22, 12, 12, 4), "1e-8": all(35, 65, 30, 28, 6) },
  },
  {
    name: "n = 10, Gaussian, ρ ≈ 0.93",
    width: 10,
    weight: 0.9 / Math.sqrt(10),
    published: { "1e-3": null, "1e-8": all(32, 47, 15, 15, 5) },
  },
  {
    name: "n = 87, Gaussian, ρ ≈ 1.57",
    width: 87,
    weight: 1.5 / Math.sqrt(87),
    published: {
      "1e-3": [
        ["52", 43],
        ["44", 50],
        ["26", 50],
        ["24", 50],
        ["8", 50],
      ],
      "1e-8": [
        ["134", 37],
        ["138", 47],
        ["67", 50],
        ["45", 50],
        ["10", 50],
      ],
    },
  },
  {
    name: "n = 10, N(0, 1), ρ ≈ 3.3",
    width: 10,
    weight: 1,
    published: {
      "1e-3": [
        ["34", 6],
        ["31", 34],
        ["23", 43],
        ["20", 50],
        ["13", 45],
      ],
      "1e-8": [
        ["91", 6],
        ["70", 32],
        ["30", 42],
        ["29", 50],
        ["14", 45],
      ],
    },
  },
];

export const drawProblems = (
  { name, width, weight }: ProblemClass,
  count: number,
  seed: number,
): Layers =>
  drawLayers(
    {
      width,
      weight:
        weight === "uniform"
          ? ({ uniform }) => (2 * uniform() - 1) / Math.sqrt(width)
          : ({ normal }) => weight * normal(),
      drive: ({ normal }) => Float64Array.from({ length: width }, normal),
    },
    count,
    randomStream(seed, "reproduce", "solvers", name),
  );
