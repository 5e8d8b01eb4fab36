import type { Figure, Mark } from "../../report/figure.ts";
import type { Checked } from "./population.ts";

/** The checks of every network over its number of units, on a logarithmic axis. */
export function populationFigure(checked: readonly Checked[]): Figure {
  const dots = (
    role: number,
    name: string,
    key: "generator" | "law" | "jacobian" | "gap",
  ): Mark => ({
    type: "dots",
    role,
    name,
    x: checked.map(({ N }) => N),
    y: checked.map((one) => Math.max(one[key], 1e-17)),
  });
  const worst = Math.max(
    ...checked.map(({ generator, law, jacobian }) => Math.max(generator, law, jacobian)),
  );
  return {
    schema: "eigenflow/figure@1",
    name: "checks",
    title: "Exactness of random networks",
    caption:
      `Relative errors of ${checked.length} random networks of low rank: the law of the generator, the law along a ` +
      "trajectory (against the stability function of Runge–Kutta) and the left eigenvector of the Jacobian are " +
      "rounding at any size; the reduced trajectory is at the error of the integrator.",
    alt: `${checked.length} networks; the largest error of generator, law and Jacobian is ${worst.toExponential(1)}.`,
    size: "column",
    panels: [
      {
        x: { label: "units N", scale: "linear" },
        y: { label: "relative error", scale: "log" },
        marks: [
          dots(0, "generator", "generator"),
          dots(1, "law", "law"),
          dots(2, "Jacobian", "jacobian"),
          dots(3, "reduced trajectory", "gap"),
        ],
      },
    ],
  };
}
