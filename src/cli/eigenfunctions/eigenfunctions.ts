import { existsSync } from "node:fs";
import { join } from "node:path";
import { equationOf } from "../../eigenfunctions/equation.ts";
import { gatedOffers, readGated } from "../../eigenfunctions/gated.ts";
import { type Reading, readNetwork } from "../../eigenfunctions/reading.ts";
import type { RecurrentWeights } from "../../eigenfunctions/weights/read.ts";
import { CertificateError, UsageError } from "../../errors.ts";
import { singularValues } from "../../linalg/svd.ts";
import { whole } from "../input/experiment-input.ts";
import type { Outcome } from "../output/output.ts";
import { readFamily } from "./eigenfunctions-family.ts";
import { writeReading } from "./eigenfunctions-files.ts";
import {
  type EigenfunctionFlags,
  networkOf,
  readGiven,
  toleranceFlag,
} from "./eigenfunctions-input.ts";
import { conclusionOf, readingText } from "./eigenfunctions-text.ts";

/** What `eigenflow eigenfunctions` found of a plain network. */
export interface ReadWeights {
  readonly weights: RecurrentWeights;
  readonly reading: Reading;
  readonly assumed: readonly string[];
  readonly singular: Float64Array;
  readonly rank: number;
}

/** `eigenflow eigenfunctions WEIGHTS`: eigenfunctions in closed form, the reduction, fixed points. */
export async function eigenfunctions(path: string, flags: EigenfunctionFlags): Promise<Outcome> {
  requireFree(flags);
  const [starts, seed] = [whole("--starts", flags.starts), whole("--seed", flags.seed)];
  if (starts === 0)
    throw new UsageError(
      "--starts 0: no fixed point is found from no start",
      "1 or more; 100 by default",
    );
  const weights = await readGiven(path, flags);
  if (weights.kind !== "plain") return gatedOutcome(weights, seed);
  if (flags.family !== undefined || flags.zeta !== undefined || flags.rates !== undefined)
    return readFamily(path, weights, flags);
  const { network, assumed } = await networkOf(path, weights, flags);
  const reading = readNetwork(network, { ...toleranceFlag(flags), starts, seed });
  const singular = reading.functions?.singularValues ?? singularValues(network.W);
  const rank = reading.functions?.rank ?? reading.reduction!.rank;
  const found: ReadWeights = {
    weights,
    reading,
    assumed: [
      ...assumed,
      ...(flags.tolerance === undefined && !flags.approximate ? lostRank(weights.dtype) : []),
    ],
    singular,
    rank,
  };
  const files = flags.out === undefined ? [] : await writeReading(path, flags, found, seed);
  const none = isNone(found);
  return {
    document: { ...documentOf(found), files },
    text: readingText(found, files),
    ...(none && {
      failure: new CertificateError(
        conclusionOf(found).sentence,
        reading.functions === null
          ? "--tolerance SHARE leaves small singular values out"
          : "--approximate keeps near-null directions, each with its bound",
      ),
    }),
  };
}

/** Nothing exact, nothing near that was asked for, no coordinate fewer. */
const isNone = ({ reading: { functions, reduction, network } }: ReadWeights): boolean =>
  functions === null ? reduction!.rank === network.W.rows : functions.list.length === 0;

/** Of entries rounded to a few digits, by how much a rank may have been lost in that. */
const roundings: Readonly<Record<string, string>> = {
  float32: "1e-6",
  float16: "1e-3",
  bfloat16: "1e-2",
};

const lostRank = (dtype: string): string[] =>
  dtype in roundings
    ? [
        `the file holds ${dtype}: a rank that was lost in rounding to it shows with --tolerance ${roundings[dtype]}`,
      ]
    : [];

function requireFree({ out, force }: EigenfunctionFlags): void {
  const there = out !== undefined && join(out, "eigenfunctions.json");
  if (there && existsSync(there) && !force)
    throw new UsageError(`${there} is there already`, "another folder, or --force");
}

function gatedOutcome({ source, W, kind, order, bias }: RecurrentWeights, seed: number): Outcome {
  const reading = readGated(kind as "gru" | "lstm", W, order, bias, seed);
  const offers = gatedOffers(reading);
  const name = kind.toUpperCase();
  return {
    document: { source, gated: { ...reading, offers } },
    text: [
      `${source}: a ${name} of ${reading.units} units, by its shape ${W.rows} × ${W.cols}`,
      ...reading.gates.map(
        (gate) => `  ${gate.name.padEnd(10)} rank ${gate.rank}, ‖·‖_F ${gate.norm.toPrecision(4)}`,
      ),
      "what can be done:",
      ...offers.map((offer) => `  - ${offer}`),
    ].join("\n"),
    failure: new CertificateError(
      `of a ${name} no eigenfunction is known in closed form: its gates multiply the state`,
      "the reading above says what can be done instead",
    ),
  };
}

/** Vectors with more numbers than this are in the files only. */
const mostNumbers = 20_000;

export function documentOf({ weights, reading, assumed, singular, rank }: ReadWeights) {
  const { network, functions, exactness, tracks, constants, reduction, gap, fixed } = reading;
  const N = network.W.rows;
  const list = functions?.list ?? [];
  const few = N * list.length <= mostNumbers;
  const one = (phi: (typeof list)[number]) => ({
    eigenvalue: phi.eigenvalue,
    singularValue: phi.singularValue,
    exact: phi.exact,
    bound: phi.bound,
    offset: phi.offset,
    u: few ? Array.from(phi.u) : null,
    drive: phi.drive && Array.from(phi.drive),
    autonomous: phi.autonomous,
  });
  const { decision, sentence } = conclusionOf({ weights, reading, assumed, singular, rank });
  return {
    source: weights.source,
    equation: equationOf(network),
    form: network.form,
    time: network.time.kind,
    leak: network.time.kind === "discrete" ? network.time.leak : null,
    activation: network.activation.name,
    units: N,
    inputs: network.B?.cols ?? 0,
    rank,
    singularValues: Array.from(singular),
    tolerance: functions?.tolerance ?? null,
    decision,
    sentence,
    assumed,
    eigenfunctions: list.map(one),
    nearest: functions?.nearest ? one({ ...functions.nearest }) : null,
    constants: constants.map(({ over, under }) => ({ over, under })),
    exactness,
    tracks: tracks.map(({ of, departure, allowed }) => ({ of, departure, allowed })),
    reduction: reduction && {
      rank: reduction.rank,
      exact: reduction.exact,
      dropped: reduction.dropped,
      truncation: reduction.truncation,
      cost: reduction.cost,
      gap,
    },
    fixedPoints: {
      starts: fixed.starts,
      unfinished: fixed.unfinished,
      unique: fixed.unique,
      points: fixed.points.map((point) => ({
        x: N * fixed.points.length <= mostNumbers ? Array.from(point.x) : null,
        y: Array.from(point.y),
        stability: point.stability,
        smooth: point.smooth,
        found: point.found,
        residual: point.residual,
        re: Array.from(point.eigenvalues.re),
        im: Array.from(point.eigenvalues.im),
      })),
    },
  };
}
