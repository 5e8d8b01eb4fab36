import { createHash } from "node:crypto";
import { NumericError } from "../errors.ts";
import type { Device, Ort, OrtSession } from "./backend.ts";

export interface SessionOptions {
  readonly device: Device;
  readonly threads: number;
  readonly profile?: string;
}

/** A session that several programs of equal structure hold; closed when the last lets go. */
export interface SharedSession {
  readonly session: OrtSession;
  release(): Promise<void>;
}

interface Entry {
  readonly session: Promise<OrtSession>;
  holders: number;
}

const open = new Map<string, Entry>();

/** How many sessions are open now: none may leak. */
export const openSessions = (): number => open.size;

/** The session of these bytes and options, opened if there is none. */
export async function acquireSession(
  ort: Ort,
  model: Uint8Array,
  { device, threads, profile }: SessionOptions,
): Promise<SharedSession> {
  const key = `${device}/${threads}/${profile ?? ""}/${createHash("sha256").update(model).digest("hex")}`;
  const entry = open.get(key) ?? {
    session: openSession(ort, model, device, threads, profile),
    holders: 0,
  };
  open.set(key, entry);
  entry.holders++;
  const release = async () => {
    entry.holders--;
    if (entry.holders > 0) return;
    open.delete(key);
    await (await entry.session).release();
  };
  try {
    return { session: await entry.session, release };
  } catch (cause) {
    open.delete(key);
    throw cause;
  }
}

async function openSession(
  ort: Ort,
  model: Uint8Array,
  device: Device,
  threads: number,
  profile: string | undefined,
): Promise<OrtSession> {
  try {
    if (device === "wasm" && ort.env.wasm) ort.env.wasm.numThreads = threads;
    return await ort.InferenceSession.create(model, {
      executionProviders: [device],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
      ...(profile && { enableProfiling: true, profileFilePrefix: profile }),
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NumericError(`ONNX Runtime refused the graph: ${reason}`);
  }
}
