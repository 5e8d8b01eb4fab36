import { type Command, Option } from "@commander-js/extra-typings";
import { report } from "../output/output.ts";
import { jsonOption, plainOption } from "./flags.ts";

/** Adds identify, simulate and validate: models of measured systems. */
export function addIdentification(program: Command): void {
  program
    .command("identify")
    .description("a model of measured inputs and outputs, judged on data held out, and certified")
    .argument("<data...>", "CSV (with a header) or Parquet files, one experiment each")
    .requiredOption("-u, --inputs <columns>", "inputs, as in u1,u2; 'u1,\"flow, l/s\"'")
    .requiredOption("-y, --outputs <columns>", "outputs, as in y1")
    .option("--ts <seconds>", "sample time; else from --time")
    .option("--time <column>", "the column of times: seconds, or as in 2026-01-31T12:00:05Z")
    .option("--experiment <column>", "the column that tells experiments in one file apart")
    .option("--missing <what>", "of blank cells: refuse or interpolate (refuse)")
    .option("--irregular <what>", "of unequal steps of time: refuse or resample (refuse)")
    .addOption(
      new Option("--model <kind>", "recurrent equilibrium network, or linear")
        .choices(["ren", "linear"] as const)
        .default("ren" as const),
    )
    .addOption(
      new Option(
        "--focus <error>",
        "that the linear model makes small: one step ahead, or of its free simulation, without a noise model (prediction)",
      ).choices(["prediction", "simulation"] as const),
    )
    .option("--states <n>", "states (the order that the data ask for)")
    .option("--neurons <n>", "neurons of the network (16)")
    .addOption(
      new Option(
        "--feedback <kind>",
        "of the neurons among each other: acyclic, or full, which is slower (acyclic)",
      ).choices(["acyclic", "full"] as const),
    )
    .option(
      "--contraction <rate>",
      "certified rate a step, as in 0.98 (0.98, or what the poles ask)",
    )
    .option("--lipschitz <gain>", "certified bound of the gain between standardised signals")
    .option("--split <share>", "of each experiment, its beginning, to estimate on", "0.7")
    .option("--ahead <k>", "steps ahead to judge predictions at, beside 1", "10")
    .option("--epochs <n>", "passes over the data, at most (200)")
    .option("--seed <n>", "seed of everything random", "0")
    .option("-o, --out <folder>", "write the model, its certificate and a report there")
    .option("--force", "replace what is there")
    .option("--resume", "go on with a training that was interrupted; otherwise the same command")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText(
      "after",
      "\nExample:\n  eigenflow identify tank.csv -u pump -y level --ts 4 --contraction 0.98 -o tank",
    )
    .action((data, flags) =>
      report("identify", flags, async () =>
        (await import("../identify/identify.ts")).identify(data, flags),
      ),
    );

  program
    .command("simulate")
    .description("what an identified model answers to inputs; prints CSV")
    .argument("<model>", "model.onnx of eigenflow identify")
    .requiredOption(
      "-i, --input <file>",
      "CSV or Parquet with a column for each input of the model",
    )
    .option("--missing <what>", "of blank cells: refuse or interpolate (refuse)")
    .option(
      "--initial <state>",
      "zero; estimate, from the model's outputs in the file; or first samples to run and leave out (zero)",
    )
    .option("-o, --out <file>", "write the CSV to a file")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow simulate tank/model.onnx -i pump.csv")
    .action((model, flags) =>
      report("simulate", flags, async () =>
        (await import("../identify/step-run.ts")).simulateFile(model, flags),
      ),
    );

  program
    .command("validate")
    .description("how well an identified model simulates other data, and what it leaves")
    .argument("<model>", "model.onnx of eigenflow identify")
    .argument("<data...>", "CSV or Parquet files with the columns that it was identified from")
    .option("--time <column>", "the column of times; else rows are at the model's sample time")
    .option("--experiment <column>", "the column that tells experiments in one file apart")
    .option("--missing <what>", "of blank cells: refuse or interpolate (refuse)")
    .option("--irregular <what>", "of unequal steps of time: refuse or resample (refuse)")
    .option("--initial <state>", "estimate, zero, or samples to run before it is judged (estimate)")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow validate tank/model.onnx tuesday.csv")
    .action((model, data, flags) =>
      report("validate", flags, async () =>
        (await import("../identify/step-run.ts")).validateFile(model, data, flags),
      ),
    );
}
