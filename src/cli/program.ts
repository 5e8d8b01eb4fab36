import { Command, CommanderError, Option } from "@commander-js/extra-typings";
import { UsageError } from "../errors.ts";
import { report } from "./output.ts";
import { addEigenfunctions } from "./program-eigenfunctions.ts";
import { addIdentification } from "./program-identification.ts";
import { addReplacement } from "./program-replacement.ts";
import { addSignal } from "./program-signal.ts";
import { version } from "./version.ts";

// Each command is loaded when it is called: --help must not wait for zod, yaml or ONNX Runtime.

const collect = (value: string, before: string[]) => [...before, value];
const jsonOption = ["--json", "one JSON document on stdout, also on failure"] as const;
const plainOption = ["--no-color", "no colours (also: NO_COLOR)"] as const;

/**
 * Runs one command line: prints what comes of it and sets the exit code; never throws.
 *
 * @param args  what stands behind the name of the program
 */
export async function run(args: readonly string[]): Promise<void> {
  const program = commands();
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version end with 0; help for want of a command is misuse.
    if (error.code === "commander.help") process.exitCode = 2;
    else if (error.exitCode !== 0) {
      const [name] = args;
      const known = program.commands.map((command) => command.name());
      const asked = { json: args.includes("--json"), jsonl: args.includes("--jsonl") };
      await report(known.includes(name) ? name : "eigenflow", asked, async () => {
        const [message, remark] = error.message.replace(/^error: /, "").split("\n");
        throw new UsageError(message, remark?.replace(/^\((.*)\)$/, "$1") ?? "eigenflow --help");
      });
    }
  }
}

function commands() {
  const program = new Command("eigenflow")
    .description("Neural networks as dynamical systems: train, certify and run them.")
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .addHelpText("after", "\nExample:\n  eigenflow train examples/two-moons.yaml");

  program
    .command("train")
    .description("train the model of a configuration; leaves a run directory with model.onnx")
    .argument("[config]", "YAML file; not needed with --resume")
    .option("--set <key=value>", "override a value, as in train.epochs=5; repeatable", collect, [])
    .option("--resume <run>", "go on with a run that was stopped or killed")
    .option("-o, --out <folder>", "where run directories are made")
    .option("--seed <n>", "seed of everything random")
    .option("--threads <n>", "threads of the runtime, or auto")
    .option("--device <name>", "cpu or wasm")
    .option("--print-config", "print the whole configuration, each value with its origin")
    .option("--dry-run", "check the configuration and the data, write nothing")
    .addOption(
      new Option("--progress <mode>", "on stderr")
        .choices(["auto", "bar", "plain", "jsonl", "none"] as const)
        .default("auto" as const),
    )
    .option("-q, --quiet", "no progress")
    .option(...jsonOption)
    .addOption(
      new Option("--jsonl", "events as JSON lines on stdout, the result last").conflicts("json"),
    )
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow train two-moons.yaml --set train.epochs=5")
    .action((config, flags) =>
      report("train", flags, async () => (await import("./train.ts")).train(config, flags)),
    );

  program
    .command("certify")
    .description("prove every claim about a model again from its file; exit 6 when one fails")
    .argument("<model>", "model.onnx")
    .option("--attained", "also search for the largest gain, to stand beside the proven bound")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow certify runs/two-moons-…/model.onnx")
    .action((model, flags) =>
      report("certify", flags, async () =>
        (await import("./certify.ts")).certifyFile(model, flags),
      ),
    );

  program
    .command("predict")
    .description("run a model on rows of features; prints CSV")
    .argument("<model>", "model.onnx")
    .argument("<input>", ".csv with a header, .npy, or IDX images")
    .option("-o, --out <file>", "write the CSV to a file")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow predict runs/two-moons-…/model.onnx new.csv")
    .action((model, input, flags) =>
      report("predict", flags, async () =>
        (await import("./predict.ts")).predict(model, input, flags),
      ),
    );

  const ofOption = ["--of <what>", "loss, val (the validation loss) or weights (loss)"] as const;
  const columnOption = ["--column <name>", "column or key that holds it"] as const;
  const windowOption = ["--window <n>", "values looked at, the last ones (60)"] as const;
  const referenceOption = [
    "--reference <loss>",
    "the loss of guessing: ln C for C classes",
  ] as const;
  const toleranceOption = [
    "--tolerance <share>",
    "what improvement is worth going on for (0.02)",
  ] as const;

  program
    .command("analyze")
    .description("say whether a training run should go on, stop or start again")
    .argument("<path...>", "runs, logs or snapshots; - is stdin")
    .option(...ofOption)
    .option(...columnOption)
    .option(...windowOption)
    .option(...referenceOption)
    .option(...toleranceOption)
    .option("--average <n>", "take the mean of n values for one: for losses of single batches")
    .option("--layers", "with --of weights: each tensor by itself as well")
    .option("-o, --out <folder>", "write analysis.json, series.csv and eigenvalues.csv there")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow analyze runs/a --reference 2.303")
    .action((paths, flags) =>
      report("analyze", flags, async () => (await import("./analyze.ts")).analyze(paths, flags)),
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
      report("watch", flags, async () => (await import("./watch.ts")).watch(path, flags)),
    );

  program
    .command("inspect")
    .description("say what a run directory or a log holds, or which layers an ONNX model has")
    .argument("<path>", "run directory, log, snapshots or model.onnx; - is stdin")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow inspect lightning_logs/version_3")
    .action((path, flags) =>
      report("inspect", flags, async () => (await import("./inspect.ts")).inspect(path)),
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
      report("compare", flags, async () => (await import("./compare.ts")).compare(a, b, flags)),
    );

  program
    .command("schema")
    .description("print the JSON Schema of what a command prints with --json")
    .argument("[name]", "the command, such as inspect; without one, which there are")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow schema analyze")
    .action((name, flags) =>
      report("schema", flags, async () => (await import("./schema.ts")).schema(name)),
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
    .option("--average <n>", "take the mean of n values for one: for losses of single batches")
    .option("--layers", "with --of weights: each tensor by itself as well")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow report runs/a runs/b -o report.html")
    .action((paths, flags) =>
      report("report", flags, async () => (await import("./report.ts")).reportRuns(paths, flags)),
    );

  program
    .command("reproduce")
    .description("compute published numbers again: published, ours, verdict; tables and figures")
    .argument("[what]", "which; without one, a list")
    .option(
      "--all",
      "every one after another, and one page over all; goes on where it was interrupted",
    )
    .option("--preset <name>", "quick (a minute or so each) or full (up to half an hour each)")
    .option("--seed <n>", "seed of everything random")
    .option("-o, --out <folder>", "where tables and figures go (runs/reproduce-<what>)")
    .option("--strict", "exit 10 when a number is not reached")
    .option("-q, --quiet", "no progress")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow reproduce deq -o figures")
    .action((what, flags) =>
      report("reproduce", flags, async () =>
        (await import("./reproduce.ts")).reproduce(what, flags),
      ),
    );

  addIdentification(program);
  addReplacement(program);
  addSignal(program);
  addEigenfunctions(program);

  program
    .command("doctor")
    .description("say what is installed, what is not, and how to get it")
    .option(...jsonOption)
    .option(...plainOption)
    .action((flags) => report("doctor", flags, async () => (await import("./doctor.ts")).doctor()));

  return program;
}
