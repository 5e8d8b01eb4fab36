import type { Reproduction } from "../reproduction.ts";
import { storedIn } from "../stored.ts";
import { labelsOf, matrixOf, type Part } from "./base.ts";
import { boundaryFigure, rankFigure, spectraFigure, vectorsFigure } from "./figures.ts";
import { exactLines, gridTable, mnistLines, variantTable, yinYangLines } from "./lines.ts";
import { mnistStudy } from "./mnist.ts";
import { type HybridPlan, hybridPresets } from "./plan.ts";
import { bothTrajectories, layerCase } from "./variants.ts";
import { blockOf, type LayerName, yinYangData, yinYangLayers, yinYangStudy } from "./yin-yang.ts";

/** Koopman hybrid networks: layers replaced by linear operators. */
export const koopmanHybrid: Reproduction = {
  name: "koopman-hybrid",
  title: "Koopman hybrid networks: layers as linear operators",
  about:
    "Aswani, Jabari & Shafique (2024), arXiv:2409.01308: a hidden layer is stretched by ten trained square layers, and a linear operator of delay coordinates takes the last steps. As printed, trajectories are glued into one series; beside it stand pairs within one trajectory, the terminal map fitted directly, an affine map of the layer's input, and one linear map of a dictionary of it. Fits take samples 1,000 to 6,000 of seed 123, accuracies 4,000 of seed 777 that no fit has seen. In print one network stands for each layer; ours are several, and a block counts where it keeps the network within 0.5 points. The paper's blocks start He-normal; where that fails, and on MNIST always, ours start near the identity. quick trains Yin-Yang networks with a larger step and fewer trajectories, and MNIST on 10,000 images with one layer and a part of the grid, which reach less than the full run.",
  seed: 1,
  run: ({ preset, seed, folder, progress }) =>
    hybridStudy(hybridPresets[preset], seed, folder, progress),
};

export async function hybridStudy(
  plan: HybridPlan,
  seed: number,
  folder: string,
  progress: (part: string) => void,
) {
  const stored = storedIn<Part<unknown>>(folder);
  const yinYang = await yinYangStudy(plan.yinYang, seed, stored, progress);
  const mnist = await mnistStudy(plan.mnist, seed, stored, progress);
  progress("figures");
  const data = yinYangData(plan.yinYang);
  const [network, net] = [yinYang.networks[0], yinYang.nets[0]];
  const cases = (Object.keys(yinYangLayers) as LayerName[]).map((name) => {
    const fresh = matrixOf(data.fresh);
    const one = layerCase(network, yinYangLayers[name], data.fit, fresh, labelsOf(data.fresh));
    const block = blockOf(net.layers[name]);
    return { name, one, block: block.layers, both: bothTrajectories(one, block) };
  });
  const [{ name, both }] = cases;
  const spectra = spectraFigure(both, name);
  const ranks = rankFigure(cases);
  const seeds = yinYang.tried.map(
    ({ seed: one, accuracy }) => `${one}: ${(100 * accuracy).toFixed(1)}`,
  );
  return {
    lines: [...exactLines(), ...yinYangLines(yinYang), ...mnistLines(mnist)],
    sections: [
      {
        heading: "What replaces a layer of the Yin-Yang network",
        text: `Accuracy, %, on fresh samples: median (least–most, networks). Glued and within: only networks whose block keeps the accuracy. "terminal" is the affine map of the window at h fitted to the layer's output; "untrained" has a block nobody trained.\n\n${variantTable(yinYang)}`,
      },
      {
        heading: "Eigenvalues and the artefact of gluing",
        text: spectra.words.map((w) => `- ${w}`).join("\n"),
      },
      ...mnist.layers.map((layer) => ({
        heading: `MNIST, layer ${layer.shape.join("×")}, as printed: accuracy, %`,
        text: `${gridTable(layer)}\n\nThe network ${(100 * mnist.original).toFixed(1)}, with the block ${(100 * layer.scaled).toFixed(1)}, terminal map at h = 10 ${(100 * layer.terminal).toFixed(1)}, affine map ${(100 * layer.affine).toFixed(1)}, dictionary lift ${(100 * layer.lift).toFixed(1)} (${layer.lifted.parameters} parameters, ${layer.lifted.multiplyAdds} multiply-adds).`,
      })),
      {
        heading: "Networks that were trained",
        text: `Seed: accuracy, %, on the 1,000 samples of seed 123. Those below ${100 * plan.yinYang.least} are left out: ${seeds.join(", ")}.`,
      },
    ],
    figures: [spectra.figure, boundaryFigure(cases), ranks.figure, vectorsFigure(both, name)],
    data: {
      plan,
      seed,
      yinYang: { tried: yinYang.tried, nets: yinYang.nets.map(withoutBlocks) },
      mnist,
      ranks: ranks.rows,
    },
  };
}

const withoutBlocks = ({
  layers,
  ...net
}: Awaited<ReturnType<typeof yinYangStudy>>["nets"][number]) => ({
  ...net,
  layers: Object.fromEntries(
    Object.entries(layers).map(([name, { block: _, ...rest }]) => [name, rest]),
  ),
});
