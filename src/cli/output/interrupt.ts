import type { StopSignal } from "./exit.ts";
import { signalCodes } from "./exit.ts";
import { note } from "./output.ts";

/** Hears SIGINT and SIGTERM: the first asks to stop, a second ends the process at once. */
export interface Interrupt {
  readonly signal: AbortSignal;
  readonly received: () => StopSignal | null;
  readonly release: () => void;
}

/** @param heard  what is said to the first */
export function listen(
  heard = "\nstopping after this call of the runtime; once more to stop now",
): Interrupt {
  const controller = new AbortController();
  let received: StopSignal | null = null;
  const hear = (name: StopSignal) => {
    if (received !== null) process.exit(signalCodes[name]);
    received = name;
    controller.abort();
    note(heard);
  };
  const names = Object.keys(signalCodes) as StopSignal[];
  for (const name of names) process.on(name, hear);
  return {
    signal: controller.signal,
    received: () => received,
    // Once asked to stop, it listens until the process ends: a second signal must not meet the
    // default action while the last files are written.
    release: () => {
      if (received !== null) return;
      for (const name of names) process.off(name, hear);
    },
  };
}
