import { randomStream } from "../../data/random.ts";
import { tensorOf } from "../../graph/tensor.ts";
import { compile } from "../../runtime/program.ts";
import { attainedGain } from "../../verification/attained.ts";
import { certify } from "../../verification/certify.ts";
import { drawLayer } from "./layer.ts";

/** ‖U‖₂/m beside the largest ‖∂z/∂x‖₂ found, of a random layer of width 87 with 20 inputs. */
export interface GainRow {
  readonly m: number;
  readonly bound: number;
  readonly attained: number;
  readonly published: string; // bound / largest local gain found
}

const published: Readonly<Record<string, string>> = {
  "0.1": "29.8 / 3.7",
  "1": "3.12 / 1.57",
  "5": "0.594 / 0.441",
  "20": "0.146 / 0.120",
};

const [width, inputs] = [87, 20];

/** The Lipschitz bound beside the gain that gradient ascent finds; z itself is the output. */
export async function gainRows(seed: number, pairs = 16): Promise<GainRow[]> {
  const rows: GainRow[] = [];
  for (const m of [0.1, 1, 5, 20]) {
    const { W, L } = drawLayer(width, m, seed, 0);
    const { normal } = randomStream(seed, "monotone", "U", m);
    const float32 = (count: number, of: (k: number) => number, shape: readonly number[]) =>
      tensorOf(
        Float32Array.from({ length: count }, (_, k) => of(k)),
        shape,
      );
    const square = [width, width];
    const weights = {
      W: float32(width * width, (k) => W.data[k], square),
      U: float32(width * inputs, () => normal() / Math.sqrt(inputs), [width, inputs]),
      b: float32(width, () => 0, [width]),
      W_o: float32(width * width, (k) => Number(k % (width + 1) === 0), square),
    };
    const alpha = 1 / L;
    // Forward–backward needs no resolvent in the file; the search solves by Peaceman–Rachford.
    const iteration = { activation: "relu", splitting: "forward-backward", alpha } as const;
    const { claims } = certify(weights, { ...iteration, m });
    const search = attainedGain(weights, iteration, normal, { pairs });
    const program = await compile(search.inputs, { gain: search.outputs.gain });
    const attained = Number((await program.run(search.feeds)).gain.data[0]);
    await program.release();
    const { bound } = claims.find(({ kind }) => kind === "lipschitz")!;
    rows.push({ m, bound, attained, published: published[String(m)] });
  }
  return rows;
}
