import type { Eigenfunction } from "../../eigenfunctions/eigenfunctions.ts";
import { equationOf, lawOf } from "../../eigenfunctions/equation.ts";
import type { FixedPoint } from "../../eigenfunctions/fixed-points.ts";
import { roundingShare } from "../../eigenfunctions/null-space.ts";
import { grouped, short } from "../output/numbers.ts";
import type { ReadWeights } from "./eigenfunctions.ts";

const counted = (n: number, one: string, many = `${one}s`) =>
  `${grouped(n)} ${n === 1 ? one : many}`;
const small = (x: number) => x.toExponential(1);

/** The next power of ten above a number. */
const powerAbove = (x: number) =>
  (10 ** Math.ceil(Math.log10(Math.max(x, 1e-17)))).toExponential(0);

/** What follows from the weights, in one sentence. */
export function conclusionOf({
  reading,
  rank,
}: Pick<ReadWeights, "reading" | "rank"> & Partial<ReadWeights>): {
  decision: string;
  sentence: string;
} {
  const { network, functions, reduction } = reading;
  const N = network.W.rows;
  if (functions === null) {
    if (rank === N)
      return {
        decision: "none",
        sentence: `W has full rank ${N}: a cell of it does not reduce exactly`,
      };
    return {
      decision: reduction!.exact ? "reduces" : "approximate",
      sentence:
        `a cell of rank ${rank}: no eigenfunction uᵀh, but y = V_rᵀh is closed in ${counted(rank, "coordinate")}` +
        (reduction!.exact
          ? ", exactly"
          : `, to singular values up to ${small(reduction!.dropped)}`),
    };
  }
  const exact = functions.list.filter((one) => one.exact);
  const near = functions.list.length - exact.length;
  if (exact.length > 0)
    return {
      decision: "exact",
      sentence:
        `${counted(exact.length, "exact eigenfunction")} for every activation` +
        (near > 0 ? `, ${grouped(near)} approximate with a bound` : ""),
    };
  if (near > 0)
    return {
      decision: "approximate",
      sentence: `no exact eigenfunction, ${counted(near, "approximate one")} with a bound`,
    };
  const nearest = functions.nearest!;
  const why =
    rank === N
      ? `W has full rank ${N}: there is`
      : `of W no direction within units of one decay is null (rank ${rank} of ${N}): there is`;
  return {
    decision: "none",
    sentence:
      `${why} no exact eigenfunction of this kind. The nearest has ` +
      `‖Wᵀu‖ = ${short(nearest.singularValue)}, ${boundText(nearest)}`,
  };
}

const boundText = ({ bound }: Eigenfunction) =>
  bound === null
    ? "without a bound for all states, since the activation has none"
    : `off its law by at most ${short(bound)}`;

/** The reading for a terminal. */
export function readingText(found: ReadWeights, files: readonly string[]): string {
  const { weights, reading, assumed, singular, rank } = found;
  const { network, exactness, gap, reduction } = reading;
  const N = network.W.rows;
  // What rounding leaves of a 0 differs from machine to machine.
  const shown = Array.from(singular, (value) =>
    value <= roundingShare(N) * singular[0] ? "0" : short(value),
  );
  const values = N <= 8 ? shown : [...shown.slice(0, 4), "…", ...shown.slice(-3)];
  const { decision, sentence } = conclusionOf(found);
  return [
    `${decision.toUpperCase()}  ${sentence}`,
    "",
    `weights   ${weights.source}: ${grouped(N)} units, rank ${grouped(rank)}`,
    `          singular values ${values.join(", ")}`,
    `read as   ${equationOf(network)}`,
    ...assumed.map((one) => `          ${one}`),
    ...functionLines(found),
    ...(exactness === null
      ? []
      : [
          "",
          `checks    null space, generator, law along a simulation, Jacobian: all off by less than ` +
            `${powerAbove(Math.max(...Object.values(exactness)))}, relative`,
        ]),
    "",
    ...(reduction === null
      ? ["reduced   not in closed form, since units decay at different rates"]
      : reduction.rank === N
        ? ["reduced   no coordinate fewer"]
        : [
            `reduced   ${grouped(reduction.rank)} of ${grouped(N)} coordinates, ${grouped(reduction.cost.reduced)} ` +
              `multiplications for ${grouped(reduction.cost.full)}; off the whole network by ${small(gap!)} of its size`,
            ...(reduction.exact
              ? []
              : [
                  `          singular values up to ${small(reduction.dropped)} left out: ` +
                    (reduction.truncation === null
                      ? "no bound holds for all times"
                      : `at most ${short(reduction.truncation)} in y at any time`),
                ]),
          ]),
    ...fixedLines(found),
    ...(files.length > 0 ? ["", ...files.map((file) => `wrote     ${file}`)] : []),
  ].join("\n");
}

