import { mulberry32, mulberryMatrix } from "../src/data/random.ts";
import { monitor, type Observation } from "../src/koopman/verdict/monitor.ts";
import { provider } from "../src/linalg/provider.ts";
import { type Options, report } from "./measure.ts";

/** A run that goes on for 600 epochs, of so many weights, smooth or with the noise of small batches. */
function run(parameters: number, noise: number): Observation[] {
  const draw = mulberry32(1);
  const [start, end] = [mulberryMatrix(2, parameters), mulberryMatrix(3, parameters)];
  return Array.from({ length: 600 }, (_, t) => {
    const loss = 0.15 + Math.exp(-t / 12) + 0.4 * Math.exp(-t / 200) + noise * draw();
    const theta = Float32Array.from(end, (x, i) => x + Math.exp(-t / 60) * start[i]);
    return { loss, val: 1.1 * loss + noise * draw(), ...(parameters > 0 && { theta }) };
  });
}

/**
 * What a monitor costs an epoch, mean over a run of 600: loss alone, loss and validation loss, and with the
 * weights of a small network besides.
 */
export async function monitorCases(options: Options): Promise<void> {
  const cases = [
    ["monitor-loss", run(0, 0), ["loss"]],
    ["monitor-loss-noisy", run(0, 0.02), ["loss"]],
    ["monitor-loss-val", run(0, 0), ["loss", "val"]],
    ["monitor-loss-val-weights-2k", run(2410, 0), ["loss", "val", "theta"]],
    ["monitor-loss-val-weights-61k", run(61_706, 0), ["loss", "val", "theta"]],
  ] as const;
  for (const [name, seen, what] of cases) {
    if (!name.includes(options.only)) continue;
    const pushed = seen.map(
      (one) => Object.fromEntries(what.map((key) => [key, one[key]])) as unknown as Observation,
    );
    let looks = 0;
    const once = async () => {
      const watching = monitor({ reference: Math.log(10), stopOn: [] });
      looks = pushed.filter((one, epoch) => watching.push(epoch, one) !== null).length;
    };
    await once();
    const extra = { looks, epochs: pushed.length, linalg: provider().library };
    await report(options, name, once, extra, pushed.length);
  }
}
