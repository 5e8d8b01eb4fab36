import { requireObject, requireThat, requireWhole } from "../errors/arguments.ts";
import { InternalError, ShapeError } from "../errors.ts";
import type { TensorData, Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { type DType, formatShape, formatType } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { requireValues } from "../graph/value.ts";
import { encode } from "../onnx/encode.ts";
import { type Device, defaultDevice, loadBackend, type Ort, type OrtTensor } from "./backend.ts";
import { fusionsToDisable } from "./fusions.ts";
import { acquireSession, type SharedSession } from "./session.ts";
import { availableCores, threadsFor } from "./threads.ts";

export type Feeds<I extends Values> = { readonly [K in keyof I]: Tensor };
export type Results<O extends Values> = { readonly [K in keyof O]: Tensor };

/** A compiled graph: numbers in by the names of its inputs, numbers out by those of its outputs. */
export interface Program<I extends Values, O extends Values> {
  readonly inputs: I;
  readonly outputs: O;
  readonly threads: number;
  /** @throws ShapeError for a missing, unknown or misshapen feed, before anything runs */
  run(feeds: Feeds<I>): Promise<Results<O>>;
  /** Gives the session back; the program cannot run afterwards. */
  release(): Promise<void>;
}

export interface CompileOptions {
  readonly device?: Device;
  /** A number, or chosen by the size of the largest product when left out. */
  readonly threads?: number;
  /** Values that named sizes will usually have, to choose threads by. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Writes ONNX Runtime's profile of the session to a file of this prefix. */
  readonly profile?: string;
}

/** Compiles outputs as a function of inputs. Programs of equal structure share one session. */
export async function compile<I extends Values, O extends Values>(
  inputs: I,
  outputs: O,
  options: CompileOptions = {},
): Promise<Program<I, O>> {
  requireValues("compile", "inputs", inputs);
  requireValues("compile", "outputs", outputs);
  requireThat("compile", "outputs", outputs, Object.keys(outputs).length > 0, "one at least");
  requireObject("compile", "options", options, "{ device, threads, sizes, profile }");
  const { device = defaultDevice, threads, sizes = {}, profile } = options;
  if (threads !== undefined) requireWhole("compile", { threads });
  const { ort } = await loadBackend(device);
  const count = threads ?? threadsFor(Object.values(outputs), sizes, availableCores());
  const session = await acquireSession(ort, encode({ inputs, outputs }), {
    device,
    threads: count,
    profile,
    disabled: fusionsToDisable(Object.values(outputs)),
  });
  return programOf(ort, session, inputs, outputs, count);
}

function programOf<I extends Values, O extends Values>(
  ort: Ort,
  shared: SharedSession,
  inputs: I,
  outputs: O,
  threads: number,
): Program<I, O> {
  let released = false;
  return {
    inputs,
    outputs,
    threads,
    async run(feeds) {
      if (released) throw new InternalError("a released program was run");
      checkFeeds(inputs, feeds);
      const given: Record<string, OrtTensor> = {};
      for (const [name, { dtype, data, shape }] of Object.entries(feeds)) {
        given[name] = new ort.Tensor(dtype, data, shape);
      }
      const results = await shared.session.run(given);
      return Object.fromEntries(
        Object.keys(outputs).map((name) => {
          const { type, dims, data } = results[name];
          return [name, { dtype: type as DType, shape: dims, data: data as TensorData }];
        }),
      ) as Results<O>;
    },
    async release() {
      if (released) return;
      released = true;
      await shared.release();
    },
  };
}

const arrayTypes: Readonly<Record<DType, (data: TensorData) => boolean>> = {
  float32: (data) => data instanceof Float32Array,
  float64: (data) => data instanceof Float64Array,
  int64: (data) => data instanceof BigInt64Array,
  bool: (data) => data instanceof Uint8Array,
};

/** Names, dtypes, counts and shapes; a named size must be the same wherever it stands. */
function checkFeeds(inputs: Values, feeds: Readonly<Record<string, Tensor>>): void {
  const sizes = new Map<string, number>();
  for (const name of Object.keys(feeds)) {
    if (!(name in inputs)) {
      throw new ShapeError(
        `unknown input "${name}"; the program takes ${Object.keys(inputs).join(", ")}`,
      );
    }
  }
  for (const [name, wanted] of Object.entries(inputs)) {
    const given = feeds[name];
    if (given === undefined)
      throw new ShapeError(`input "${name}" (${formatType(wanted)}) is not fed`);
    const fits =
      given.dtype === wanted.dtype &&
      given.shape.length === wanted.shape.length &&
      wanted.shape.every((dim, i) => sizeFits(dim, given.shape[i], sizes));
    if (!fits) {
      const known = [...sizes].map(([dim, size]) => `${dim} = ${size}`).join(", ");
      throw new ShapeError(
        `input "${name}" is ${formatType(given)}, wanted ${formatType(wanted)}${known && ` with ${known}`}`,
      );
    }
    const count = given.shape.reduce((product, size) => product * size, 1);
    if (given.data.length !== count || !arrayTypes[given.dtype](given.data)) {
      throw new ShapeError(
        `input "${name}": ${given.data.constructor.name} of ${given.data.length} for ` +
          `${given.dtype}${formatShape(given.shape)}`,
      );
    }
  }
}

function sizeFits(dim: Value["shape"][number], size: number, sizes: Map<string, number>): boolean {
  if (typeof dim === "number") return dim === size;
  const known = sizes.get(dim);
  sizes.set(dim, known ?? size);
  return known === undefined || known === size;
}
