import { type RecurrentNetwork, recurrentNetwork } from "../../eigenfunctions/network.ts";
import {
  type RecurrentWeights,
  readBeside,
  readWeights,
} from "../../eigenfunctions/weights/read.ts";
import { ShapeError, UsageError } from "../../errors.ts";
import type { Matrix } from "../../linalg/matrix.ts";

export interface EigenfunctionFlags {
  readonly tensor?: string;
  readonly transpose?: true;
  readonly continuous?: true;
  readonly discrete?: true;
  readonly leak?: string;
  readonly decay?: string;
  readonly bias?: string;
  readonly input?: string;
  readonly activation?: string;
  readonly form?: "pre-activation" | "cell";
  readonly tolerance?: string;
  readonly approximate?: true;
  readonly family?: "1" | "2";
  readonly zeta?: string;
  readonly domain?: string;
  readonly rates?: string;
  readonly starts: string;
  readonly seed: string;
  readonly out?: string;
  readonly force?: true;
}

/** Singular values up to this share of the largest count with --approximate. */
const nearby = 0.05;

/** A number of a flag. @throws UsageError  for what is none */
export function numberOf(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new UsageError(`${flag} ${text}: a number is wanted`);
  return value;
}

export const toleranceFlag = ({
  tolerance,
  approximate,
}: EigenfunctionFlags): { tolerance?: number } =>
  tolerance !== undefined
    ? { tolerance: numberOf("--tolerance", tolerance) }
    : approximate
      ? { tolerance: nearby }
      : {};

export const readGiven = (path: string, { tensor, transpose }: EigenfunctionFlags) =>
  readWeights(path, {
    ...(tensor !== undefined && { tensor }),
    ...(transpose && { transposed: true }),
  });

/** The network that the weights and the flags describe, and what was assumed about it. */
export async function networkOf(
  path: string,
  weights: RecurrentWeights,
  flags: EigenfunctionFlags,
): Promise<{ network: RecurrentNetwork; assumed: string[] }> {
  const { W, bias, cell } = weights;
  const assumed: string[] = [];
  const form = flags.form ?? (cell ? "cell" : "pre-activation");
  if (flags.form === undefined && cell)
    assumed.push(
      "weights of a framework's cell, by their name: the nonlinearity stands outside (--form pre-activation otherwise)",
    );
  const asCell = cell || form === "cell";
  const steps = flags.discrete || flags.leak !== undefined || (asCell && !flags.continuous);
  if (flags.continuous && (flags.discrete || flags.leak !== undefined))
    throw new UsageError("--continuous beside --discrete or --leak: only one can be meant");
  if (steps && flags.decay !== undefined)
    throw new UsageError(
      "--decay is of continuous time; steps have a --leak",
      asCell && !flags.discrete ? "a cell goes in steps: --continuous for dh/dt" : undefined,
    );
  const theta =
    flags.bias === undefined
      ? bias
      : vector(await readBeside(path, flags.bias, "--bias"), "--bias");
  if (flags.bias === undefined && bias !== null)
    assumed.push("the biases stored beside the weights (--bias for others)");
  const B = flags.input === undefined ? null : await readBeside(path, flags.input, "--input");
  const activation = flags.activation ?? weights.activation ?? undefined;
  if (activation === undefined) assumed.push("activation tanh (--activation for another)");
  const network = recurrentNetwork(W, {
    form,
    ...(theta !== null && { theta }),
    ...(B !== null && { B }),
    ...(activation !== undefined && { activation }),
    ...(steps && { leak: flags.leak === undefined ? 1 : numberOf("--leak", flags.leak) }),
    ...(flags.decay !== undefined && { decay: await decayOf(path, flags.decay) }),
  });
  return { network, assumed };
}

async function decayOf(path: string, given: string): Promise<number | Float64Array> {
  const value = Number(given);
  return Number.isFinite(value)
    ? value
    : vector(await readBeside(path, given, "--decay"), "--decay");
}

export function vector({ rows, cols, data }: Matrix, flag: string): Float64Array {
  if (rows !== 1 && cols !== 1)
    throw new ShapeError(
      `${flag} is ${rows} × ${cols}: a vector is wanted, one number for each unit`,
    );
  return data;
}
