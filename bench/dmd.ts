import { mulberryMatrix } from "../src/data/random.ts";
import { dmd } from "../src/koopman/dmd/dmd.ts";
import { dmdTall, tallModes } from "../src/koopman/dmd/dmd-tall.ts";
import { hankelDmd } from "../src/koopman/dmd/hankel.ts";
import type { Spectrum } from "../src/koopman/dmd/spectrum.ts";
import { hardThreshold, rank } from "../src/koopman/dmd/truncation.ts";
import type { Matrix } from "../src/linalg/matrix.ts";
import { tallMatrix } from "../src/linalg/tall-source.ts";
import { type Options, report } from "./measure.ts";

const sizes = [
  [1000, 100],
  [100_000, 200],
  [100_000, 500],
  [1_000_000, 100],
] as const;

/** Ten real coordinates that turn and decay in pairs, mixed into n rows, and a little noise. */
function snapshots(n: number, m: number): Matrix {
  const states = new Float64Array(10 * m);
  for (let pair = 0; pair < 5; pair++) {
    for (let t = 0; t < m; t++) {
      const size = Math.exp(-0.002 * (pair + 1) * t);
      states[2 * pair * m + t] = size * Math.cos((0.1 + 0.23 * pair) * t);
      states[(2 * pair + 1) * m + t] = size * Math.sin((0.1 + 0.23 * pair) * t);
    }
  }
  const data = new Float64Array(n * m);
  const block = Math.max(1, Math.floor(1_000_000 / m));
  for (let start = 0; start < n; start += block) {
    const count = Math.min(block, n - start);
    const noise = mulberryMatrix(1000 + start, count, m);
    const mixing = mulberryMatrix(2_000_000 + start, count, 10);
    for (let i = 0; i < count; i++) {
      const row = data.subarray((start + i) * m, (start + i + 1) * m);
      for (let j = 0; j < m; j++) row[j] = 1e-4 * noise[i * m + j];
      for (let p = 0; p < 10; p++) {
        const factor = mixing[i * 10 + p];
        for (let j = 0; j < m; j++) row[j] += factor * states[p * m + j];
      }
    }
  }
  return { rows: n, cols: m, data };
}

/**
 * Eigenvalues, residuals, refined vectors, amplitudes and modes of snapshots in memory. The hard
 * threshold is for noise that is equal everywhere: the snapshots are left as they are for it.
 */
export async function dmdCases(options: Options): Promise<void> {
  for (const [n, m] of sizes) {
    for (const r of [0, 10]) {
      const name = `dmd/rrr/${n}x${m}/rank${r}`;
      if (!name.includes(options.only)) continue;
      const chosen =
        r === 0
          ? ({ truncation: hardThreshold(), scaling: "none" } as const)
          : { truncation: rank(r) };
      const F = snapshots(n, m);
      await timed(options, name, F, async () => {
        if (n <= 1000) return dmd(F, chosen);
        const source = tallMatrix(F);
        const tall = await dmdTall(source, chosen);
        await tallModes(source, tall);
        return tall.spectrum;
      });
    }
  }
  for (const [delays, n, m] of [
    [10, 1000, 100],
    [4, 100_000, 200],
  ] as const) {
    const name = `dmd/hankel${delays}/${n}x${m}/rank10`;
    if (!name.includes(options.only)) continue;
    const F = snapshots(n, m);
    await timed(options, name, F, async () => hankelDmd(F, delays, { truncation: rank(10) }));
  }
}

async function timed(options: Options, name: string, F: Matrix, once: () => Promise<Spectrum>) {
  let found = await once();
  const run = async () => {
    found = await once();
  };
  await report(options, name, run, {
    data_mb: Math.round((8 * F.data.length) / 2 ** 20),
    peak_mb: Math.round(process.resourceUsage().maxRSS / 1024),
    rank: found.residuals.length,
    eigenvalue_error: eigenvalueError(found),
    worst_residual: Math.max(...found.residuals),
  });
}

function eigenvalueError({ eigenvalues: { re, im } }: Spectrum): number {
  const errors = [0, 1, 2, 3, 4].map((pair) => {
    const size = Math.exp(-0.002 * (pair + 1));
    const [x, y] = [size * Math.cos(0.1 + 0.23 * pair), size * Math.sin(0.1 + 0.23 * pair)];
    return Math.min(...re.map((a, j) => Math.hypot(a - x, im[j] - y)));
  });
  return Math.max(...errors);
}
