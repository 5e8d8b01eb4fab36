import type { PresetName } from "../reproduction.ts";
import { type Drawer, type DrawingPlan, drawers } from "./drawing.ts";
import type { ImagePlan } from "./images.ts";
import type { MemoryPlan } from "./memory.ts";
import { imageNetworks, type MemoryNetwork, memoryNetworks } from "./networks.ts";
import { pictureNames } from "./pictures.ts";

/** What is trained beside deep equilibrium models, and beside networks of the same size. */
export interface ComparisonPlan {
  readonly images: readonly ImagePlan[];
  readonly memory: readonly MemoryPlan[];
  readonly drawings: readonly DrawingPlan[];
}

interface Sizes {
  readonly images: Omit<ImagePlan, "name" | "seed">;
  readonly memory: readonly {
    readonly size: Pick<MemoryPlan, "delay" | "sequences" | "tested" | "epochs">;
    readonly networks: readonly MemoryNetwork[];
    readonly seeds: number;
  }[];
  /** Delay at which a SIM is also started as in the reference. */
  readonly normalStart: number | null;
  readonly drawing: Pick<DrawingPlan, "side" | "width" | "inverse" | "steps">;
  readonly bandwidths: readonly number[];
  readonly imageSeeds: number;
  readonly drawingSeeds: number;
}

const sizes: Readonly<Record<PresetName, Sizes>> = {
  quick: {
    images: { images: 1280, tested: 500, epochs: 2, batch: 32, threads: 1 },
    memory: [
      {
        size: { delay: 10, sequences: 1200, tested: 200, epochs: 4 },
        networks: memoryNetworks,
        seeds: 1,
      },
    ],
    normalStart: null,
    drawing: { side: 40, width: 32, inverse: 64, steps: 150 },
    bandwidths: [0.03, 0.1],
    imageSeeds: 1,
    drawingSeeds: 1,
  },
  full: {
    images: { images: 60_000, tested: 10_000, epochs: 1, batch: 64, threads: 2 },
    memory: [
      {
        size: { delay: 100, sequences: 4500, tested: 500, epochs: 10 },
        networks: memoryNetworks,
        seeds: 2,
      },
      {
        size: { delay: 500, sequences: 4500, tested: 500, epochs: 7 },
        networks: ["single", "feed-forward", "deq"],
        seeds: 1,
      },
    ],
    normalStart: 100,
    drawing: { side: 40, width: 48, inverse: 96, steps: 800 },
    bandwidths: [0.03, 0.1, 0.3, 1],
    imageSeeds: 2,
    drawingSeeds: 3,
  },
};

export function comparisonPlan(preset: PresetName, seed: number): ComparisonPlan {
  const { images, memory, normalStart, drawing, bandwidths, imageSeeds, drawingSeeds } =
    sizes[preset];
  const from = (count: number) => Array.from({ length: count }, (_, k) => seed + k);
  const fourier = (name: Drawer) => name === "two-tier" || name === "fourier";
  return {
    images: imageNetworks.flatMap((name) =>
      // Convolutions that are solved for cost as much as two of the others: one seed.
      from(name === "conv-monotone" ? 1 : imageSeeds).map((one) => ({
        name,
        ...images,
        seed: one,
      })),
    ),
    memory: memory.flatMap(({ size, networks, seeds }): MemoryPlan[] => {
      const common = { ...size, rate: 0.002, batch: 10 };
      const usual = networks.flatMap((name) =>
        from(seeds).map((one) => ({ name, ...common, deviation: null, seed: one })),
      );
      if (size.delay !== normalStart) return usual;
      return [...usual, { name: "single", ...common, deviation: 0.01, seed }];
    }),
    drawings: pictureNames.flatMap((picture) =>
      drawers.flatMap((name) =>
        from(drawingSeeds).map((one) => ({
          name,
          picture,
          ...drawing,
          bandwidths: fourier(name) ? bandwidths : [],
          rate: 3e-3,
          seed: one,
        })),
      ),
    ),
  };
}