/** Rows for a terminal. */
const most = 6;

function functionLines({
  reading: { functions, network, tracks, constants },
}: ReadWeights): string[] {
  if (functions === null) return [];
  const list = functions.nearest === null ? functions.list : [functions.nearest];
  const lines = list.slice(0, most).map((one, i) => {
    const name = functions.nearest === null ? `φ${i + 1}` : "nearest";
    const track = tracks.find(({ of }) => of === (functions.nearest === null ? i : -1));
    const about = one.exact
      ? "exact"
      : `‖Wᵀu‖ ${short(one.singularValue)}, ${boundText(one)}${track ? `, ${short(track.departure, 3)} seen` : ""}`;
    const driven =
      one.drive === null ? "" : one.autonomous ? ", not reached by the input" : ", driven by uᵀB s";
    return `${name.padEnd(10)}${formula(one)}   ${lawOf(network, one.eigenvalue)}   ${about}${driven}`;
  });
  const more = list.length - lines.length;
  const first = constants[0];
  return [
    "",
    ...lines,
    ...(more > 0
      ? [`          and ${counted(more, "more", "more")}: -o FOLDER keeps them all`]
      : []),
    ...(first
      ? [
          `constant  φ${first.over + 1}/φ${first.under + 1}${constants.length > 1 ? ` and ${grouped(constants.length - 1)} more such ratios` : ""} along every trajectory`,
        ]
      : []),
  ];
}

/** 0.905 x1 + 0.302 x2 − 1.2; the largest terms where there are many. */
function formula({ u, offset }: Eigenfunction): string {
  const order = Array.from(u, (_, i) => i).filter((i) => Math.abs(u[i]) > 1e-12);
  const kept =
    order.length <= 5
      ? order
      : [...order]
          .sort((a, b) => Math.abs(u[b]) - Math.abs(u[a]))
          .slice(0, 3)
          .sort((a, b) => a - b);
  const term = (value: number, what: string, first: boolean) =>
    `${value < 0 ? (first ? "−" : " − ") : first ? "" : " + "}${short(Math.abs(value))}${what}`;
  const sum = kept.map((i, k) => term(u[i], ` x${i + 1}`, k === 0)).join("");
  const rest = order.length > kept.length ? ` + … (${order.length} terms)` : "";
  return `${sum}${rest}${Math.abs(offset) > 1e-12 ? term(-offset, "", false) : ""}`;
}

function fixedLines({ reading: { fixed, network } }: ReadWeights): string[] {
  const discrete = network.time.kind === "discrete";
  const shown = fixed.points.slice(0, most);
  const more = fixed.points.length - shown.length;
  return [
    "",
    `at rest   ${counted(fixed.points.length, "fixed point")} from ${counted(fixed.starts, "start")}` +
      (fixed.unique ? ": the only one, ‖W‖₂ sup|σ′| being below the decay" : "") +
      (fixed.unfinished > 0 ? `; ${counted(fixed.unfinished, "start")} came to none` : ""),
    ...shown.map(
      (point) =>
        `  ${point.stability.padEnd(10)}x = (${coordinates(point)})   ` +
        `${point.smooth ? `λ ${leading(point, discrete)}` : "no λ: a unit is at the kink of σ"}   ${counted(point.found, "start")}`,
    ),
    ...(more > 0 ? [`  and ${grouped(more)} more`] : []),
  ];
}

const coordinates = ({ x }: FixedPoint) =>
  [...x.slice(0, 4)].map((value) => short(value, 6)).join(", ") + (x.length > 4 ? ", …" : "");

/** The eigenvalues that decide, three of them. */
function leading({ eigenvalues: { re, im } }: FixedPoint, discrete: boolean): string {
  const size = (i: number) => (discrete ? Math.hypot(re[i], im[i]) : re[i]);
  const order = Array.from(re, (_, i) => i).sort((a, b) => size(b) - size(a));
  const text = order
    .filter((i) => im[i] >= 0)
    .slice(0, 3)
    .map((i) => (im[i] === 0 ? short(re[i], 6) : `${short(re[i], 6)} ± ${short(im[i], 6)}i`));
  return text.join(", ") + (re.length > 3 ? ", …" : "");
}
