import type { Line, PresetName, Reproduced } from "./reproduction.ts";

/** What is kept of a reproduction: NAME.json. */
export interface Result {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly version: string;
  readonly preset: PresetName;
  readonly seed: number;
  /** That this sitting took; parts that were there already took no time. */
  readonly minutes: number;
  readonly lines: readonly Line[];
  readonly sections: Reproduced["sections"];
  /** Drawings beside it, as SVG. */
  readonly figures: readonly { readonly file: string; readonly caption: string }[];
  readonly data?: unknown;
}

/** How many lines stand how, in words: "12 reached, 1 not reached". */
export function tally(lines: readonly Line[]): string {
  const counts = (["reached", "better", "corrected", "not reached"] as const)
    .map((standing) => [lines.filter((line) => line.standing === standing).length, standing])
    .filter(([count]) => count !== 0);
  return counts.length === 0
    ? "nothing to compare"
    : counts.map(([count, standing]) => `${count} ${standing}`).join(", ");
}
