import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Options, print } from "./measure.ts";

const execute = promisify(execFile);
const script = fileURLToPath(new URL("peak.js", import.meta.url));

async function peak(kind: string, iterations: number): Promise<{ mib: number; loss: number }> {
  const { stdout } = await execute(process.execPath, [script, kind, String(iterations)]);
  return JSON.parse(stdout);
}

/**
 * Peak resident memory of training with 10 and with 300 iterations in either solve: the implicit
 * derivative keeps no iterate, differentiation through the iteration keeps all.
 */
export async function memoryCases({ only }: Options): Promise<void> {
  for (const kind of ["implicit", "unrolled"]) {
    const name = `memory/${kind}/128x512`;
    if (!name.includes(only)) continue;
    const [few, many] = [await peak(kind, 10), await peak(kind, 300)];
    print({
      case: name,
      peak_mib: { 10: Number(few.mib.toFixed(1)), 300: Number(many.mib.toFixed(1)) },
      ratio: Number((many.mib / few.mib).toFixed(3)),
      extra: { steps: 4, threads: 1, loss: { 10: few.loss, 300: many.loss } },
    });
  }
}
