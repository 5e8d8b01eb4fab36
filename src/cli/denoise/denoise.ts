import { columnOf, parseTable } from "../../data/csv.ts";
import { parseDelimited } from "../../data/delimited.ts";
import { readText } from "../../data/files.ts";
import { UsageError } from "../../errors.ts";
import { denoiseFigure } from "../../report/builders/denoise.ts";
import { toCsv } from "../../report/figure/to-csv.ts";
import { toPng } from "../../report/figure/to-png.ts";
import { toSvg } from "../../report/figure/to-svg.ts";
import type { Ends } from "../../signal/basis.ts";
import { type Denoised, denoise } from "../../signal/denoise.ts";
import { type Series, seriesOf } from "../../signal/series.ts";
import { type Files, writeFiles } from "../../training/atomic-file.ts";
import {
  denoiseByNetwork,
  heldOutError,
  type NetworkDenoised,
} from "../../training/sobolev/denoise-network.ts";
import { positive, whole } from "../input/experiment-input.ts";
import { short } from "../output/numbers.ts";
import { note, type Outcome } from "../output/output.ts";
import { cellOf } from "../train/predict.ts";
import { denoisedText, whyThisK } from "./denoise-text.ts";

export interface DenoiseFlags {
  readonly x?: string;
  readonly y?: string;
  readonly cutoff?: string;
  readonly most?: string;
  readonly ends?: Ends;
  readonly network?: true;
  readonly seed?: string;
  readonly out?: string;
}

/** What `eigenflow denoise` found. */
export interface DenoiseResult {
  readonly source: string;
  readonly columns: { readonly x: string | null; readonly y: string };
  readonly series: Series;
  readonly linear: Denoised;
  /** With --network, and what least squares of the same K do on the samples it holds out. */
  readonly network: (NetworkDenoised & { readonly linearHeldOut: number }) | null;
  readonly warnings: readonly string[];
  readonly files: readonly string[];
}

/** `eigenflow denoise SIGNAL.csv`: the signal in noisy samples, and why this much of it. */
export async function denoiseFile(path: string, flags: DenoiseFlags): Promise<Outcome> {
  const seed = whole("--seed", flags.seed ?? "0");
  if (flags.seed !== undefined && !flags.network)
    throw new UsageError("--seed is for --network: least squares draw nothing");
  const { columns, x, y } = await samplesOf(path, flags);
  const series = seriesOf(x, y);
  const linear = denoise(series, {
    ...(flags.cutoff !== undefined && { cutoff: whole("--cutoff", flags.cutoff) }),
    ...(flags.most !== undefined && { most: positive("--most", flags.most) }),
    ...(flags.ends !== undefined && { ends: flags.ends }),
  });
  const network = flags.network ? await byNetwork(series, linear, seed) : null;
  const warnings = [...series.notes, ...doubtsOf(linear, flags.cutoff === undefined)];
  const found = { source: path, columns, series, linear, network, warnings };
  for (const warning of warnings) note(`note: ${warning}`);
  const result = { ...found, files: await write(flags.out, found) };
  const text = denoisedText(result);
  if (flags.out !== undefined) return { document: documentOf(result), text };
  note(text);
  return { document: documentOf(result), text: csvOf(result) };
}

/** The two columns of the file: by name, or the only ones there are. */
async function samplesOf(path: string, flags: DenoiseFlags) {
  const text = await readText(path);
  const { columns: all, rows } = parseDelimited(text, path);
  for (const name of [flags.x, flags.y]) if (name !== undefined) columnOf(all, name, path);
  const rest = all.filter((name) => name !== flags.x && name !== flags.y);
  const named = `its columns: ${all.join(", ")}`;
  if (flags.x !== undefined && flags.x === flags.y)
    throw new UsageError(`-x and -y are both ${flags.x}`, named);
  if (flags.y === undefined && rest.length > (flags.x === undefined ? 2 : 1))
    throw new UsageError(`${path} has ${all.length} columns: -y says which is the signal`, named);
  const y = flags.y ?? rest.at(-1)!;
  if (y === undefined) throw new UsageError(`${path} has no column beside ${flags.x}`, named);
  // Beside a signal that is named, only a lone other column can be its position.
  const other = rest.filter((name) => name !== y);
  const x = flags.x ?? (other.length === 1 ? other[0] : null);
  if (x === null && other.length > 1)
    throw new UsageError(`${path} has ${all.length} columns: -x says where the samples lie`, named);
  const table = parseTable(text, path, x === null ? [y] : [x, y]);
  const column = (j: number) =>
    Float64Array.from(rows, (_, i) => table.rows[i * table.columns.length + j]);
  return {
    columns: { x, y },
    x: x === null ? Float64Array.from(rows, (_, i) => i) : column(0),
    y: column(x === null ? 0 : 1),
  };
}

