import { join } from "node:path";
import { type Line, type Options, print, quantile } from "./measure.ts";
import { checkPeers, lines, matches, peerOf, variants } from "./peers.ts";

export interface CompareOptions extends Options {
  readonly directory: string;
  readonly python: string;
  readonly rounds: number;
  readonly workload: string | undefined;
}

/** A case of ours in one round, with the quickest of the matching lines of the peers. */
interface Pair {
  readonly ours: Line;
  readonly peer: Line & { readonly run: string };
}
interface Row {
  readonly name: string;
  readonly against: string;
  readonly target: number | null;
  readonly pairs: Pair[];
}

/**
 * Our cases and the peers' in the same sitting: each round runs ours, then the peers in every way, one
 * workload after the other. A ratio is taken within a round, so that a slow hour slows both.
 *
 * @throws UsageError  when a script, Python or torch is missing
 */
export async function compare(options: CompareOptions): Promise<void> {
  const { directory, python, rounds } = options;
  await checkPeers(directory, python);
  const rows: Row[] = [];
  for (const [workload, { script, only }] of Object.entries(peerOf)) {
    if (options.workload !== undefined && options.workload !== workload) continue;
    for (let round = 1; round <= rounds; round++) {
      const ours = await lines(process.execPath, oursArguments(workload, options));
      for (const line of ours) print({ ...line, run: "eigenflow", round });
      if (ours.length === 0) break;

      const wanted = ours.flatMap((line) => matches(line.case).flatMap(({ peers }) => peers));
      const prefix = commonPrefix(wanted);
      const filter = ours.length === 1 ? prefix : only;
      const found: Pair["peer"][] = [];
      for (const { name, threads, env } of variants) {
        const args = [join(directory, script), "--threads", threads, "--only", filter];
        const seconds = ["--seconds", `${options.seconds}`, "--min-runs", `${options.minRuns}`];
        for (const line of await lines(python, [...args, ...seconds], env)) {
          if (!wanted.includes(line.case)) continue;
          found.push({ ...line, run: name });
          print({ ...line, run: name, round });
        }
      }
      for (const line of ours) addPairs(rows, line, found);
    }
  }
  for (const row of rows) print(summary(row));
  process.stderr.write(table(rows.map(summary)));
}

function oursArguments(workload: string, { only, seconds, minRuns, threads }: Options): string[] {
  const given = ["--only", only, "--seconds", `${seconds}`, "--min-runs", `${minRuns}`];
  const chosen = threads === undefined ? [] : ["--threads", `${threads}`];
  return [process.argv[1], "--workload", workload, ...given, ...chosen];
}

function commonPrefix(names: readonly string[]): string {
  let length = 0;
  while (names.every((name) => length < name.length && name[length] === names[0][length])) length++;
  return names[0].slice(0, length);
}

function addPairs(rows: Row[], ours: Line, found: readonly Pair["peer"][]): void {
  for (const { against, peers, target } of matches(ours.case)) {
    const candidates = found.filter((line) => peers.includes(line.case));
    if (candidates.length === 0) continue;
    const peer = candidates.reduce((a, b) => (b.median_ms < a.median_ms ? b : a));
    let row = rows.find(({ name, against: with_ }) => name === ours.case && with_ === against);
    if (!row) {
      row = { name: ours.case, against, target, pairs: [] };
      rows.push(row);
    }
    row.pairs.push({ ours, peer });
  }
}

const median = (numbers: readonly number[]) =>
  quantile(
    numbers.toSorted((a, b) => a - b),
    0.5,
  );

function summary({ name, against, target, pairs }: Row) {
  const ratios = pairs.map(({ ours, peer }) => peer.median_ms / ours.median_ms);
  const ratio = median(ratios);
  const error = (of: "ours" | "peer") => pairs.at(-1)![of].extra.error as number | undefined;
  // A peer's two threads may wait for each other, so only ours tell whether the machine was busy.
  const busy = pairs.some(({ ours }) => (ours.extra.waited as number) > 0.05);
  return {
    case: against ? `${name} against ${against}` : name,
    ours_ms: median(pairs.map(({ ours }) => ours.median_ms)),
    peer_ms: median(pairs.map(({ peer }) => peer.median_ms)),
    peer: pairs
      .map(({ peer }) => `${peer.case.split("/").slice(-2).join("/")}, ${peer.run}`)
      .at(-1),
    ratio,
    ratios,
    target,
    met: target === null ? null : ratio >= target,
    error: error("ours"),
    peer_error: error("peer"),
    busy,
  };
}

function table(rows: readonly ReturnType<typeof summary>[]): string {
  const width = Math.max(...rows.map((row) => row.case.length), 4);
  const cells = (...[name, ...rest]: string[]) =>
    `${name.padEnd(width)} ${rest.map((cell) => cell.padStart(9)).join("")}\n`;
  const body = rows.map(({ ratio, target, met, error, peer_error, busy, ...row }) =>
    cells(
      row.case,
      row.ours_ms.toPrecision(4),
      row.peer_ms.toPrecision(4),
      `${ratio.toFixed(2)}x`,
      target === null ? "" : `${target}x`,
      met === null ? "" : met ? "met" : "MISSED",
      error === undefined ? "" : error.toExponential(1),
      peer_error === undefined ? "" : peer_error.toExponential(1),
      busy ? "busy" : "",
    ),
  );
  const head = cells("case", "ours ms", "peer ms", "ratio", "target", "", "error", "peer's", "");
  return `\n${head}${body.join("")}`;
}
