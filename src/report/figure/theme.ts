import type { Dash, Marker, Role } from "../figure.ts";
import { palette as okabeIto, symbol } from "../style.ts";

export type ThemeName = "light" | "dark" | "print" | "page";

/** The colours of a figure. */
export interface Theme {
  readonly paper: string;
  readonly ink: string;
  readonly faint: string;
  readonly grid: string;
  readonly alarm: string;
  readonly series: readonly string[];
}

/** Black on white; neighbours in the list stay apart in grey too. */
const print: Theme = {
  paper: "#FFFFFF",
  ink: "#000000",
  faint: "#4D4D4D",
  grid: "#DDDDDD",
  alarm: "#A4161A",
  series: ["#00487A", "#E07B39", "#00694B", "#D98CC0", "#4B2A7B", "#56B4E9", "#8A5A00", "#777777"],
};

export const colours: Readonly<Record<Exclude<ThemeName, "page">, Theme>> = {
  light: {
    paper: "#FFFFFF",
    ink: "#1F2328",
    faint: "#59636E",
    grid: "#DFE3E8",
    alarm: "#C1121F",
    series: okabeIto,
  },
  dark: {
    paper: "#14181D",
    ink: "#E8EBEF",
    faint: "#A0A9B4",
    grid: "#333B45",
    alarm: "#FF7B72",
    series: [
      "#56B4E9",
      "#FF9A4D",
      "#2CC99A",
      "#E59BC6",
      "#9CCBFF",
      "#F2C14E",
      "#B79BE8",
      "#B8BEC6",
    ],
  },
  print,
};

/** Custom properties of the page, so that one picture follows the reader's light or dark. */
const page: Theme = {
  paper: "var(--paper)",
  ink: "var(--ink)",
  faint: "var(--faint)",
  grid: "var(--grid)",
  alarm: "var(--alarm)",
  series: okabeIto.map((_, i) => `var(--series-${i})`),
};

export const themeOf = (name: ThemeName): Theme => (name === "page" ? page : colours[name]);

/** The custom properties of a theme, as declarations of a style sheet. */
export const properties = ({ series, ...named }: Theme): string =>
  [...Object.entries(named), ...series.map((colour, i) => [`series-${i}`, colour])]
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(";");

export const colourOf = (role: Role, theme: Theme): string =>
  typeof role === "number" ? theme.series[role % theme.series.length] : theme[role];

export const markerOf = (role: Role): Marker =>
  typeof role === "number" ? symbol(role) : "circle";

const patterns = ["", "5 2.5", "1.5 2", "7 2 1.5 2", "3 1.5", "9 3", "1 3", "5 2 1 2 1 2"];
const byName: Readonly<Record<Dash, string>> = { solid: "", dashed: "4 3", dotted: "1.2 2.4" };

/** The dashes of a line: those asked for, else those of its series. Empty: none. */
export const dashOf = (role: Role, dash?: Dash): string =>
  dash !== undefined
    ? byName[dash]
    : typeof role === "number"
      ? patterns[role % patterns.length]
      : "";
