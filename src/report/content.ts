import type { Figure } from "./figure.ts";

/** A table; numbers are written with as many digits as tell them from others. */
export interface ReportTable {
  readonly name: string; // of its CSV: small letters, digits, hyphens
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

export interface ReportSection {
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly figures: readonly Figure[];
  readonly tables: readonly ReportTable[];
}

/** What is concluded, of one run: the word, the sentence, the number with its margin, the evidence. */
export interface ReportVerdict {
  readonly of: string; // the run
  readonly decision: string;
  readonly sentence: string;
  readonly number?: { readonly label: string; readonly value: string; readonly margin: string };
  readonly evidence: readonly string[];
  readonly cannotSay: readonly string[];
}

/** How to get the same again. */
export interface Reproduction {
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly seeds: Readonly<Record<string, number>>;
  readonly inputs: readonly { readonly path: string; readonly sha256: string }[];
  /** Such as the resolved configuration. */
  readonly files?: readonly { readonly name: string; readonly text: string }[];
}

/** A report as plain data. Sections of any kind may be added; nothing in it is HTML. */
export interface ReportContent {
  readonly title: string;
  readonly subtitle?: string;
  readonly verdicts: readonly ReportVerdict[];
  readonly sections: readonly ReportSection[];
  /** What was really done, with the options and numbers. */
  readonly methods: readonly string[];
  readonly references: readonly string[];
  /** The same as entries of BibTeX. */
  readonly bibtex?: readonly string[];
  /** What the data cannot show. */
  readonly limits: readonly string[];
  readonly reproduce: Reproduction;
}

/** All figures of a report, in order. */
export const figuresOf = ({ sections }: ReportContent): Figure[] =>
  sections.flatMap(({ figures }) => figures);
