import { standardisedMnist } from "../monotone/mnist.ts";
import type { Reproduction } from "../reproduction.ts";
import { type Stored, storedIn } from "../stored.ts";
import { drawerTitles, drawing } from "./drawing.ts";
import { comparisonFigures } from "./figures.ts";
import { imageRun } from "./images.ts";
import { invariantStudy } from "./invariant.ts";
import { comparisonLines, countLines } from "./lines.ts";
import { memoryRun } from "./memory.ts";
import { imageRecipes, memoryTitles } from "./networks.ts";
import { type ComparisonPlan, comparisonPlan } from "./plan.ts";
import type { Comparison } from "./seeds.ts";
import { comparisonSections } from "./tables.ts";

/** Stable invariant models beside equilibrium models and networks of the same size. */
export const sim: Reproduction = {
  name: "sim",
  title:
    "Stable invariant models: beside equilibrium and feed-forward networks, and what they alone do",
  about:
    "Konishi & Kawahara (2023), arXiv:2207.07475. The tables of the paper are not public: nothing here is beside its numbers. Parameter counts are those that the architecture of the reference implementation has; accuracies are beside those in print of monotone DEQs of the same budget (Winston & Kolter 2020, 40 epochs); the rest is beside networks of as many parameters, trained here on the same rows for as long, without a search of settings but for the bandwidth of pictures. In full: one epoch of all of MNIST with two seeds (one of the monotone DEQ of convolutions), copy memory with T = 100 and T = 500 (one seed, three networks, 7 epochs), generated pictures with three seeds. quick is small: 1,280 images, T = 10, one seed, too little to compare with print. CIFAR-10 and SVHN are in no npm package.",
  seed: 2023,
  run: async (options) => {
    const { preset, seed, folder, progress } = options;
    const found = await compared(comparisonPlan(preset, seed), folder, progress);
    const invariant = await invariantStudy(options);
    return {
      lines: [...countLines(), ...comparisonLines(found), ...invariant.lines],
      sections: [...comparisonSections(found), ...invariant.sections],
      figures: [...comparisonFigures(found), ...invariant.figures],
      data: {
        ...{ images: found.images, memory: found.memory },
        drawings: found.drawings.map(({ pixels: _, ...rest }) => rest),
        invariant: invariant.data,
      },
    };
  },
};

/** Every part of a plan, those of the folder read. */
export async function compared(
  plan: ComparisonPlan,
  folder: string,
  progress: (part: string) => void,
): Promise<Comparison> {
  const images = await all(plan.images, folder, {
    nameOf: ({ name, seed }) => `mnist-${name}-${seed}`,
    say: ({ name, seed }) => progress(`MNIST, ${imageRecipes[name].title}, seed ${seed}`),
    compute: once(standardisedMnist, imageRun),
  });
  const memory = await all(plan.memory, folder, {
    nameOf: ({ name, delay, seed, deviation }) =>
      `memory-${name}-${delay}-${seed}${deviation === null ? "" : "-normal"}`,
    say: ({ name, delay, seed }) =>
      progress(`copy memory, T = ${delay}, ${memoryTitles[name]}, seed ${seed}`),
    compute: memoryRun,
  });
  const drawings = await all(plan.drawings, folder, {
    nameOf: (one) => `drawing-${one.picture}-${one.name}-${one.seed}`,
    say: (one) =>
      progress(`drawing the ${one.picture}: ${drawerTitles[one.name]}, seed ${one.seed}`),
    compute: drawing,
  });
  return { images, memory, drawings };
}

/** A computation on data that is read when first wanted: where all is stored it never is. */
function once<D, P, R>(read: () => Promise<D>, compute: (plan: P, data: D) => Promise<R>) {
  let data: Promise<D> | undefined;
  return async (plan: P): Promise<R> => {
    data ??= read();
    return compute(plan, await data);
  };
}

async function all<P, R extends { readonly plan: P }>(
  plans: readonly P[],
  folder: string,
  part: {
    readonly nameOf: (plan: P) => string;
    readonly say: (plan: P) => void;
    readonly compute: (plan: P) => Promise<R>;
  },
): Promise<R[]> {
  const kept: Stored<R> = storedIn(folder);
  const found: R[] = [];
  for (const plan of plans) {
    let result = kept.read(part.nameOf(plan), plan);
    if (result === null) {
      part.say(plan);
      result = await part.compute(plan);
      kept.write(part.nameOf(plan), result);
    }
    found.push(result);
  }
  return found;
}
