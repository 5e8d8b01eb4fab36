import type { Values } from "../graph/ops/control.ts";
import { type CompileOptions, compile, type Feeds, type Program, type Results } from "./program.ts";
import { availableCores, threadsFor } from "./threads.ts";

/** A program that is run again and again, on as many threads as prove quicker. */
export interface Contest<I extends Values, O extends Values> {
  /** Of the program that would run now. */
  readonly threads: number;
  /** @param work  how much this run does, in a unit that its time is proportional to */
  run(feeds: Feeds<I>, work: number): Promise<Results<O>>;
  release(): Promise<void>;
}

/**
 * Compiles a graph for one thread and for all. Whether two threads are quicker than one is not only a
 * question of sizes: on a shared machine two may take twice as long as one for minutes. So both run
 * in turn for a moment, the quicker goes on, and the other is tried again now and then. Where the number of threads
 * is given or cannot change (WebAssembly), or products are small, there is nothing to try.
 */
export async function contest<I extends Values, O extends Values>(
  inputs: I,
  outputs: O,
  options: CompileOptions = {},
): Promise<Contest<I, O>> {
  const { threads, sizes = {}, device = "cpu" } = options;
  const most = threads ?? threadsFor(Object.values(outputs), sizes, availableCores());
  const programs: Program<I, O>[] = [];
  const tried = threads === undefined && device === "cpu" && most > 1 ? [most, 1] : [most];
  for (const count of tried) {
    programs.push(await compile(inputs, outputs, { ...options, threads: count }));
  }
  const race = new Race(programs.length);
  const seconds = () => performance.now() / 1000;
  return {
    get threads() {
      return programs[race.next(seconds())].threads;
    },
    async run(feeds, work) {
      const start = seconds();
      const entrant = race.next(start);
      const results = await programs[entrant].run(feeds);
      race.record(entrant, { start, end: seconds(), work });
      return results;
    },
    async release() {
      for (const program of programs) await program.release();
    },
  };
}

/** Seconds that each entrant runs before the first choice, and between two trials of the slower. */
const [trial, again] = [0.1, 20];

/** Which of several ways of doing the same work goes next: the one that was quickest when last seen. */
export class Race {
  private readonly entrants: { runs: number; seconds: number; pace: number; last: number }[];

  constructor(count: number) {
    this.entrants = Array.from({ length: count }, () => ({
      runs: 0,
      seconds: 0,
      pace: Infinity,
      last: -Infinity,
    }));
  }

  next(now: number): number {
    const { entrants } = this;
    const by = (key: "runs" | "pace", among: readonly (typeof entrants)[number][]) =>
      entrants.indexOf(among.reduce((a, b) => (b[key] < a[key] ? b : a)));
    const untried = entrants.filter(({ seconds }) => seconds < trial);
    if (untried.length > 0) return by("runs", untried);
    const stale = entrants.filter(({ last }) => now - last > again);
    return stale.length > 0 && stale.length < entrants.length
      ? entrants.indexOf(stale[0])
      : by("pace", entrants);
  }

  record(index: number, { start, end, work }: { start: number; end: number; work: number }): void {
    const entrant = this.entrants[index];
    const pace = (end - start) / work;
    // The first run of a session also lays out its memory, and short runs vary.
    if (entrant.runs > 0) {
      entrant.seconds += end - start;
      entrant.pace = end - start < trial / 4 ? Math.min(pace, entrant.pace) : pace;
    }
    entrant.runs++;
    entrant.last = end;
  }
}
