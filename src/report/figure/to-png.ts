import { createRequire } from "node:module";
import type { Figure } from "../figure.ts";
import { toSvg } from "./to-svg.ts";

/**
 * A figure as PNG, twice as many pixels as its width in px, in DejaVu Sans and no other font: equal on
 * every machine.
 *
 * @throws DataError  as `toSvg`
 */
export async function toPng(
  figure: Figure,
  { theme = "light" }: { readonly theme?: "light" | "dark" | "print" } = {},
): Promise<Uint8Array> {
  return rasterise(toSvg(figure, { theme }), 2);
}

/** An SVG as PNG, so many px to each of its own. */
async function rasterise(svg: string, zoom: number): Promise<Uint8Array> {
  const { Resvg } = await import("@resvg/resvg-js");
  const { resolve } = createRequire(import.meta.url);
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) =>
    resolve(`dejavu-fonts-ttf/ttf/${file}`),
  );
  const picture = new Resvg(svg, {
    fitTo: { mode: "zoom", value: zoom },
    font: {
      loadSystemFonts: false,
      fontFiles,
      defaultFontFamily: "DejaVu Sans",
      sansSerifFamily: "DejaVu Sans",
    },
  });
  return picture.render().asPng();
}
