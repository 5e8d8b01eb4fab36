import type { Reproduction } from "./reproduction.ts";

/** The reproductions by name, each loaded when it is asked for. */
export const reproductions: Readonly<Record<string, () => Promise<Reproduction>>> = {};
