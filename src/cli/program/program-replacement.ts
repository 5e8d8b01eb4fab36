import type { Command } from "@commander-js/extra-typings";
import { report } from "../output/output.ts";
import { jsonOption, plainOption } from "./flags.ts";

/** Adds replace: dense layers of a trained model by linear maps of observables. */
export function addReplacement(program: Command): void {
  program
    .command("replace")
    .description("put one linear map of observables in the place of dense layers of an ONNX model")
    .argument("<model>", "model.onnx of PyTorch, Keras, scikit-learn or eigenflow")
    .requiredOption(
      "--layers <which>",
      "names or places in eigenflow inspect; a,b: each by itself; 2..3: as one",
    )
    .requiredOption("--data <data>", ".csv, .npy, or mnist, yin-yang, yin-yang-binary, two-moons")
    .option("--labels <which>", "target columns of a CSV, or the .npy beside --data")
    .option("--test <data>", "data of the same form to judge on; else a fifth of --data")
    .option("--observables <kind>", "fourier, relu, polynomial or affine (fourier)")
    .option("--features <n>", "random features of fourier and relu (200)")
    .option("--degree <n>", "of polynomial: 2 or 3 (2)")
    .option(
      "--width <w>",
      "of fourier: its length scale, in deviations of the inputs (their number's root)",
    )
    .option("--rank <r>", "directions of the observables that are kept (all)")
    .option("--ridge <x>", "regularisation of the fit")
    .option("--fold-batch-norm", "first fold batch normalisation into the layers before it")
    .option("--suggest", "try observables of growing cost, take the cheapest that is good enough")
    .option("--max-drop <points>", "with --suggest: percentage points that may be lost (0.5)")
    .option("--seed <n>", "of the split and the random features (0)")
    .option("-o, --out <file>", "write the hybrid model, such as hybrid.onnx")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText(
      "after",
      "\nExample:\n  eigenflow replace mlp.onnx --layers 2 --data points.csv --labels class -o hybrid.onnx",
    )
    .action((model, flags) =>
      report("replace", flags, async () =>
        (await import("../replace/replace.ts")).replace(model, flags),
      ),
    );
}
