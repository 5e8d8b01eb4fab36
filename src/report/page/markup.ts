/** HTML that is safe to be put in a page. */
export interface Markup {
  readonly html: string;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for an element or an attribute. Control characters, which HTML does not allow, are shown as �. */
const escapeHtml = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, "�")
    .replaceAll(/[&<>"']/g, (character) => entities[character]);

type Part = string | number | Markup | readonly Markup[] | null;

/** A template whose parts are escaped, unless they are markup themselves. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const shown = parts.map((part) => {
    if (part === null) return "";
    if (typeof part === "string" || typeof part === "number") return escapeHtml(String(part));
    return Array.isArray(part)
      ? part.map((one: Markup) => one.html).join("\n")
      : (part as Markup).html;
  });
  return { html: strings.map((string, i) => string + (shown[i] ?? "")).join("") };
}

/** Markup from where it is known to be safe, such as an SVG of ours. */
export const trusted = (text: string): Markup => ({ html: text });