async function byNetwork(series: Series, linear: Denoised, seed: number) {
  const cutoff = Math.max(1, Math.ceil(linear.cycles));
  const found = await denoiseByNetwork(series, { cutoff, seed });
  const kept = (all: Float64Array) => all.filter((_, i) => found.held[i] === 0);
  const part = seriesOf(kept(series.x), kept(series.y));
  const { at } = denoise(part, { cutoff: linear.cutoff, ends: linear.ends });
  return { ...found, linearHeldOut: heldOutError(series.y, series.x.map(at), found.held) };
}

function doubtsOf(
  { cutoff, limit, risk, leaveOneOut, noise }: Denoised,
  looked: boolean,
): string[] {
  const bounds = {
    gap: "the largest gap between samples",
    samples: "the number of samples",
    most: "--most",
  };
  return [
    ...(looked && cutoff === limit.cutoff
      ? [`K = ${cutoff} is the largest that ${bounds[limit.by]} allows: finer detail may be lost`]
      : []),
    ...(looked && leaveOneOut > 2 * (noise ** 2 + risk) && noise > 0
      ? ["leaving samples out costs more than the expected error says: K may be too large"]
      : []),
  ];
}

/** The reconstruction, by the network where it was asked for. */
const fittedOf = ({ linear, network }: Pick<DenoiseResult, "linear" | "network">) =>
  network?.fitted ?? linear.fitted;

function csvOf({ columns, series, linear, network }: Omit<DenoiseResult, "files">): string {
  const fitted = fittedOf({ linear, network });
  const header = [
    columns.x ?? "row",
    columns.y,
    "denoised",
    ...(network ? [] : ["standard_error"]),
  ];
  const rows = Array.from(series.x, (x, i) =>
    [
      x,
      series.y[i],
      short(fitted[i], 7),
      ...(network ? [] : [short(linear.standardErrors[i], 7)]),
    ].join(","),
  );
  return `${[header.map(cellOf).join(","), ...rows].join("\n")}\n`;
}

async function write(folder: string | undefined, found: Omit<DenoiseResult, "files">) {
  if (folder === undefined) return [];
  const { columns, series, linear, network } = found;
  const figure = denoiseFigure({
    xLabel: columns.x ?? "row",
    yLabel: columns.y,
    by: network ? "a network trained by Sobolev 2" : `least squares up to K = ${linear.cutoff}`,
    ...{ x: series.x, y: series.y, fitted: fittedOf(found), chosen: linear },
    ...(!network && { standardErrors: linear.standardErrors }),
    candidates: linear.candidates,
  });
  const document = documentOf({ ...found, files: [] });
  const files: Files = {
    "reconstruction.csv": csvOf(found),
    "denoise.svg": toSvg(figure),
    "denoise.png": await toPng(figure),
    "denoise.csv": toCsv(figure),
    "denoise.json": `${JSON.stringify(document, null, 2)}\n`,
  };
  return writeFiles(folder, files);
}

function documentOf(result: DenoiseResult): Record<string, unknown> {
  const { source, columns, series, linear, network, warnings, files } = result;
  const { ends, cutoff, functions, cycles, noise, risk, squaredBias, variance, limit } = linear;
  return {
    source,
    columns,
    samples: series.x.length,
    ends,
    cutoff,
    functions,
    cycles,
    why: whyThisK(linear),
    noise,
    error: {
      expected: Math.sqrt(risk),
      squaredBias,
      variance,
      leaveOneOut: Math.sqrt(linear.leaveOneOut),
    },
    limit,
    candidates: linear.candidates.map(({ ends, cutoff, risk, leaveOneOut }) => ({
      ...{ ends, cutoff, risk },
      leaveOneOut: Number.isFinite(leaveOneOut) ? leaveOneOut : null,
    })),
    network: network && {
      step: network.step,
      steps: network.steps,
      heldOut: network.heldOut,
      linearHeldOut: network.linearHeldOut,
    },
    reconstruction: {
      x: [...series.x],
      y: [...series.y],
      denoised: [...fittedOf(result)],
      standardError: network ? null : [...linear.standardErrors],
    },
    warnings,
    files,
  };
}
