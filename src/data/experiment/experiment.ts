import { DataError, UsageError } from "../../errors.ts";

/** Inputs and outputs of a system, measured together at equal steps. */
export interface Experiment {
  readonly name: string; // the file, or what it is called
  readonly sampleTime: number; // s
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly count: number; // samples
  readonly u: Float64Array; // [count × inputs], row-major
  readonly y: Float64Array; // [count × outputs]
  readonly warnings: readonly string[]; // what a model of these data may suffer from
}

/** The fewest samples that any method here can use. */
export const fewestSamples = 10;

/**
 * An experiment whose numbers were checked, with warnings for inputs that hardly move.
 *
 * @throws UsageError  for no inputs or outputs, a name that is used twice, or a sample time that is
 *   no positive number
 * @throws DataError  for lengths that differ, fewer than 10 samples, a NaN or infinite number, or an
 *   output that never changes
 */
export function experimentOf(given: Omit<Experiment, "warnings" | "count">): Experiment {
  const { name, sampleTime, inputs, outputs, u, y } = given;
  checkNames(name, inputs, outputs);
  if (!(sampleTime > 0 && Number.isFinite(sampleTime)))
    throw new UsageError(
      `${name}: the sample time is ${sampleTime}; wanted a positive number of seconds`,
    );
  const [rowsOfU, rowsOfY] = [u.length / inputs.length, y.length / outputs.length];
  if (rowsOfU !== rowsOfY || !Number.isInteger(rowsOfU))
    throw new DataError(
      `${name}: ${rowsOfU} samples of the inputs and ${rowsOfY} of the outputs; ` +
        "both must be measured at the same times",
      { hint: "cut the longer to the length of the shorter" },
    );
  if (rowsOfU < fewestSamples)
    throw new DataError(
      `${name}: ${rowsOfU} samples; at least ${fewestSamples} are wanted, and some hundreds for a good model`,
      { hint: "measure longer, or at a shorter sample time" },
    );
  checkFinite(name, inputs, u);
  checkFinite(name, outputs, y);
  outputs.forEach((output, j) => {
    const first = y[j];
    if (valuesOf(y, outputs.length, j).some((value) => value !== first)) return;
    throw new DataError(
      `${name}: output "${output}" is ${first} in every row, so there is nothing to model`,
      { hint: "check the sensor and the column, or leave this output out" },
    );
  });
  const warnings = inputs.flatMap((input, j) =>
    warnOfInput(`${name}: input "${input}"`, valuesOf(u, inputs.length, j)),
  );
  return { ...given, count: rowsOfU, warnings };
}

/** Column j of row-major numbers with `width` columns. */
export const valuesOf = (numbers: Float64Array, width: number, j: number): Float64Array =>
  Float64Array.from({ length: numbers.length / width }, (_, t) => numbers[t * width + j]);

/**
 * @throws UsageError  for experiments that do not measure the same signals at one sample time, or
 *   none at all
 */
export function requireAlike(experiments: readonly Experiment[]): void {
  const [first] = experiments;
  if (first === undefined) throw new UsageError("no experiment is given; wanted one or several");
  for (const other of experiments) {
    const same = (a: readonly string[], b: readonly string[]) => a.join("\n") === b.join("\n");
    if (!same(first.inputs, other.inputs) || !same(first.outputs, other.outputs))
      throw new UsageError(
        `${other.name} has the signals ${signals(other)}, ${first.name} has ${signals(first)}`,
        "all experiments need the same inputs and outputs, in one order",
      );
    if (Math.abs(first.sampleTime - other.sampleTime) > 1e-6 * first.sampleTime)
      throw new UsageError(
        `${other.name} is sampled every ${other.sampleTime} s, ${first.name} every ${first.sampleTime} s`,
        "bring them to one sample time by resample()",
      );
  }
}

const signals = ({ inputs, outputs }: Experiment) => `${inputs.join(", ")} → ${outputs.join(", ")}`;

/** @throws UsageError  for no inputs or outputs, or a name with two parts to play */
export function checkNames(
  source: string,
  inputs: readonly string[],
  outputs: readonly string[],
): void {
  if (inputs.length === 0)
    throw new UsageError(`${source}: no input is named; wanted at least one column`);
  if (outputs.length === 0)
    throw new UsageError(`${source}: no output is named; wanted at least one column`);
  const twice = [...inputs, ...outputs].find((name, i, all) => all.indexOf(name) < i);
  if (twice === undefined) return;
  const both = inputs.includes(twice) && outputs.includes(twice);
  throw new UsageError(
    `${source}: "${twice}" is ${both ? "an input and an output" : "named twice"}`,
    both ? "an output that is fed back is an output only; a model has its own past" : undefined,
  );
}

function checkFinite(source: string, names: readonly string[], numbers: Float64Array): void {
  const bad = numbers.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new DataError(
    `${source}: "${names[bad % names.length]}" is ${numbers[bad]} in sample ${Math.floor(bad / names.length)}`,
    { hint: "interpolate the gap, or cut the data there into two experiments" },
  );
}

/** Inputs that cannot tell one system from another, whatever the method. */
function warnOfInput(what: string, values: Float64Array): string[] {
  const jumps = values.reduce((count, value, t) => count + +(t > 0 && value !== values[t - 1]), 0);
  if (jumps === 0)
    return [`${what} is constant, so its effect cannot be told from an offset: vary it`];
  if (jumps === 1)
    return [
      `${what} changes once, as a step: that excites a system too little to fix more than a gain ` +
        "and a time constant; use a multisine, a random binary sequence or many steps",
    ];
  return [];
}
