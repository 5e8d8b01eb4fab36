import { Command, CommanderError } from "@commander-js/extra-typings";
import { UsageError } from "../../errors.ts";
import { report } from "../output/output.ts";
import { version } from "../output/version.ts";
import { jsonOption, plainOption } from "./flags.ts";
import { addAnalysis } from "./program-analysis.ts";
import { addEigenfunctions } from "./program-eigenfunctions.ts";
import { addIdentification } from "./program-identification.ts";
import { addModels } from "./program-models.ts";
import { addReplacement } from "./program-replacement.ts";
import { addSignal } from "./program-signal.ts";

// Each command is loaded when it is called: --help must not wait for zod, yaml or ONNX Runtime.

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
    if (error.exitCode === 0) return; // help or version, asked for
    if (error.code === "commander.help")
      process.exitCode = 2; // help for want of a command: misuse
    else {
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

  addModels(program);
  addAnalysis(program);

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
        (await import("../reproduce/reproduce.ts")).reproduce(what, flags),
      ),
    );

  addIdentification(program);
  addReplacement(program);
  addSignal(program);
  addEigenfunctions(program);

  program
    .command("schema")
    .description("print the JSON Schema of what a command prints with --json")
    .argument("[name]", "the command, such as inspect; without one, which there are")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow schema analyze")
    .action((name, flags) =>
      report("schema", flags, async () => (await import("../schemas/schema.ts")).schema(name)),
    );

  program
    .command("doctor")
    .description("say what is installed, what is not, and how to get it")
    .option(...jsonOption)
    .option(...plainOption)
    .action((flags) =>
      report("doctor", flags, async () => (await import("../doctor.ts")).doctor()),
    );

  return program;
}
