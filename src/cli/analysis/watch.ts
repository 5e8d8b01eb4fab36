import { setTimeout as sleep } from "node:timers/promises";
import { unknownName } from "../../errors/suggest.ts";
import { type EigenflowError, GateError, UsageError } from "../../errors.ts";
import { stretchOf } from "../../koopman/verdict/stretch.ts";
import {
  type Decision,
  decisions,
  type Verdict,
  verdict,
  verdictOptions,
} from "../../koopman/verdict/verdict.ts";
import { signalCodes } from "../output/exit.ts";
import { type Interrupt, listen } from "../output/interrupt.ts";
import { short } from "../output/numbers.ts";
import { note, type Outcome, printResult } from "../output/output.ts";
import { type AnalyzeFlags, analysisFlags, inFlags, observable } from "./analyze.ts";
import { endOf, type Look, watched } from "./watched.ts";

export interface WatchFlags
  extends Pick<AnalyzeFlags, "of" | "column" | "window" | "reference" | "tolerance"> {
  readonly follow?: true;
  readonly every?: string;
  readonly failOn?: string;
  readonly until?: string;
  readonly json?: true;
  readonly jsonl?: true;
}

/** A verdict that was not the one before. */
interface Change {
  readonly step: number;
  readonly values: number;
  readonly decision: Decision;
  readonly confirmed: boolean;
  readonly sentence: string;
  readonly loss: number | null;
  readonly agreeing: number;
  readonly windows: number;
  readonly epochsToStop: number | null;
}

type Ending = "looked once" | "run ended" | "until" | "fail-on" | "interrupted";

/**
 * `eigenflow watch PATH`: the verdict on a run as it changes, a line for each. With --follow it goes on
 * until the run ends, a verdict of --until or --fail-on is confirmed, or it is interrupted.
 */
export async function watch(path: string, flags: WatchFlags): Promise<Outcome> {
  const of = observable(flags.of);
  if (of === "weights") throw new UsageError("--of weights cannot be watched", "loss or val");
  const { average: _, ...given } = analysisFlags(flags);
  const options = inFlags(() => verdictOptions(given));
  const failOn = decisionsOf("--fail-on", flags.failOn);
  const until = decisionsOf("--until", flags.until);
  if (path === "-") throw new UsageError("stdin, -, cannot be watched: eigenflow analyze -");
  if (!flags.follow && until.length > 0) throw new UsageError("--until is for --follow");
  const every = duration(flags.every ?? "2s");
  const interrupt = flags.follow ? listen("\nstopping; once more to stop now") : null;

  const changes: Change[] = [];
  let latest: Verdict | null = null;
  let ending: Ending = "looked once";
  let gate: EigenflowError | undefined;
  let remark: string | null = null;
  const see = (look: Look) => {
    if (look.restarted) {
      if (flags.jsonl) printResult(JSON.stringify({ type: "restarted" }));
      note(`${path} was replaced or cut: reading it anew`);
    }
    if (look.remark !== null && look.remark !== remark) note(`waiting: ${look.remark}`);
    remark = look.remark;
    if (look.series === null) return;
    const { values, steps, rateSteps = [], moved } = look.series;
    latest = verdict(values, options, stretchOf(Float64Array.from(steps), rateSteps), moved);
    const change = changeOf(latest, steps[steps.length - 1], values.length);
    if (changes.at(-1)?.decision !== change.decision) {
      changes.push(change);
      if (flags.jsonl) printResult(JSON.stringify({ type: "verdict", ...change }));
      else if (!flags.json) printResult(line(change));
    }
    if (latest.confirmed && failOn.includes(latest.decision)) {
      ending = "fail-on";
      gate = new GateError(
        `${path}: the verdict is ${latest.decision.toUpperCase()}`,
        `eigenflow analyze ${path} shows the evidence`,
      );
    } else if (latest.confirmed && until.includes(latest.decision)) ending = "until";
  };

  const look = await watched(path, { of, column: flags.column }, flags.follow ?? false);
  try {
    for (;;) {
      // Asked before the last look: what was written until then is seen.
      const ended = endOf(path);
      const found = await look(ended || !flags.follow);
      if (found !== null) see(found);
      if (!flags.follow || ending !== "looked once") break;
      if (ended) ending = "run ended";
      else if (interrupt?.received() != null) ending = "interrupted";
      else {
        await pause(every, interrupt);
        continue;
      }
      break;
    }
  } finally {
    interrupt?.release();
  }
  if (latest === null) note(`${path}: no value yet`);
  const document = { path, of, ending, verdict: latest, changes };
  return {
    document,
    text: flags.jsonl ? JSON.stringify({ type: "result", ...document }) : "",
    ...(gate && { failure: gate }),
    ...(ending === "interrupted" && {
      stopped: {
        message: "stopped watching; the run goes on",
        hint: `eigenflow watch ${path} --follow`,
        exitCode: signalCodes[interrupt?.received() ?? "SIGINT"],
      },
    }),
  };
}

function changeOf(now: Verdict, step: number, values: number): Change {
  const { decision, confirmed, sentence, loss, agreeing, windows, prospect } = now;
  return {
    step,
    values,
    decision,
    confirmed,
    sentence,
    loss: Number.isFinite(loss) ? loss : null,
    agreeing,
    windows,
    epochsToStop: prospect?.epochsToStop ?? null,
  };
}

const line = ({ step, decision, sentence, loss }: Change) =>
  `step ${step}  ${decision.toUpperCase()}  ${sentence}${loss === null ? "" : `  (now ${short(loss)})`}`;

async function pause(milliseconds: number, interrupt: Interrupt | null): Promise<void> {
  await sleep(milliseconds, undefined, { signal: interrupt?.signal }).catch((error) => {
    if ((error as Error).name !== "AbortError") throw error;
  });
}

function decisionsOf(flag: string, text: string | undefined): Decision[] {
  if (text === undefined) return [];
  return text.split(",").map((name) => {
    const found = decisions.find((known) => known === name.trim());
    if (found === undefined) throw unknownName(flag, name.trim(), decisions);
    return found;
  });
}

/** "2s", "500ms", "1m": milliseconds. */
function duration(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const scale = { ms: 1, s: 1e3, m: 6e4, h: 36e5 }[unit ?? "s"] ?? 1e3;
  const found = Number(digits) * scale;
  if (!(found >= 10 && found <= 864e5))
    throw new UsageError(`--every ${text}`, "a time such as 2s, 500ms or 1m, at least 10ms");
  return found;
}
