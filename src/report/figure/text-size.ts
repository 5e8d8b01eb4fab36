/** Advances of DejaVu Sans for the characters 32 … 126, in hundredths of the size of the font. */
const advances = [
  32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
  64, 64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79,
  60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63,
  63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
];
const raised = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻";

const advance = (character: string): number => {
  const code = character.codePointAt(0)!;
  if (code >= 32 && code <= 126) return advances[code - 32];
  if (raised.includes(character)) return character === "⁻" ? 53 : 40;
  // Wide scripts are a full square; mathematical signs and accented letters are narrower.
  return code > 0x2e80 ? 100 : 84;
};

/** The width of a text in DejaVu Sans, which is wider than the other fonts it may be shown in. */
export function widthOf(text: string, size: number, bold = false): number {
  let sum = 0;
  for (const character of text) sum += advance(character);
  return (sum * size * (bold ? 1.12 : 1)) / 100;
}

/** The text cut to a width, "…" at its end. */
export function fit(text: string, width: number, size: number, bold = false): string {
  if (widthOf(text, size, bold) <= width) return text;
  const characters = [...text];
  while (characters.length > 1 && widthOf(`${characters.join("")}…`, size, bold) > width)
    characters.pop();
  return `${characters.join("").trimEnd()}…`;
}

/** The text in lines no wider than asked, broken between words. */
export function wrap(text: string, width: number, size: number, bold = false): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const longer = lines.length === 0 ? word : `${lines[lines.length - 1]} ${word}`;
    if (lines.length > 0 && widthOf(longer, size, bold) <= width) lines[lines.length - 1] = longer;
    else lines.push(fit(word, width, size, bold));
  }
  return lines;
}
