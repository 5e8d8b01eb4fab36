import { join } from "node:path";
import { unknownName } from "../errors/suggest.ts";
import { CertificateError, UsageError } from "../errors.ts";
import { reproduceDeq } from "../reproduce/deq.ts";
import { deqFigures } from "../reproduce/figures.ts";
import { reproductions } from "../reproduce/registry.ts";
import { makeFolder } from "../reproduce/stored.ts";
import { deqTables } from "../reproduce/tables.ts";
import { loadBackend } from "../runtime/backend.ts";
import { writeAtomically } from "../training/atomic-file.ts";
import { note, type Outcome } from "./output.ts";

export interface ReproduceFlags {
  readonly draws?: string;
  readonly problems?: string;
  readonly seed?: string;
  readonly preset?: string;
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: true;
}

const studies = ["training-verdict", "koopman-training"] as const;
const known = ["deq", ...studies, ...Object.keys(reproductions)];

/** `eigenflow reproduce …`: published numbers, computed again; tables and figures in a folder. */
export async function reproduce(what: string, flags: ReproduceFlags): Promise<Outcome> {
  if (!known.includes(what)) throw unknownName("unknown reproduction", what, known);
  refuseForeign(what, flags);
  if (Object.hasOwn(reproductions, what)) {
    const { runReproduction } = await import("./reproduction.ts");
    const { seed, ...rest } = flags;
    return runReproduction(await reproductions[what](), { ...rest, ...whole("seed", seed) });
  }
  const study = studies.find((name) => name === what);
  return study === undefined
    ? reproduceLecture(what, flags)
    : (await import("./study.ts")).study(study, { ...flags, ...whole("seed", flags.seed) });
}

/** What belongs to another reproduction is refused, not ignored. */
function refuseForeign(what: string, flags: ReproduceFlags): void {
  const foreign = what === "deq" ? (["preset"] as const) : (["draws", "problems"] as const);
  const given = foreign.find((name) => flags[name] !== undefined);
  if (given !== undefined) throw new UsageError(`--${given} is no option of reproduce ${what}`);
}

async function reproduceLecture(what: string, flags: ReproduceFlags): Promise<Outcome> {
  const options = {
    ...whole("draws", flags.draws),
    ...whole("problems", flags.problems),
    ...whole("seed", flags.seed),
  };
  const folder = flags.out ?? join("runs", `reproduce-${what}`);
  makeFolder(folder);
  await loadBackend();
  const progress = flags.quiet ? () => {} : (part: string) => note(part);
  const { result, detail } = await reproduceDeq({ ...options, progress });

  const tables = deqTables(result);
  const files = {
    "tables.md": tables,
    "deq.json": `${JSON.stringify(result, null, 2)}\n`,
    ...deqFigures(result, detail),
  };
  for (const [name, contents] of Object.entries(files)) {
    writeAtomically(join(folder, name), contents);
  }
  const written = Object.keys(files).map((name) => join(folder, name));
  const outside = result.claims.filter(({ verdict }) => verdict === "outside");
  const verdict =
    outside.length === 0
      ? `all ${result.claims.length} published results came out again`
      : `${outside.length} of ${result.claims.length} published results did not come out again`;
  return {
    document: { reproduced: outside.length === 0, ...result, files: written },
    text: `${tables}\n${verdict}; tables and figures are in ${folder}`,
    ...(outside.length > 0 && {
      failure: new CertificateError(
        `${verdict}: ${outside.map(({ name }) => name).join("; ")}`,
        "compare the rows in the tables; fewer draws than 500 scatter more",
      ),
    }),
  };
}

function whole(name: string, text: string | undefined): Record<string, number> {
  if (text === undefined) return {};
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw new UsageError(`--${name} ${text}: a whole number is wanted`);
  }
  return { [name]: Number(text) };
}
