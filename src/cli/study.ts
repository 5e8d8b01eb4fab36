import { join } from "node:path";
import { unknownName } from "../errors/suggest.ts";
import { koopmanPresets } from "../reproduce/koopman/plan.ts";
import { koopmanStudy } from "../reproduce/koopman/study.ts";
import { makeFolder } from "../reproduce/stored.ts";
import { presets } from "../reproduce/verdict/plan.ts";
import { verdictStudy } from "../reproduce/verdict/study.ts";
import { loadBackend } from "../runtime/backend.ts";
import { writeAtomically } from "../training/atomic-file.ts";
import { note, type Outcome } from "./output.ts";

export interface StudyFlags {
  readonly preset?: string;
  readonly seed?: number | string;
  readonly out?: string;
  readonly quiet?: true;
}

/**
 * `eigenflow reproduce training-verdict` and `koopman-training`. What came out is published as it is: a
 * bar that was missed is a line of the table, and no failure of the command.
 */
export async function study(
  what: "training-verdict" | "koopman-training",
  flags: StudyFlags,
): Promise<Outcome> {
  const { preset = "quick", seed = 2021 } = flags;
  if (!(preset === "quick" || preset === "full"))
    throw unknownName("unknown preset", preset, ["quick", "full"]);
  const folder = flags.out ?? join("runs", `reproduce-${what}`);
  const kept = join(folder, `runs-${preset}`);
  makeFolder(kept);
  await loadBackend();
  const progress = flags.quiet ? () => {} : (part: string) => note(part);
  const options = { preset, seed: Number(seed), folder: kept, progress };
  const {
    study: result,
    tables,
    figures,
  } = what === "training-verdict"
    ? { ...(await verdictStudy({ ...options, plan: presets[preset] })), figures: {} }
    : await koopmanStudy({ ...options, plan: koopmanPresets[preset] });
  const files: Record<string, string> = {
    "tables.md": tables,
    [`${what}.json`]: `${JSON.stringify(result)}\n`,
    ...figures,
  };
  for (const [name, contents] of Object.entries(files))
    writeAtomically(join(folder, name), contents);
  return {
    document: { ...result, files: Object.keys(files).map((name) => join(folder, name)) },
    text: `${tables}\ntables and results are in ${folder}; the runs stay in ${kept} and are not repeated`,
  };
}
