import { equationOf, lawOf } from "../eigenfunctions/equation.ts";
import type { FixedPoint } from "../eigenfunctions/fixed-points.ts";
import { commonRate } from "../eigenfunctions/network.ts";
import type { Reading } from "../eigenfunctions/reading.ts";
import { simulateReduced } from "../eigenfunctions/reduced-run.ts";
import type { Reduction } from "../eigenfunctions/reduction.ts";
import { phasePortrait, phiFigure } from "./builders/eigenfunctions.ts";
import { singularValuesFigure } from "./builders/series.ts";
import { counted, inWords } from "./builders/words.ts";
import type { ReportContent, ReportSection, Reproduction } from "./content.ts";
import type { Figure } from "./figure.ts";

export interface EigenfunctionsReportOptions {
  readonly source: string;
  readonly sentence: string; // the conclusion
  readonly decision: string;
  readonly assumed: readonly string[];
  readonly singularValues: ArrayLike<number>;
  readonly rank: number;
  readonly reproduce: Reproduction;
  /** States to draw trajectories from. */
  readonly starts: readonly Float64Array[];
}

/** The report on one recurrent network. */
export function eigenfunctionsReport(
  reading: Reading,
  options: EigenfunctionsReportOptions,
): ReportContent {
  const { source, sentence, decision, assumed, reproduce } = options;
  const { network, exactness, gap } = reading;
  return {
    title: `Recurrent network ${source}`,
    subtitle: equationOf(network),
    verdicts: [
      {
        of: source,
        decision,
        sentence,
        evidence: [
          ...(exactness === null
            ? []
            : [
                `in float64, relative: null space ${digits(exactness.nullSpace)}, generator ${digits(exactness.generator)}, ` +
                  `law ${digits(exactness.law)}, Jacobian ${digits(exactness.jacobian)}`,
              ]),
          ...(gap === null
            ? []
            : [`reduced against whole network: ${digits(gap)} along a trajectory`]),
          ...assumed.map((one) => `assumed: ${one}`),
        ],
        cannotSay: [],
      },
    ],
    sections: [functionsSection(reading, options), dynamicsSection(reading, options)],
    methods: [
      "Eigenfunctions are the left null space of W (of [W B] for those that an input leaves alone; of the rows of " +
        "equal decay where decay is unequal), by singular value decomposition in float64. Approximate ones are left " +
        "singular directions with their bound |φ(t) − exp(λt) φ(0)| ≤ σM/μ · (1 − exp(λt)), M = sup |vᵀσ|.",
      "The reduction is y = Pᵀ(x − centre) on the range of [W B] (y = V_rᵀh of a cell); fixed points by Newton's " +
        `method on its ${reading.reduction?.rank ?? options.rank} equations from ${reading.fixed.starts} starts.`,
      "|φ| is followed along simulations of the whole network by Runge–Kutta of order 4, and compared with the " +
        "integrator's own stability function, which it keeps to rounding.",
    ],
    references: [
      "Claveau, Thibeault, Allard & Desrosiers, Analytical Koopman approach to recurrent neural networks (poster).",
    ],
    limits: [
      "Newton's method from many starts finds fixed points; that they are all is not shown by it.",
      "The eigenfunctions are those that the weights give in closed form; there are others, without one.",
      "A bound that is null stands for an activation without bound: what is allowed then is known along a trajectory only.",
    ],
    reproduce,
  };
}

const digits = (x: number) => x.toExponential(1);

