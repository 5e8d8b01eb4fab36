import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { EigenflowError, InputError } from "../../errors.ts";
import { readText } from "../files.ts";
import { checkpointsAmong, isTensorFile, readCheckpoints } from "./checkpoints.ts";
import { readEventFiles } from "./event-files.ts";
import { readJsonLines, readTrainerState } from "./json.ts";
import { rateChanges, withoutCopies } from "./merge.ts";
import { readMlflow } from "./mlflow.ts";
import type { OpenedRun, ReadLog } from "./run.ts";
import { readTable } from "./table.ts";

/**
 * A training run of any framework: one file of it, or its folder. Nothing in it is executed.
 *
 * Read are TensorBoard event files, CSV and other tables (Lightning, Keras, W&B exports), JSON Lines (ours
 * among them), a Trainer's `trainer_state.json`, metrics of MLflow's file store, and as snapshots files of
 * tensors, ordered by the step in their names. In a folder, series that another source has too are left
 * out, and a source that cannot be read is a caveat as long as there is another.
 *
 * @throws InputError  for a path that cannot be read, a folder without a run or with several
 * @throws DataError  for a file that is malformed
 */
export async function openRun(path: string): Promise<OpenedRun> {
  const info = await stat(path).catch((cause) => {
    throw new InputError(`${path}: no such file or directory`, { cause });
  });
  return info.isDirectory() ? openFolder(path) : assembled(path, null, [await readOne(path)], []);
}

async function readOne(path: string): Promise<ReadLog> {
  const name = basename(path);
  if (isTensorFile(name) || name.endsWith(".index.json"))
    return { series: [], ...(await readCheckpoints(path, [path])) };
  if (isEventFile(name)) return readEventFiles(path, [{ path, under: "" }]);
  if (name.endsWith(".wandb"))
    throw new InputError(`${path}: W&B's own files are not read`, {
      hint: "export the history: pandas.DataFrame(run.scan_history()).to_csv(...)",
    });
  const text = await readText(path);
  if (name.endsWith(".json")) return readTrainerState(text, path);
  if (/\.(jsonl|ndjson)$/.test(name) || /^\s*\{/.test(text)) return readJsonLines(text, path);
  const metric = /(?:^|[\\/])metrics[\\/](.+)$/.exec(path)?.[1];
  if (metric !== undefined && !/\.(csv|tsv|txt)$/.test(name))
    return readMlflow(path, [{ path, name: metric, text }]);
  return readTable(text, path);
}

const isEventFile = (name: string) => name.includes("tfevents");
const isTable = (name: string) => /\.(csv|tsv)$/i.test(name);
const isLog = (name: string) => /metrics|log|history|progress|train|val|loss/i.test(name);
const deepest = 3;

async function openFolder(path: string): Promise<OpenedRun> {
  const files = await filesBelow(path, deepest);
  const kind = kindOf(files);
  const own = files.filter((name) => !name.includes("/"));
  const tables = own.filter(isTable);
  const named = tables.filter(isLog);
  const readers: (() => Promise<ReadLog>)[] = [];
  const texts = [
    ...own.filter((name) => /\.(jsonl|ndjson)$/.test(name)),
    ...(named.length > 0 ? named : tables.length === 1 ? tables : []),
    ...trainerStates(files).slice(0, 1),
  ];
  for (const name of texts) readers.push(() => readOne(join(path, name)));
  const metrics = files.filter((name) => name.startsWith("metrics/"));
  if (kind === "mlflow" && metrics.length > 0)
    readers.push(async () => readMlflow(join(path, "metrics"), await textsOf(path, metrics)));
  const events = eventFiles(files);
  if (events.length > 0)
    readers.push(() =>
      readEventFiles(
        path,
        events.map(({ name, under }) => ({ path: join(path, name), under })),
      ),
    );
  const tensors = checkpointsAmong(path, kind === "eigenflow" ? snapshotsOnly(files) : files);
  if (tensors.length > 0)
    readers.push(async () => ({ series: [], ...(await readCheckpoints(path, tensors)) }));
  if (readers.length === 0) return openRun(join(path, onlyRunBelow(path, files)));

  const logs: ReadLog[] = [];
  const caveats: string[] = [];
  const errors: EigenflowError[] = [];
  for (const read of readers)
    try {
      logs.push(await read());
    } catch (error) {
      if (!(error instanceof EigenflowError)) throw error;
      errors.push(error);
      caveats.push(`left out: ${error.message}`);
    }
  if (logs.length === 0) throw errors[0];
  return assembled(path, kind, logs, caveats);
}

function assembled(
  path: string,
  kind: string | null,
  logs: readonly ReadLog[],
  caveats: readonly string[],
): OpenedRun {
  const { sources, series } = withoutCopies(logs);
  const [snapshots = [], ...others] = logs
    .flatMap((log) => (log.snapshots?.length ? [log.snapshots] : []))
    .sort((a, b) => b.length - a.length);
  return {
    path,
    kind: kind ?? sources[0].kind,
    sources,
    series: rateChanges(series, sources),
    snapshots,
    caveats: [
      ...caveats,
      ...others.map((list) => `${list.length} snapshots of ${list[0].path} are left out: fewer`),
    ],
  };
}

/** Files by their paths below a folder. */
async function filesBelow(root: string, depth: number, under = ""): Promise<string[]> {
  const entries = await readdir(join(root, under), { withFileTypes: true }).catch((cause) => {
    throw new InputError(`${join(root, under)}: cannot be read`, { cause });
  });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) =>
    a.name.localeCompare(b.name, "en", { numeric: true }),
  )) {
    const name = under + entry.name;
    if (entry.isFile()) found.push(name);
    else if (entry.isDirectory() && depth > 0 && !entry.name.startsWith("."))
      found.push(...(await filesBelow(root, depth - 1, `${name}/`)));
  }
  return found;
}

