import { readdirSync, readFileSync } from "node:fs";
import { loadBackend } from "../src/runtime/backend.ts";

/** What every workload takes from the command line. */
export interface Options {
  /** Only the cases whose name contains this. */
  readonly only: string;
  /** Time to spend on a case. */
  readonly seconds: number;
  readonly minRuns: number;
  /** Threads of ONNX Runtime; chosen by the library when left out. */
  readonly threads: number | undefined;
}

/** One line of output; the peers print the same form. */
export interface Line {
  readonly case: string;
  readonly median_ms: number;
  readonly iqr_ms: number;
  readonly n: number;
  readonly extra: Readonly<Record<string, unknown>>;
}

export const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const round = (x: number, digits = 5) => Number(x.toFixed(digits));

/** The q-quantile of ascending numbers, linear between them. */
export function quantile(sorted: readonly number[], q: number): number {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/** Seconds that our threads have stood ready while others had the cores; 0 where not told. */
function waited(): number {
  const tasks = "/proc/self/task";
  let total = 0;
  try {
    for (const task of readdirSync(tasks)) {
      total += Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[1]);
    }
  } catch {
    return 0;
  }
  return total / 1e9;
}

const now = () => performance.now() / 1000;

interface Slice {
  readonly share: number; // of its time spent waiting for a core
  readonly times: readonly number[];
}

/**
 * Times `run` as the peers' common.py does: in slices, of which those with hardly any waiting for a
 * core are kept; the quietest ones when after three times `seconds` there were too few.
 *
 * @returns ascending times in ms, and the share of the time spent waiting
 */
async function measure(run: () => Promise<unknown>, { seconds, minRuns }: Options) {
  const [quiet, patience] = [0.02, 3];
  const warm = now();
  for (let i = 0; i < 50 && now() - warm < seconds / 5; i++) await run();

  const slices: Slice[] = [];
  const began = now();
  for (;;) {
    const wait = waited();
    const start = now();
    const times: number[] = [];
    do {
      const before = now();
      await run();
      times.push((now() - before) * 1e3);
    } while (now() - start < seconds / 8);
    slices.push({ share: (waited() - wait) / (now() - start), times });
    const good = slices.filter(({ share }) => share < quiet).flatMap((slice) => slice.times);
    if (sum(good) / 1e3 >= seconds && good.length >= minRuns) break;
    const all = slices.reduce((n, slice) => n + slice.times.length, 0);
    if (now() - began > patience * seconds && all >= minRuns) break;
  }
  slices.sort((a, b) => a.share - b.share);
  const kept: number[] = [];
  let waiting = 0;
  for (const { share, times } of slices) {
    if (share >= quiet && kept.length >= minRuns && sum(kept) / 1e3 >= seconds / 2) break;
    kept.push(...times);
    waiting += share * times.length;
  }
  return { times: kept.sort((a, b) => a - b), load: waiting / kept.length };
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

/** Times one case and prints its line. One run is `parts` of what is reported, such as steps. */
export async function report(
  options: Options,
  name: string,
  run: () => Promise<unknown>,
  extra: Readonly<Record<string, unknown>>,
  parts = 1,
): Promise<void> {
  const { times, load } = await measure(run, options);
  const { ort } = await loadBackend();
  const line: Line = {
    case: name,
    median_ms: round(quantile(times, 0.5) / parts),
    iqr_ms: round((quantile(times, 0.75) - quantile(times, 0.25)) / parts),
    n: times.length,
    extra: {
      ...extra,
      min_ms: round(times[0] / parts),
      waited: round(load, 4),
      onnxruntime: ort.env.versions?.common,
    },
  };
  print(line);
}