function functionsSection(
  { network, functions, tracks, constants }: Reading,
  { source, singularValues, rank }: EigenfunctionsReportOptions,
): ReportSection {
  const list = functions?.list ?? [];
  const figures: Figure[] = [
    singularValuesFigure({ of: "W", values: Array.from(singularValues), rank }),
  ];
  const eigenvalue = (list[0] ?? functions?.nearest)?.eigenvalue ?? -1;
  // Of several rates only tracks of the first have this line.
  const same = tracks.filter(
    ({ of }) => ((of < 0 ? functions?.nearest : list[of])?.eigenvalue ?? eigenvalue) === eigenvalue,
  );
  if (same.length > 0 && eigenvalue !== 0)
    figures.push(
      phiFigure({
        of: source,
        time: network.time.kind === "discrete" ? "step" : "time",
        law: {
          name: lawOf(network, eigenvalue)
            .replace(/^.*= (.*) φ.*$/, "$1")
            .replace(/e\^\{(.*)\}/, "exp($1)"),
          at: (t) =>
            network.time.kind === "discrete" ? eigenvalue ** t : Math.exp(eigenvalue * t),
        },
        tracks: same.map(({ of, t, share }) => {
          const one = of < 0 ? functions!.nearest! : list[of];
          const sort = one.exact ? "exact" : `σ = ${one.singularValue.toPrecision(2)}`;
          return { name: `φ${of < 0 ? "" : of + 1}, ${sort}`, t, share };
        }),
      }),
    );
  return {
    title: "Eigenfunctions",
    paragraphs:
      functions === null
        ? [
            "In the form of a cell the left null space of W gives nothing in h, and uᵀ(v − b) is 0 in v = W h + b; the " +
              "exact reduction below is what its low rank gives.",
          ]
        : constants.length > 0
          ? [
              `${counted(constants.length, "independent constant")} of motion: ratios of the others to φ${constants[0].under + 1}.`,
            ]
          : [],
    figures,
    tables:
      list.length === 0
        ? []
        : [
            {
              name: "eigenfunctions",
              caption: "Eigenfunctions φ(x) = uᵀx − offset; the vectors u are in u.npy.",
              columns: ["", "eigenvalue", "‖Wᵀu‖", "kind", "bound", "offset", "under input"],
              rows: list
                .slice(0, 200)
                .map((one, i) => [
                  `φ${i + 1}`,
                  one.eigenvalue,
                  one.singularValue,
                  one.exact ? "exact" : "approximate",
                  one.exact ? 0 : one.bound,
                  one.offset,
                  one.drive === null ? "" : one.autonomous ? "unchanged" : "driven",
                ]),
            },
          ],
  };
}

function dynamicsSection(
  reading: Reading,
  { source, starts }: EigenfunctionsReportOptions,
): ReportSection {
  const { network, reduction, fixed, steps } = reading;
  const figures =
    reduction === null || reduction.rank < 2 ? [] : [portrait(reading, reduction, starts, source)];
  const cost = reduction?.cost;
  return {
    title: "Reduced dynamics and fixed points",
    paragraphs: [
      reduction === null
        ? "Units decay at different rates: there is no exact reduction, only equations for the fixed points."
        : `${reduction.rank} of ${network.W.rows} coordinates, ${cost!.reduced} multiplications for a right-hand side in place of ${cost!.full}.`,
      fixed.unique
        ? "‖W‖₂ sup|σ′| is below the rate of decay: one fixed point, which attracts every state."
        : `${counted(fixed.points.length, "fixed point was", "fixed points were")} found from ${counted(fixed.starts, "start")}; ${fixed.unfinished} of them came to none.`,
      ...(figures.length > 0
        ? [
            network.time.kind === "discrete"
              ? `Trajectories are ${steps.steps} steps long.`
              : `Trajectories run over ${inWords(steps.dt * steps.steps)} units of time.`,
          ]
        : []),
    ],
    figures,
    tables: [
      {
        name: "fixed-points",
        caption: `Fixed points; ${commonRate(network) === null ? "all eigenvalues" : "eigenvalues on the reduced coordinates"} of the Jacobian.`,
        columns: [
          "",
          "stable",
          "starts",
          "residual",
          "leading eigenvalue",
          "imaginary part",
          "‖x‖",
        ],
        rows: fixed.points.map((point, i) => [
          `x*${i + 1}`,
          point.stability,
          point.found,
          point.residual,
          ...(point.smooth
            ? leading(point, network.time.kind === "discrete")
            : [Number.NaN, Number.NaN]),
          Math.hypot(...point.x),
        ]),
      },
    ],
  };
}

function leading({ eigenvalues: { re, im } }: FixedPoint, discrete: boolean): [number, number] {
  const size = (i: number) => (discrete ? Math.hypot(re[i], im[i]) : re[i]);
  const best = re.reduce((top, _, i) => (size(i) > size(top) ? i : top), 0);
  return [re[best], im[best]];
}

function portrait(
  { fixed, steps }: Reading,
  reduction: Reduction,
  starts: readonly Float64Array[],
  source: string,
): Figure {
  return phasePortrait({
    of: source,
    labels: ["y₁", "y₂"],
    tracks: starts.map((start) => {
      const { y } = simulateReduced(reduction, start, steps);
      return { x: y.map(([first]) => first), y: y.map((at) => at[1]) };
    }),
    points: fixed.points.map(({ y, stability }) => ({
      x: y[0],
      y: y[1],
      stable: stability === "stable",
    })),
  });
}