function kindOf(files: readonly string[]): string | null {
  const has = (name: string) => files.includes(name);
  if (has("run.json") && has("config.resolved.yaml")) return "eigenflow";
  if (trainerStates(files).length > 0) return "hf";
  if (has("hparams.yaml") || (has("metrics.csv") && files.some((name) => name.endsWith(".ckpt"))))
    return "lightning";
  if (has("meta.yaml")) return "mlflow";
  return null;
}

/** The state of a Trainer: the folder's own, else that of its latest checkpoint. */
const trainerStates = (files: readonly string[]) =>
  files
    .filter((name) => /^(checkpoint-\d+\/)?trainer_state\.json$/.test(name))
    .sort((a, b) => order(b) - order(a));
const order = (name: string) => Number(/^checkpoint-(\d+)/.exec(name)?.[1] ?? Infinity);

const snapshotsOnly = (files: readonly string[]) =>
  files.filter((name) => name.startsWith("snapshots/"));

/** Event files of the folder, and below it those of its parts: add_scalars' folders, train and validation. */
function eventFiles(files: readonly string[]): { name: string; under: string }[] {
  const all = files
    .filter((name) => isEventFile(basename(name)))
    .map((name) => ({ name, under: name.slice(0, Math.max(0, name.lastIndexOf("/"))) }));
  const whole = all.some(({ under }) => under === "") || trainerStates(files).length > 0;
  const part = /^(train|validation|valid|val|eval|test)$/;
  if (whole || (all.length > 0 && all.every(({ under }) => part.test(under)))) return all;
  return [];
}

const textsOf = (root: string, names: readonly string[]) =>
  Promise.all(
    names.map(async (name) => {
      const path = join(root, name);
      return { path, name: name.slice("metrics/".length), text: await readText(path) };
    }),
  );

/** The folder below that is a run, where there is just one. */
function onlyRunBelow(path: string, files: readonly string[]): string {
  const runs = new Set(
    files.flatMap((name) => {
      const mlflow = /^(.+)\/metrics\/[^/]/.exec(name)?.[1];
      if (mlflow !== undefined) return [mlflow];
      const slash = name.lastIndexOf("/");
      const logs = /tfevents|^metrics\.(csv|jsonl)$|^trainer_state\.json$/;
      return slash > 0 && logs.test(basename(name)) ? [name.slice(0, slash)] : [];
    }),
  );
  const outer = [...runs].filter((run) => ![...runs].some((other) => run.startsWith(`${other}/`)));
  if (outer.length === 1) return outer[0];
  throw new InputError(
    outer.length === 0
      ? `${path}: holds no run that can be read`
      : `${path}: holds ${outer.length} runs`,
    {
      hint:
        outer.length === 0
          ? "wanted event files, metrics.csv, metrics.jsonl, trainer_state.json or files of tensors"
          : `name one: ${outer.slice(0, 8).join(", ")}${outer.length > 8 ? ", …" : ""}`,
    },
  );
}
