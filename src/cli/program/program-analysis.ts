import { type Command, Option } from "@commander-js/extra-typings";
import { report } from "../output/output.ts";
import { jsonOption, plainOption } from "./flags.ts";

const ofOption = ["--of <what>", "loss, val (the validation loss) or weights (loss)"] as const;
const columnOption = ["--column <name>", "column or key that holds it"] as const;
const windowOption = ["--window <n>", "values looked at, the last ones (60)"] as const;
const referenceOption = ["--reference <loss>", "the loss of guessing: ln C for C classes"] as const;
const toleranceOption = [
  "--tolerance <share>",
  "what improvement is worth going on for (0.02)",
] as const;

const averageOption = [
  "--average <n>",
  "take the mean of n values for one: for losses of single batches",
] as const;
const layersOption = ["--layers", "with --of weights: each tensor by itself as well"] as const;

/** Adds analyze, watch, inspect, compare and report: what the dynamics of a training say. */
export function addAnalysis(program: Command): void {
  program
    .command("analyze")
    .description("say whether a training run should go on, stop or start again")
    .argument("<path...>", "runs, logs or snapshots; - is stdin")
    .option(...ofOption)
    .option(...columnOption)
    .option(...windowOption)
    .option(...referenceOption)
    .option(...toleranceOption)
    .option(...averageOption)
    .option(...layersOption)
    .option("-o, --out <folder>", "write analysis.json, series.csv and eigenvalues.csv there")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow analyze runs/a --reference 2.303")
    .action((paths, flags) =>
      report("analyze", flags, async () =>
        (await import("../analysis/analyze.ts")).analyze(paths, flags),
      ),
    );

  program
    .command("watch")
    .description("print the verdict on a run as it changes")
    .argument("<path>", "run directory or log")
    .option("--follow", "go on until the run ends")
    .option("--every <time>", "between two looks (2s)")
    .option("--fail-on <verdicts>", "exit 10 when one is confirmed, as in diverged,restart")
    .option("--until <verdicts>", "end with 0 when one is confirmed, as in stop")
    .option("--of <what>", "loss or val (loss)")
    .option(...columnOption)
    .option(...windowOption)
    .option(...referenceOption)
    .option(...toleranceOption)
    .option(...jsonOption)
    .addOption(
      new Option("--jsonl", "changes as JSON lines on stdout, the result last").conflicts("json"),
    )
    .option(...plainOption)
    .addHelpText(
      "after",
      "\nExample:\n  eigenflow watch runs/a --follow --fail-on diverged,restart",
    )
    .action((path, flags) =>
      report("watch", flags, async () => (await import("../analysis/watch.ts")).watch(path, flags)),
    );

  program
    .command("inspect")
    .description("say what a run directory or a log holds, or which layers an ONNX model has")
    .argument("<path>", "run directory, log, snapshots or model.onnx; - is stdin")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow inspect lightning_logs/version_3")
    .action((path, flags) =>
      report("inspect", flags, async () => (await import("../inspect/inspect.ts")).inspect(path)),
    );

  program
    .command("compare")
    .description("say how far the dynamics of two runs are apart, by their eigenvalues")
    .argument("<a>", "run directory, log or snapshots")
    .argument("<b>", "another, of a model of any size")
    .option(...ofOption)
    .option(...columnOption)
    .option(...windowOption)
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow compare runs/a runs/b --of weights")
    .action((a, b, flags) =>
      report("compare", flags, async () =>
        (await import("../analysis/compare.ts")).compare(a, b, flags),
      ),
    );

  program
    .command("report")
    .description("write the analysis of runs as one page that needs nothing else, and its figures")
    .argument("<path...>", "runs, logs or snapshots")
    .requiredOption("-o, --out <file>", "the page, such as report.html")
    .option("--title <text>", "what stands above it")
    .option("--md", "the same as Markdown too, beside it: for a pull request")
    .option(...ofOption)
    .option(...columnOption)
    .option(...windowOption)
    .option(...referenceOption)
    .option(...toleranceOption)
    .option(...averageOption)
    .option(...layersOption)
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow report runs/a runs/b -o report.html")
    .action((paths, flags) =>
      report("report", flags, async () =>
        (await import("../analysis/report.ts")).reportRuns(paths, flags),
      ),
    );
}
