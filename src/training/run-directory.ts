import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { DataError, InputError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { writeAll, writeAtomically } from "./atomic-file.ts";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import type { FitStatus, TrainingState } from "./events.ts";
import { formatSafetensors } from "./safetensors.ts";

/** run.json: what a run is and how far it has come. No names of hosts, no absolute paths. */
export interface RunRecord {
  readonly schema: "eigenflow/run@1";
  readonly id: string;
  readonly name: string;
  readonly command: string; // does the run again, from inside its folder
  readonly status: "running" | FitStatus | "failed";
  readonly reason?: string;
  readonly seed: number;
  readonly configSha256: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly started: string; // times are UTC, ISO 8601
  readonly heartbeat: string; // while it is running, at most a second or a call of the runtime old
  readonly ended?: string;
  readonly epoch: number; // epochs done
  readonly step: number; // steps done
}

/** The folder of a run, open for writing. */
export interface RunDirectory {
  readonly path: string;
  readonly id: string;
  /** Where to go on from, if the run was begun before. */
  readonly checkpoint: Checkpoint | null;
  /** Checkpoints that were passed over because they are damaged. */
  readonly damaged: readonly string[];
  /** Appends a line to metrics.jsonl. */
  readonly log: (line: object) => void;
  /** Weights after so many epochs, for whoever watches the run. */
  readonly snapshot: (epoch: number, tensors: Readonly<Record<string, Tensor>>) => void;
  /** Everything logged so far, then the state: from here the run can go on. */
  readonly save: (state: TrainingState) => void;
  /** Another file of the run. */
  readonly write: (name: string, contents: string | Uint8Array) => void;
  /** Ends the run in run.json and closes the folder. */
  readonly close: (status: RunRecord["status"], reason?: string) => void;
}

const heartbeatMs = 1000;
const format = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
const eightDigits = (n: number) => String(n).padStart(8, "0");

/**
 * Makes the folder `<root>/<name>-<time>-<hash>/` of a new run, the hash being that of its
 * configuration, and writes config.resolved.yaml and run.json in it.
 *
 * @throws InputError  when the folder cannot be made
 */
export function createRun(
  root: string,
  about: Pick<RunRecord, "name" | "seed" | "configSha256" | "versions">,
  config: string,
): RunDirectory {
  const started = new Date().toISOString();
  const time = started.replace(/[-:]|\.\d+Z/g, "");
  const { path, id } = newFolder(root, `${about.name}-${time}-${about.configSha256.slice(0, 6)}`);
  const record: RunRecord = {
    schema: "eigenflow/run@1",
    id,
    command: "eigenflow train config.resolved.yaml",
    status: "running",
    ...about,
    started,
    heartbeat: started,
    epoch: 0,
    step: 0,
  };
  mkdirSync(join(path, "checkpoints"));
  mkdirSync(join(path, "snapshots"));
  writeAtomically(join(path, "config.resolved.yaml"), config);
  return openFolder(path, record);
}

/**
 * Opens the folder of a run that was interrupted. What metrics.jsonl got after the last checkpoint
 * is cut off; the run will write it again.
 *
 * @throws InputError  when there is no run in the folder
 * @throws DataError  when run.json is malformed, or another process is at it
 */
export function resumeRun(path: string): RunDirectory {
  const record = readRun(path);
  const owner = ownerOf(path);
  if (owner !== null) {
    throw new DataError(`${path}: process ${owner} is still training this run`, {
      hint: `if it is not, delete ${join(path, "lock")}`,
    });
  }
  const { ended: _, reason: __, ...rest } = record;
  return openFolder(path, { ...rest, status: "running", heartbeat: new Date().toISOString() });
}

/** The record in a run's folder. @throws InputError, DataError as `resumeRun` */
export function readRun(path: string): RunRecord {
  const file = join(path, "run.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new InputError(`${path}: there is no run in this folder (no run.json)`, { cause });
  }
  try {
    const record = JSON.parse(text) as RunRecord;
    if (record?.schema === "eigenflow/run@1") return record;
  } catch (cause) {
    throw new DataError(`${file}: is no JSON`, { cause });
  }
  throw new DataError(`${file}: is no record of a run (wanted "schema": "eigenflow/run@1")`);
}

/** A folder that was not there before; equal names of one second get a number. */
function newFolder(root: string, name: string): { path: string; id: string } {
  try {
    mkdirSync(root, { recursive: true });
    for (let n = 1; ; n++) {
      const id = n === 1 ? name : `${name}-${n}`;
      const path = join(root, id);
      if (existsSync(path)) continue;
      mkdirSync(path);
      return { path, id };
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new InputError(`${root}: cannot make a run's folder there (${code})`, { cause });
  }
}

function openFolder(path: string, first: RunRecord): RunDirectory {
  writeAtomically(join(path, "lock"), `${process.pid}\n`);
  const checkpoints = join(path, "checkpoints");
  const { checkpoint, damaged } = loadCheckpoint(checkpoints);
  let lines = checkpoint?.metricsLines ?? 0;
  const metrics = openMetrics(join(path, "metrics.jsonl"), lines);
  let record = first;
  let beat = 0;
  const update = (changes: Partial<RunRecord>) => {
    record = { ...record, ...changes };
    writeAtomically(join(path, "run.json"), format(record));
    beat = performance.now();
  };
  update({});
  return {
    path,
    id: first.id,
    checkpoint,
    damaged,
    log: (line) => {
      writeAll(metrics, Buffer.from(`${JSON.stringify(line)}\n`));
      lines++;
    },
    snapshot: (epoch, tensors) =>
      writeAtomically(
        join(path, "snapshots", `${eightDigits(epoch)}.safetensors`),
        formatSafetensors({ tensors, metadata: { epoch: `${epoch}` } }),
      ),
    save: (state) => {
      fsyncSync(metrics);
      saveCheckpoint(checkpoints, { state, metricsLines: lines });
      const { epoch, step } = state;
      if (performance.now() - beat < heartbeatMs) record = { ...record, epoch, step };
      else update({ epoch, step, heartbeat: new Date().toISOString() });
    },
    write: (name, contents) => writeAtomically(join(path, name), contents),
    close: (status, reason) => {
      const ended = new Date().toISOString();
      fsyncSync(metrics);
      closeSync(metrics);
      update({ status, heartbeat: ended, ended, ...(reason !== undefined && { reason }) });
      rmSync(join(path, "lock"), { force: true });
    },
  };
}

/** metrics.jsonl cut to the lines that a checkpoint knows of, to be appended to. */
function openMetrics(path: string, lines: number): number {
  const file = openSync(path, "a+");
  const bytes = readFileSync(path);
  let end = 0;
  for (let line = 1; line <= lines; line++) {
    end = bytes.indexOf("\n", end) + 1;
    if (end > 0) continue;
    closeSync(file);
    throw new DataError(`${path}: has ${line - 1} lines, the checkpoint was taken after ${lines}`);
  }
  ftruncateSync(file, end);
  return file;
}

/** The process that is at a run: one that lives, of a run whose heart beats. */
function ownerOf(path: string): number | null {
  let pid: number;
  try {
    pid = Number.parseInt(readFileSync(join(path, "lock"), "utf8"), 10);
    if (!(pid > 0) || pid === process.pid) return null;
    if (Date.now() - statSync(join(path, "run.json")).mtimeMs > 60 * heartbeatMs) return null;
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}
