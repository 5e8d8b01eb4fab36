import { EigenflowError } from "../errors.ts";

/** Where a value of a configuration comes from, as far as a reader can be shown it. */
export type Place =
  | {
      readonly kind: "file";
      readonly source: string;
      readonly line: number; // counted from 1, as columns are
      readonly column: number;
      readonly text: string; // the line
      readonly length: number; // of what is marked, in it
    }
  | { readonly kind: "flag"; readonly flag: string };

export interface Problem {
  readonly message: string;
  readonly place: Place;
  readonly remark?: string; // what to write instead
}

/**
 * A configuration that is not one, with the places of all that is wrong. What was typed on the
 * command line is misuse, what stands in the file is invalid.
 */
export class ConfigError extends EigenflowError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], hint?: string) {
    const typed = problems.every(({ place }) => place.kind === "flag");
    super(typed ? "USAGE" : "INVALID", problems[0].message, { hint });
    this.problems = problems;
  }
}
