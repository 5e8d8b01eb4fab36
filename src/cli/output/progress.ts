import type { RunEvent } from "../../config/run.ts";
import type { Metrics } from "../../training/events.ts";
import { clock, grouped, percent } from "./numbers.ts";
import { note } from "./output.ts";

const progressModes = ["auto", "bar", "plain", "jsonl", "none"] as const;
export type ProgressMode = (typeof progressModes)[number];

/** Follows the events of a run on stderr. */
export interface Progress {
  readonly show: (event: RunEvent) => void;
  /** Leaves the line as it is: what comes next begins on its own. */
  readonly done: () => void;
}

/** On a terminal one repainted line, elsewhere a plain line each epoch and every 10 s. */
export function progress(mode: ProgressMode): Progress {
  const chosen = mode === "auto" ? (process.stderr.isTTY ? "bar" : "plain") : mode;
  switch (chosen) {
    case "none":
      return { show: () => {}, done: () => {} };
    case "jsonl":
      return { show: (event) => forLine(event, note), done: () => {} };
    case "bar":
      return bar();
    case "plain":
      return plain();
  }
}

/** An event as a line of JSON, without the numbers that are in the run's files. */
export function forLine(event: RunEvent, print: (line: string) => void): void {
  if (event.type === "checkpoint") return;
  if (event.type === "run") {
    const { path, id, checkpoint, damaged } = event.directory;
    const resumedAt = checkpoint?.state.step ?? 0;
    print(JSON.stringify({ type: "run", run: path, id, resumedAt, damaged }));
  } else if (event.type === "end") {
    const { type, status, reason, state } = event;
    print(JSON.stringify({ type, status, reason, step: state.step }));
  } else {
    print(JSON.stringify(event));
  }
}

function bar(): Progress {
  const line = liner();
  let painted = false;
  return {
    show(event) {
      const said = saidOf(event);
      if (said !== null) {
        process.stderr.write(`\r\x1b[2K${said}\n`);
        painted = false;
      }
      const parts = line(event);
      if (parts === null) return;
      process.stderr.write(`\r\x1b[2K${fitted(parts, (process.stderr.columns ?? 80) - 1)}`);
      painted = true;
    },
    done: () => {
      if (painted) process.stderr.write("\n");
      painted = false;
    },
  };
}

function plain(): Progress {
  const line = liner();
  let last = performance.now();
  return {
    show(event) {
      const said = saidOf(event);
      if (said !== null) note(said);
      const parts = line(event);
      if (parts === null || (event.type === "step" && performance.now() - last < 10_000)) return;
      last = performance.now();
      note(joined(parts));
    },
    done: () => {},
  };
}

/** What is said of a run besides its numbers: verdicts, restarts and jumps. */
export function saidOf(event: RunEvent): string | null {
  switch (event.type) {
    case "verdict": {
      const [{ of, decision, sentence }] = event.findings;
      return `verdict at epoch ${event.epoch + 1}, ${of}: ${decision.toUpperCase()}  ${sentence}`;
    }
    case "restart":
      return `restart ${event.attempt} after epoch ${event.epoch + 1}, with seed ${event.seed}`;
    case "jump": {
      const { epoch, accepted, before, after, tried } = event;
      const best = tried.find(({ loss }) => loss === after)?.horizon;
      return accepted
        ? `jump at epoch ${epoch + 1}: ${best} epochs ahead, loss ${before.toPrecision(4)} to ${after.toPrecision(4)}`
        : `jump at epoch ${epoch + 1}: refused, the best of ${tried.length} is no better than ${before.toPrecision(4)}`;
    }
    default:
      return null;
  }
}

/** The parts of a line, and how soon each may go where there is no room; 0 stays. */
type Parts = readonly (readonly [text: string, spare: number])[];

const joined = (parts: Parts) => parts.map(([text]) => text).join("  ");

export function fitted(parts: Parts, width: number): string {
  const most = Math.max(0, ...parts.map(([, spare]) => spare));
  if (joined(parts).length <= width || most === 0) return joined(parts).slice(0, width);
  return fitted(
    parts.filter(([, spare]) => spare < most),
    width,
  );
}

/** Turns events into lines; keeps what the next line needs of those before. */
function liner(): (event: RunEvent) => Parts | null {
  let [epochs, steps] = [0, 0];
  let pace = 0; // seconds a step, smoothed
  let tested: Parts = [];
  const line = (epoch: number, step: number, metrics: Metrics): Parts => [
    [`epoch ${epoch + 1}/${epochs}`, 0],
    [`step ${grouped(step)}/${grouped(steps)}`, 1],
    ...numbers(metrics),
    ...tested,
    [`ETA ${clock((steps - step) * pace)}`, 0],
  ];
  return (event) => {
    switch (event.type) {
      case "start":
      case "restart":
        ({ epochs, steps } = event);
        return null;
      case "step":
        pace = pace === 0 ? event.secondsPerStep : 0.9 * pace + 0.1 * event.secondsPerStep;
        return line(event.epoch, event.step, event.metrics);
      case "epoch": {
        const { accuracy, loss } = event.test;
        tested = [[`test ${accuracy === undefined ? loss.toPrecision(3) : percent(accuracy)}`, 0]];
        return line(event.epoch, event.step, event.train);
      }
      default:
        return null;
    }
  };
}

function numbers({ loss, accuracy, forward, backward }: Metrics): Parts {
  const failed = Math.max(forward?.unconverged ?? 0, backward?.unconverged ?? 0);
  return [
    [`loss ${loss.toPrecision(3)}`, 0],
    ...(accuracy === undefined ? [] : [[`acc ${percent(accuracy)}`, 0] as const]),
    ...(forward ? [[`fwd ${forward.meanIterations.toFixed(1)} its`, 2] as const] : []),
    ...(backward
      ? [
          [
            `bwd ${backward.meanIterations.toFixed(1)} its${backward.truncated ? " truncated" : ""}`,
            3,
          ] as const,
        ]
      : []),
    ...(forward ? [[`unconverged ${percent(failed, 1)}`, failed > 0 ? 0 : 4] as const] : []),
  ];
}
