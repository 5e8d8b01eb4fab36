import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The built command line, as a user runs it. */
const main = resolve("dist/cli/main.js");

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Where {
  readonly cwd: string;
  readonly node?: readonly string[]; // options of node itself
  readonly env?: Readonly<Record<string, string>>;
}

const environment = (env: Readonly<Record<string, string>> = {}) => {
  const { FORCE_COLOR: _, CI: __, NO_COLOR: ___, NODE_OPTIONS: ____, ...rest } = process.env;
  return { ...rest, ...env };
};

export function eigenflow(args: readonly string[], { cwd, node = [], env }: Where): Finished {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...node, main, ...args], {
    cwd,
    env: environment(env),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return { code: status, signal, stdout, stderr };
}

/** Starts a command; `line` is called for each line of stdout, with what kills the process. */
export function start(
  args: readonly string[],
  { cwd, env }: Where,
  line: (line: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<Finished> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [main, ...args], { cwd, env: environment(env) });
    let [stdout, stderr, rest] = ["", "", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) line(text, (signal) => child.kill(signal));
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    child.on("close", (code, signal) => done({ code, signal, stdout, stderr }));
  });
}

/** A fresh folder with these files in it. */
export function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), "eigenflow-cli-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** The runs made in a folder, oldest first. */
export const runsOf = (path: string): string[] =>
  readdirSync(join(path, "runs"))
    .sort()
    .map((name) => join(path, "runs", name));

export const parsedLines = (path: string): Record<string, unknown>[] =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

/** Metrics without the one field that is wall time. */
export const timeless = (run: string) =>
  parsedLines(join(run, "metrics.jsonl")).map(({ seconds: _, ...line }) => line);

/** A small run on one thread: half a second. */
export const small = `version: 1
name: small
seed: 3
threads: 1
data: { kind: two-moons, count: 400, seed: 1 }
model: { kind: monotone-deq, width: 8 }
train: { rate: 1e-2, epochs: 3, batch: 16, logEvery: 7 }
`;
