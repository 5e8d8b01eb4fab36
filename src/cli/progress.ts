import type { RunEvent } from "../config/run.ts";
import type { Metrics } from "../training/events.ts";
import { clock, grouped, percent } from "./numbers.ts";
import { note } from "./output.ts";

export const progressModes = ["auto", "bar", "plain", "jsonl", "none"] as const;
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
      const text = line(event);
      if (text === null) return;
      const width = process.stderr.columns ?? 80;
      process.stderr.write(`\r\x1b[2K${text.slice(0, width - 1)}`);
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
      const text = line(event);
      if (text === null || (event.type === "step" && performance.now() - last < 10_000)) return;
      last = performance.now();
      note(text);
    },
    done: () => {},
  };
}

/** Turns events into lines; keeps what the next line needs of those before. */
function liner(): (event: RunEvent) => string | null {
  let [epochs, steps] = [0, 0];
  let pace = 0; // seconds a step, smoothed
  const line = (epoch: number, step: number, metrics: Metrics, more: string) =>
    [
      `epoch ${epoch + 1}/${epochs}`,
      `step ${grouped(step)}/${grouped(steps)}`,
      ...numbers(metrics),
      ...(more === "" ? [] : [more]),
      `ETA ${clock((steps - step) * pace)}`,
    ].join("  ");
  return (event) => {
    switch (event.type) {
      case "start":
        ({ epochs, steps } = event);
        return null;
      case "step":
        pace = pace === 0 ? event.secondsPerStep : 0.9 * pace + 0.1 * event.secondsPerStep;
        return line(event.epoch, event.step, event.metrics, "");
      case "epoch": {
        const { accuracy, loss } = event.test;
        const found = accuracy === undefined ? loss.toPrecision(3) : percent(accuracy);
        return line(event.epoch, event.step, event.train, `test ${found}`);
      }
      default:
        return null;
    }
  };
}

const numbers = ({ loss, accuracy, forward, backward }: Metrics): string[] => [
  `loss ${loss.toPrecision(3)}`,
  ...(accuracy === undefined ? [] : [`acc ${percent(accuracy)}`]),
  ...(forward ? [`fwd ${forward.meanIterations.toFixed(1)} its`] : []),
  ...(backward ? [`bwd ${backward.meanIterations.toFixed(1)} its`] : []),
  ...(forward
    ? [`unconverged ${percent(Math.max(forward.unconverged, backward?.unconverged ?? 0), 1)}`]
    : []),
];
