import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { UsageError } from "../../errors.ts";
import { encodeSequence, encodeStep } from "../../identification/step-file.ts";
import { type Files, makeFolder, writeFiles } from "../../training/atomic-file.ts";
import { commandLine, digestsOf } from "../output/origin.ts";
import { note } from "../output/output.ts";
import { version } from "../output/version.ts";
import type { IdentifyFlags, IdentifyResult } from "./identify.ts";
import { identifiedDocument } from "./identify-document.ts";

const model = "model.onnx";
const sequence = "model-sequence.onnx";
const page = "report.html";
const names = [model, sequence, "certificate.json", "identification.json", page];

/** @throws UsageError  where a result is in the folder already, before anything is computed */
export function requireFree({
  out,
  force,
  resume,
}: Pick<IdentifyFlags, "out" | "force" | "resume">): void {
  const there = names.find((name) => out !== undefined && existsSync(join(out, name)));
  if (there !== undefined && !force && !resume)
    throw new UsageError(`${join(out!, there)} is there already`, "another folder, or --force");
}

/** The files of a result: the model last, so that whoever finds it finds the rest. */
export async function writeIdentified(
  found: Omit<IdentifyResult, "files">,
  paths: readonly string[],
  flags: IdentifyFlags,
): Promise<string[]> {
  const { out: folder } = flags;
  if (folder === undefined) return [];
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const { certificate } = found.model;
  const files: Files = {
    "identification.json": json(identifiedDocument({ ...found, files: [] })),
    ...(certificate && { "certificate.json": json(certificate) }),
    [sequence]: encodeSequence(found.model),
    [model]: encodeStep(found.model),
  };
  makeFolder(folder);
  const report = await reportIn(folder, found, paths, flags);
  return [...writeFiles(folder, files), ...report];
}

/** A result is not lost for want of a picture: where the report fails, a warning says so. */
async function reportIn(
  folder: string,
  found: Omit<IdentifyResult, "files">,
  paths: readonly string[],
  { out: _, resume: __, ...flags }: IdentifyFlags,
): Promise<string[]> {
  try {
    // Drawing takes half a second to load.
    const [{ identificationReport }, { writeReport }] = await Promise.all([
      import("../../report/identification-report.ts"),
      import("../../report/write-report.ts"),
    ]);
    const content = identificationReport({
      ...found,
      name: paths.map((path) => basename(path)).join(", "),
      reproduce: {
        command: commandLine("identify", paths, { ...flags }),
        versions: { eigenflow: version, node: process.versions.node },
        seeds: { "of everything random": Number(flags.seed) },
        inputs: await digestsOf(paths),
      },
    });
    await writeReport(content, resolve(folder, page));
    return [join(folder, page)];
  } catch (error) {
    note(`warning: no ${page}: ${error instanceof Error ? error.message : error}`);
    return [];
  }
}
