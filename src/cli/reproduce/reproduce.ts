import { join } from "node:path";
import { unknownName } from "../../errors/suggest.ts";
import { GateError, UsageError } from "../../errors.ts";
import { reproductionPage } from "../../reproduce/document.ts";
import { reproductions } from "../../reproduce/registry.ts";
import { type PresetName, presetNames } from "../../reproduce/reproduction.ts";
import { type Result, tally } from "../../reproduce/result.ts";
import { note, type Outcome } from "../output/output.ts";
import { runReproduction } from "./reproduction.ts";
import { runAll } from "./reproduction-all.ts";

export interface ReproduceFlags {
  readonly all?: true;
  readonly preset?: string;
  readonly seed?: string;
  readonly out?: string;
  readonly strict?: true;
  readonly json?: boolean;
  readonly quiet?: true;
}

/** `eigenflow reproduce …`: published numbers, computed again; tables and figures in a folder. */
export async function reproduce(what: string | undefined, flags: ReproduceFlags): Promise<Outcome> {
  const known = Object.keys(reproductions);
  if (what !== undefined && !known.includes(what))
    throw unknownName("unknown reproduction", what, known);
  if (what !== undefined && flags.all)
    throw new UsageError(`reproduce ${what} --all: one of the two`);
  const preset = presetOf(flags.preset);
  const seed = seedOf(flags.seed);
  const progress = flags.quiet ? () => {} : (part: string) => note(part);
  if (flags.all) {
    const folder = flags.out ?? join("runs", "reproduce");
    const all = { preset, progress, folder, ...(seed !== undefined && { seed }) };
    return gated(await runAll(reproductions, all), flags);
  }
  if (what === undefined) return listing();

  const reproduction = await reproductions[what]();
  const folder = flags.out ?? join("runs", `reproduce-${what}`);
  const settings = { preset, seed: seed ?? reproduction.seed, folder, progress };
  const result = await runReproduction(reproduction, settings);
  const text = `${reproductionPage(result)}\n${tally(result.lines)}; tables and figures are in ${folder}`;
  return gated({ document: { ...result }, text, results: [result] }, flags);
}

/** With --strict the exit code says whether all was reached. */
function gated(
  { document, text, results }: Outcome & { readonly results: readonly Result[] },
  { strict }: ReproduceFlags,
): Outcome {
  const missed = results.flatMap(({ name, lines }) =>
    lines
      .filter(({ standing }) => standing === "not reached")
      .map(({ what }) => `${name}: ${what}`),
  );
  if (!strict || missed.length === 0) return { document, text };
  const failure = new GateError(
    `${missed.length} numbers were not reached: ${missed.join("; ")}`,
    "the tables say by how much; --preset full scatters less",
  );
  return { document, text, failure };
}

async function listing(): Promise<Outcome> {
  const all = await Promise.all(Object.values(reproductions).map((load) => load()));
  const list = all.map(({ name, title, about }) => ({ name, title, about }));
  const width = Math.max(...list.map(({ name }) => name.length));
  const lines = list.map(({ name, title }) => `${name.padEnd(width)}  ${title}`);
  return {
    document: { reproductions: list },
    text: `${lines.join("\n")}\n\neigenflow reproduce NAME [--preset full], or --all`,
  };
}

function presetOf(given = "quick"): PresetName {
  const preset = presetNames.find((one) => one === given);
  if (preset === undefined) throw unknownName("unknown preset", given, [...presetNames]);
  return preset;
}

function seedOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new UsageError(`--seed ${text}: a whole number is wanted`);
  return Number(text);
}
