/**
 * Colours that stay apart for colour-blind readers: Okabe & Ito (2008), "Color universal design",
 * without the yellow, which does not read on white.
 */
export const palette = [
  "#0072B2",
  "#D55E00",
  "#009E73",
  "#CC79A7",
  "#56B4E9",
  "#E69F00",
  "#7F5AA8",
  "#555555",
] as const;

export const colour = (index: number): string => palette[index % palette.length];

/** Symbols of Plot, so that series differ without colour too. */
export const symbols = ["circle", "square", "triangle", "diamond", "star", "cross", "wye"] as const;

export const symbol = (index: number) => symbols[index % symbols.length];

export const ink = "#1F2328";
export const faint = "#59636E";
export const paper = "#FFFFFF";

/** About how wide a text is, in px, rather more: generic fonts differ. */
export const textWidth = (text: string, size: number, bold = false): number =>
  (bold ? 0.72 : 0.62) * size * text.length;
