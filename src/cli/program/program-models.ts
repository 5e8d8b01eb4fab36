import { type Command, Option } from "@commander-js/extra-typings";
import { report } from "../output/output.ts";
import { jsonOption, plainOption } from "./flags.ts";

const collect = (value: string, before: string[]) => [...before, value];

/** Adds train, certify and predict: models from their configuration to their answers. */
export function addModels(program: Command): void {
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
      report("train", flags, async () => (await import("../train/train.ts")).train(config, flags)),
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
        (await import("../certify/certify.ts")).certifyFile(model, flags),
      ),
    );

  program
    .command("predict")
    .description(
      "run a model on rows of features; prints CSV (the residual is ‖f(z) − z‖: converged is ‖f(z) − z‖² ≤ rtol² ‖f(z)‖² + atol²)",
    )
    .argument("<model>", "model.onnx")
    .argument("<input>", ".csv with a header, .npy, or IDX images")
    .option("-o, --out <file>", "write the CSV to a file")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow predict runs/two-moons-…/model.onnx new.csv")
    .action((model, input, flags) =>
      report("predict", flags, async () =>
        (await import("../train/predict.ts")).predict(model, input, flags),
      ),
    );
}
