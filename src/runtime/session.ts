import { NumericError } from "../errors.ts";
import type { Device, Ort, OrtSession } from "./backend.ts";

export interface SessionOptions {
  readonly device: Device;
  readonly threads: number;
  readonly profile?: string;
  /** Optimisers of ONNX Runtime to leave out, by name. */
  readonly disabled?: readonly string[];
}

/** A session that several programs of equal structure hold; closed when the last lets go. */
export interface SharedSession {
  readonly session: OrtSession;
  release(): Promise<void>;
}

interface Entry extends SessionOptions {
  readonly model: Uint8Array;
  readonly session: Promise<OrtSession>;
  holders: number;
}

/** Sessions in use: few, so they are told apart by comparing their models. */
const open = new Set<Entry>();

/** How many sessions are open now: none may leak. */
export const openSessions = (): number => open.size;

/** The session of these bytes and options, opened if there is none. */
export async function acquireSession(
  ort: Ort,
  model: Uint8Array,
  options: SessionOptions,
): Promise<SharedSession> {
  const { device, threads, profile, disabled = [] } = options;
  const known = [...open].find(
    (entry) =>
      entry.device === device &&
      entry.threads === threads &&
      entry.profile === profile &&
      `${entry.disabled ?? []}` === `${disabled}` &&
      sameBytes(entry.model, model),
  );
  const entry = known ?? {
    ...options,
    model,
    session: openSession(ort, model, options),
    holders: 0,
  };
  open.add(entry);
  entry.holders++;
  const release = async () => {
    entry.holders--;
    if (entry.holders > 0) return;
    open.delete(entry);
    await (await entry.session).release();
  };
  try {
    return { session: await entry.session, release };
  } catch (cause) {
    open.delete(entry);
    throw cause;
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

async function openSession(
  ort: Ort,
  model: Uint8Array,
  { device, threads, profile, disabled = [] }: SessionOptions,
): Promise<OrtSession> {
  try {
    if (device === "wasm" && ort.env.wasm) ort.env.wasm.numThreads = threads;
    return await ort.InferenceSession.create(model, {
      executionProviders: [device],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
      ...(disabled.length > 0 && {
        extra: { optimization: { disable_specified_optimizers: disabled.join(";") } },
      }),
      ...(profile && { enableProfiling: true, profileFilePrefix: profile }),
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NumericError(`ONNX Runtime refused the graph: ${reason}`);
  }
}
