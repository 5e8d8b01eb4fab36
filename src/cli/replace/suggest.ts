import type { Dictionary } from "../../hybrid/dictionary.ts";
import type { ForeignModel } from "../../onnx/foreign/model.ts";
import type { Scores } from "./model-score.ts";
import { hybridOf, type Pairs } from "./replacement-fit.ts";
import type { Observables } from "./replacement-options.ts";

export interface Candidate {
  readonly dictionaries: readonly Dictionary[]; // of each operator
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly score: number;
  readonly drop: number; // percentage points
}

export interface Suggested {
  readonly index: number; // of the one proposed
  readonly reached: boolean; // whether it keeps the bound
  readonly candidates: readonly (Candidate & { readonly proposed: boolean })[]; // cheapest first
}

/**
 * Fits every candidate and proposes the one of fewest multiply-adds whose drop keeps the bound; where none
 * does, the best.
 *
 * @param scores  on rows that the pairs do not come from
 */
export async function suggested(
  model: ForeignModel,
  pairs: readonly Pairs[],
  scores: Scores,
  observables: readonly Observables[],
  options: { readonly ridge?: number; readonly rank?: number },
  maxDrop: number,
): Promise<Suggested> {
  const tried: (Candidate & { readonly index: number })[] = [];
  for (const [index, of] of observables.entries()) {
    const {
      model: replaced,
      lifts,
      parameters,
      multiplyAdds,
    } = hybridOf(model, pairs, of, options);
    const score = await scores.of(replaced);
    const dictionaries = lifts.map(({ dictionary }) => dictionary);
    const drop = 100 * (scores.before - score);
    tried.push({ index, dictionaries, parameters, multiplyAdds, score, drop });
  }
  tried.sort((a, b) => a.multiplyAdds - b.multiplyAdds);
  const cheapest = tried.find(({ drop }) => drop <= maxDrop);
  const chosen = cheapest ?? tried.reduce((best, one) => (one.drop < best.drop ? one : best));
  return {
    index: chosen.index,
    reached: cheapest !== undefined,
    candidates: tried.map(({ index, ...rest }) => ({ ...rest, proposed: index === chosen.index })),
  };
}
