import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { NoSeriesError } from "../../data/run/pick.ts";
import type { SeriesInput } from "../../koopman/verdict/analysis.ts";
import { type Growth, growingFile } from "../input/growing-file.ts";
import { isFolder, type SeriesChoice, seriesIn, seriesOf } from "../input/run-input.ts";

export interface Look {
  readonly series: SeriesInput | null; // null: no value yet
  readonly restarted: boolean;
  readonly remark: string | null; // why there is none
}

/**
 * A function that looks at a run once: its series, or null where nothing has changed since the last
 * look. Logs of lines are read on from where they stopped; of anything else all is read again when a file
 * of it changes.
 *
 * The last look takes a last line without its end as well.
 *
 * @param patient  a series that is not there yet, as in a log whose columns come later, is waited for
 * @throws InputError  when there is nothing at the path
 */
export async function watched(
  path: string,
  choice: SeriesChoice,
  patient: boolean,
): Promise<(final: boolean) => Promise<Look | null>> {
  const names = ["metrics.jsonl", "metrics.csv"].map((name) => join(path, name));
  const log = isFolder(path) ? (names.find(existsSync) ?? names[0]) : path;
  if (/\.(csv|jsonl)$/.test(log) && existsSync(log)) {
    const poll = growingFile(log);
    let before: Growth | null = null;
    return async (final) => {
      const fresh = await poll();
      before = fresh ?? before;
      if (before === null || (fresh === null && !(final && before.rest !== ""))) return null;
      const restarted = fresh?.restarted ?? false;
      const text = final ? before.text + before.rest : before.text;
      if (!begun(text, log)) return { series: null, restarted, remark: null };
      return { restarted, ...(await found(async () => seriesIn(text, log, choice), patient)) };
    };
  }
  let before = "";
  return async () => {
    const now = fingerprint(path);
    if (now === before) return null;
    before = now;
    return { restarted: false, ...(await found(() => seriesOf(path, choice), patient)) };
  };
}

async function found(
  read: () => Promise<SeriesInput>,
  patient: boolean,
): Promise<Pick<Look, "series" | "remark">> {
  try {
    return { series: await read(), remark: null };
  } catch (error) {
    if (!(patient && error instanceof NoSeriesError)) throw error;
    return { series: null, remark: `${error.message}; ${error.hint}` };
  }
}

/** Of a header alone there is no series yet. */
function begun(text: string, file: string): boolean {
  const lines = text.split("\n").filter((line) => line.trim() !== "").length;
  return lines >= (file.endsWith(".csv") ? 2 : 1);
}

/** Names, sizes and times of what is there, two folders deep. */
function fingerprint(path: string, depth = 2): string {
  const info = statSync(path);
  if (!info.isDirectory()) return `${path} ${info.size} ${info.mtimeMs}`;
  if (depth === 0) return path;
  return readdirSync(path)
    .sort()
    .map((name) => fingerprint(join(path, name), depth - 1))
    .join("\n");
}

/** Whether run.json, in the folder or beside the log, says that the run is over. */
export function endOf(path: string): boolean {
  const file = join(isFolder(path) ? path : dirname(path), "run.json");
  if (!existsSync(file)) return false;
  try {
    const { status } = JSON.parse(readFileSync(file, "utf8")) as { status?: unknown };
    return typeof status === "string" && status !== "running";
  } catch {
    // Half-written by something that does not write in one piece: asked again at the next look.
    return false;
  }
}
