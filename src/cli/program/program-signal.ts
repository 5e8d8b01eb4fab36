import { type Command, Option } from "@commander-js/extra-typings";
import { report } from "../output/output.ts";
import { jsonOption, plainOption } from "./flags.ts";

/** Adds denoise: the signal in noisy samples. */
export function addSignal(program: Command): void {
  program
    .command("denoise")
    .description("the signal in noisy samples, with the K it was cut off at, why, and its error")
    .argument("<signal>", "CSV file with a header")
    .option(
      "-x, --x <column>",
      "where the samples lie, evenly or not (the other column, or the row)",
    )
    .option("-y, --y <column>", "the noisy signal (the only column beside x)")
    .option("--cutoff <K>", "the largest frequency (the one with the least expected error)")
    .option("--most <K>", "look for it up to this one (200)")
    .addOption(
      new Option("--ends <what>", "what the signal does beyond its ends (what errs least)").choices(
        ["periodic", "line", "even"] as const,
      ),
    )
    .option("--network", "reconstruct by a network trained with the loss Sobolev 2 instead")
    .option("--seed <n>", "with --network: of its weights and the samples held out (0)")
    .option("-o, --out <folder>", "write reconstruction.csv, the figure and denoise.json there")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText("after", "\nExample:\n  eigenflow denoise signal.csv -x time -y level -o clean")
    .action((signal, flags) =>
      report("denoise", flags, async () =>
        (await import("../denoise/denoise.ts")).denoiseFile(signal, flags),
      ),
    );
}
