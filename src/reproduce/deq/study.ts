import type { Reproduction } from "../reproduction.ts";
import { deqFigures } from "./figures.ts";
import { reproduceDeq } from "./measure.ts";
import { deqSections } from "./tables.ts";

/** Layers drawn for each initialisation, and problems for each class of the solvers' table. */
const sizes = {
  quick: { draws: 100, problems: 20 },
  full: { draws: 500, problems: 50 }, // as in print
} as const;

/** Equilibrium models: layers against their equilibrium, monotonicity, solvers. */
export const deq: Reproduction = {
  name: "deq",
  title: "Equilibrium models: the lecture's numbers, computed again",
  about:
    "Experiments of the lecture by D. Frank (2023) in float64, at torch's initialisation and at N(0, 1): 500 draws and 50 problems a class in full, 100 and 20 in quick. Reached: within four standard errors of two samples, and the rounding of print.",
  seed: 2023,
  run: async ({ preset, seed, progress }) => {
    const { result, detail } = await reproduceDeq({ ...sizes[preset], seed, progress });
    return {
      lines: result.claims.map(({ name, published, statement, verdict }) => ({
        what: name,
        published,
        ours: statement,
        standing: verdict === "within" ? "reached" : "not reached",
      })),
      sections: deqSections(result),
      figures: [],
      files: deqFigures(result, detail),
      data: result,
    };
  },
};
