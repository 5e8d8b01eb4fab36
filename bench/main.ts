import { parseArgs } from "node:util";
import { EigenflowError, UsageError } from "../src/errors.ts";
import { cnnCases } from "./cnn.ts";
import { compare } from "./compare.ts";
import { deqCases } from "./deq.ts";
import { dmdCases } from "./dmd.ts";

import type { Options } from "./measure.ts";
import { memoryCases } from "./memory.ts";
import { mlpCases } from "./mlp.ts";
import { mondeqCases } from "./mondeq.ts";
import { monitorCases } from "./monitor.ts";
import { renCases } from "./ren.ts";

/** By the first part of the names of their cases. */
const workloads: Readonly<Record<string, (options: Options) => Promise<void>>> = {
  deq: deqCases,
  mlp: mlpCases,
  cnn: cnnCases,
  mondeq: mondeqCases,
  memory: memoryCases,
  dmd: dmdCases,
  ren: renCases,
  monitor: monitorCases,
};

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new UsageError(`--${name} ${text}: a positive number is wanted`);
  return number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: "" },
      workload: { type: "string" },
      seconds: { type: "string", default: "2" },
      "min-runs": { type: "string", default: "5" },
      threads: { type: "string" },
      peers: { type: "string" },
      python: { type: "string", default: "python3" },
      rounds: { type: "string", default: "3" },
    },
  });
  const { only, workload, threads, peers, python } = values;
  if (workload !== undefined && !(workload in workloads))
    throw new UsageError(`--workload ${workload}`, `known: ${Object.keys(workloads).join(", ")}`);
  const options: Options = {
    only,
    seconds: positive("seconds", values.seconds),
    minRuns: positive("min-runs", values["min-runs"]),
    threads: threads === undefined ? undefined : positive("threads", threads),
  };
  if (peers !== undefined) {
    const rounds = positive("rounds", values.rounds);
    await compare({ ...options, workload, directory: peers, python, rounds });
    return;
  }
  for (const [name, run] of Object.entries(workloads)) {
    if (workload === undefined || workload === name) await run(options);
  }
}

try {
  await main();
} catch (error) {
  const usage =
    error instanceof EigenflowError || (error as { code?: string }).code?.startsWith("ERR_PARSE");
  if (!usage) throw error;
  const { message, hint } = error as Error & { hint?: string };
  process.stderr.write(`bench: ${message}${hint ? `\n  ${hint}` : ""}\n`);
  process.exitCode = 2;
}
