import type { Dataset } from "../../data/dataset.ts";
import { randomStream } from "../../data/random.ts";
import { UsageError } from "../../errors.ts";

/** Red, green and blue in 0 … 1 of a square of pixels, row after row from the top. */
export interface Picture {
  readonly side: number;
  readonly pixels: Float32Array; // [side × side × 3]
}
export const pictureNames = ["texture", "text"] as const;
export type PictureName = (typeof pictureNames)[number];

/** @throws UsageError  for a side that is odd or below 8 */
export function picture(name: PictureName, side: number, seed: number): Picture {
  if (!(Number.isInteger(side) && side >= 8 && side % 2 === 0))
    throw new UsageError(`picture: a side of ${side}`, "an even number from 8 on is wanted");
  return name === "texture" ? texture(side, seed) : text(side);
}

/** Sixteen waves of up to eight periods across, their heights falling as one over the frequency. */
function texture(side: number, seed: number): Picture {
  const random = randomStream(seed, "texture");
  const waves = Array.from({ length: 16 }, (_, i) => {
    const frequency = 1 + (7 * i) / 15;
    const angle = 2 * Math.PI * random.uniform();
    return {
      across: 2 * Math.PI * frequency * Math.cos(angle),
      down: 2 * Math.PI * frequency * Math.sin(angle),
      phases: Array.from({ length: 3 }, () => 2 * Math.PI * random.uniform()),
      height: 1 / frequency,
    };
  });
  return drawn(side, (x, y, channel) => {
    const sum = waves.reduce(
      (total, { across, down, phases, height }) =>
        // Channels share most of their phase, as those of photographs do.
        total + height * Math.sin(across * x + down * y + phases[0] + 0.3 * phases[channel]),
      0,
    );
    return 1 / (1 + Math.exp(-sum));
  });
}

/** E and I, each letter seven rows of five dots. */
const letters = [
  [31, 16, 16, 30, 16, 16, 31],
  [14, 4, 4, 4, 4, 4, 14],
] as const;
const inks = [
  [0.1, 0.1, 0.5],
  [0.6, 0.1, 0.1],
];
const paper = 0.95;
/** Points across and down a pixel, over which a letter's edge is averaged. */
const points = 4;

/** Two letters side by side, dark on light, with the soft edges of print. */
function text(side: number): Picture {
  const inked = (x: number, y: number): boolean => {
    const column = Math.floor(2 * x);
    const across = Math.floor(6 * (2 * x - column) - 0.5);
    const down = Math.floor(8 * y - 0.5);
    const bits: number = letters[column][down] ?? 0;
    return across < 5 && ((bits >> (4 - across)) & 1) === 1;
  };
  const offsets = Array.from({ length: points }, (_, i) => (i + 0.5) / (points * side));
  return drawn(side, (x, y, channel) => {
    const hits = offsets.flatMap((dy) => offsets.filter((dx) => inked(x + dx, y + dy)));
    const share = hits.length / points ** 2;
    return paper + share * (inks[Math.floor(2 * x)][channel] - paper);
  });
}

function drawn(side: number, at: (x: number, y: number, channel: number) => number): Picture {
  const pixels = new Float32Array(side * side * 3);
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++)
      for (let channel = 0; channel < 3; channel++)
        pixels[3 * (row * side + column) + channel] = at(column / side, row / side, channel);
  return { side, pixels };
}

/**
 * The pixels of some rows and columns: features are x and y in [0, 1), targets red, green and blue.
 *
 * @param parity  of the rows and of the columns that are taken; null for all
 */
export function pixelSet(
  { side, pixels }: Picture,
  parity: readonly [number, number] | null,
): Dataset {
  const [features, values]: number[][] = [[], []];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      if (parity && (row % 2 !== parity[0] || column % 2 !== parity[1])) continue;
      features.push(column / side, row / side);
      for (let c = 0; c < 3; c++) values.push(pixels[3 * (row * side + column) + c]);
    }
  }
  return {
    name: "pixels",
    features: Float32Array.from(features),
    count: features.length / 2,
    width: 2,
    targets: { kind: "values", values: Float32Array.from(values), width: 3 },
  };
}
