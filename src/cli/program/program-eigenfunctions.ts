import { type Command, Option } from "@commander-js/extra-typings";
import { report } from "../output/output.ts";
import { jsonOption, plainOption } from "./flags.ts";

/** Adds eigenfunctions: what the weights of a recurrent network give in closed form. */
export function addEigenfunctions(program: Command): void {
  program
    .command("eigenfunctions")
    .description("exact Koopman eigenfunctions, reduction and fixed points of a recurrent network")
    .argument("<weights>", "W as .csv, .npy, safetensors or .pt; or an ONNX file with a node RNN")
    .option("--tensor <name>", "of several: the tensor, as in weight_hh_l0, or the ONNX node")
    .option("--transpose", "W is stored for rows, h W, as kernels of Keras are")
    .addOption(
      new Option("--form <form>", "where σ stands: −x + W σ(x) + θ, or σ(W h + b)").choices([
        "pre-activation",
        "cell",
      ] as const),
    )
    .option("--continuous", "time flows (the default, but of a cell)")
    .option("--discrete", "time goes in steps (the default of a cell)")
    .option("--leak <a>", "of steps: x′ = (1 − a) x + a (…), in (0, 1] (1)")
    .option("--decay <D>", "of continuous time: a rate, or a file of one for each unit (1)")
    .option("--bias <file>", "θ, or b of a cell: a file, or a tensor beside W")
    .option("--input <file>", "B, weights of the input: a file, or a tensor beside W")
    .option("--activation <name>", "tanh, relu, logistic, softplus, silu or linear (tanh)")
    .option("--tolerance <share>", "singular values up to this share of the largest count (N·2⁻⁵²)")
    .option("--approximate", "also directions near the null space: --tolerance 0.05")
    .addOption(
      new Option("--family <n>", "of the theorem: 1 with −ζ_i(x_i), 2 with −c_i").choices([
        "1",
        "2",
      ] as const),
    )
    .option("--zeta <name>", "identity, log, cubic, sinh or cube, with --family")
    .option("--domain <a,b>", "where the states are, as in 0,inf, with --zeta")
    .option("--rates <file>", "c of the second family")
    .option("--starts <n>", "starts of the search for fixed points", "100")
    .option("--seed <n>", "seed of everything random", "0")
    .option("-o, --out <folder>", "write eigenfunctions.json, .npy, ONNX and a report there")
    .option("--force", "replace what is there")
    .option(...jsonOption)
    .option(...plainOption)
    .addHelpText(
      "after",
      "\nExample:\n  eigenflow eigenfunctions model.pt --tensor rnn.weight_hh_l0 -o reading",
    )
    .action((weights, flags) =>
      report("eigenfunctions", flags, async () =>
        (await import("../eigenfunctions/eigenfunctions.ts")).eigenfunctions(weights, flags),
      ),
    );
}
