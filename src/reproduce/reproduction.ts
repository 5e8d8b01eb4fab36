import type { Figure } from "../report/figure.ts";

/**
 * How ours stands to what is in print: "corrected" where the printed statement is wrong and ours is what
 * its own premises give; "" where nothing was printed or promised.
 */
export type Standing = "reached" | "better" | "not reached" | "corrected" | "";

/** One line of the table *published | ours | verdict*. */
export interface Line {
  /** What is measured, with its unit. */
  readonly what: string;
  /** As printed; "" where nothing is. */
  readonly published: string;
  /** Median and spread, and of how many seeds. */
  readonly ours: string;
  readonly standing: Standing;
  /** Why, in half a sentence, where a reader would ask. */
  readonly note?: string;
}

/** What came out of a reproduction. */
export interface Reproduced {
  readonly lines: readonly Line[];
  /** Further tables and remarks, as Markdown under a heading. */
  readonly sections: readonly { readonly heading: string; readonly text: string }[];
  readonly figures: readonly Figure[];
  /** Further files by name, in the folder of the result: data as CSV, drawings of their own. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** All numbers, as plain JSON. */
  readonly data: unknown;
}

export const presetNames = ["quick", "full"] as const;
export type PresetName = (typeof presetNames)[number];

export interface ReproduceOptions {
  readonly preset: PresetName;
  /** Of everything random. */
  readonly seed: number;
  /** Where parts of the result are kept, so that an interrupted run goes on (see `storedIn`). */
  readonly folder: string;
  readonly progress: (part: string) => void;
}

/** One system of the literature, computed again. */
export interface Reproduction {
  readonly name: string;
  /** What it is, with its source. */
  readonly title: string;
  /** What was done, and what was not. */
  readonly about: string;
  readonly seed: number; // unless another is given
  readonly run: (options: ReproduceOptions) => Promise<Reproduced>;
}
