import { createHash } from "node:crypto";
import { join } from "node:path";
import { readBytes } from "../../data/files.ts";
import { formatNpy } from "../../data/npy.ts";
import { randomStream } from "../../data/random.ts";
import { randomState } from "../../eigenfunctions/checks.ts";
import { equationOf } from "../../eigenfunctions/equation.ts";
import { eigenfunctionGraph, encodeGraph, reducedGraph } from "../../eigenfunctions/graphs.ts";
import { eigenfunctionsReport } from "../../report/eigenfunctions-report.ts";
import { writeReport } from "../../report/write-report.ts";
import { writeFiles } from "../../training/atomic-file.ts";
import { version } from "../output/version.ts";
import { documentOf, type ReadWeights } from "./eigenfunctions.ts";
import type { EigenfunctionFlags } from "./eigenfunctions-input.ts";
import { conclusionOf } from "./eigenfunctions-text.ts";

/** Trajectories of the phase portrait. */
const portraits = 16;

/**
 * Writes what was read into the folder of --out: vectors and bases as .npy, φ and the reduced network as
 * ONNX, the report with its figures, and eigenfunctions.json, last.
 *
 * @throws InputError  where the folder cannot be written
 */
export async function writeReading(
  path: string,
  flags: EigenfunctionFlags,
  found: ReadWeights,
  seed: number,
): Promise<string[]> {
  const folder = flags.out!;
  const { reading, weights, assumed, singular, rank } = found;
  const { network, functions, reduction } = reading;
  const list = functions?.list ?? [];
  const N = network.W.rows;
  const equation = equationOf(network);
  const about = { "eigenflow.equation": equation, "eigenflow.source": weights.source };
  const files: Record<string, string | Uint8Array> = {};
  if (list.length > 0) {
    const U = Float64Array.from(
      { length: list.length * N },
      (_, k) => list[Math.floor(k / N)].u[k % N],
    );
    files["u.npy"] = formatNpy(U, [list.length, N]);
    files["phi.onnx"] = encodeGraph(
      eigenfunctionGraph(list),
      `phi = x u' - offsets: Koopman eigenfunctions of ${equation}`,
      { ...about, "eigenflow.eigenvalues": JSON.stringify(list.map((one) => one.eigenvalue)) },
    );
  }
  if (reduction !== null && reduction.rank < N) {
    files["basis.npy"] = formatNpy(reduction.P.data, [N, reduction.rank]);
    files["reduced.onnx"] = encodeGraph(
      reducedGraph(reduction),
      `${reduction.exact ? "Exact" : "Approximate"} reduction of ${equation} to ${reduction.rank} coordinates`,
      about,
    );
  }
  const draw = randomStream(seed, "portrait");
  const { decision, sentence } = conclusionOf(found);
  const report = eigenfunctionsReport(reading, {
    source: weights.source,
    decision,
    sentence,
    assumed,
    singularValues: singular,
    rank,
    starts: Array.from({ length: portraits }, () => randomState(draw, N, 2)),
    reproduce: {
      command: commandOf(path, flags),
      versions: { eigenflow: version, node: process.versions.node },
      seeds: { seed },
      inputs: [
        {
          path,
          sha256: createHash("sha256")
            .update(await readBytes(path))
            .digest("hex"),
        },
      ],
    },
  });
  const written = writeFiles(folder, files);
  const { page } = await writeReport(report, join(folder, "report.html"));
  const document = { ...documentOf(found), files: [...written, page] };
  const json = { "eigenfunctions.json": `${JSON.stringify(document, null, 2)}\n` };
  return [...written, page, ...writeFiles(folder, json)];
}

/** The command line again, with what a shell would take apart in quotes. */
function commandOf(path: string, flags: EigenfunctionFlags): string {
  const quoted = (text: string) =>
    /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
  const options = Object.entries(flags)
    .filter(([name, value]) => value !== undefined && !["json", "color", "force"].includes(name))
    .map(([name, value]) => (value === true ? `--${name}` : `--${name} ${quoted(String(value))}`));
  return ["npx eigenflow eigenfunctions", quoted(path), ...options].join(" ");
}
