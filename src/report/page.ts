import { DataError } from "../errors.ts";
import {
  figuresOf,
  type ReportContent,
  type ReportSection,
  type ReportVerdict,
} from "./content.ts";
import { toSvg } from "./figure/to-svg.ts";
import type { Figure } from "./figure.ts";
import { html, type Markup, trusted } from "./page/markup.ts";
import { styleSheet } from "./page/style-sheet.ts";
import { figureTable, reportTable } from "./page/tables.ts";

/**
 * A report as one HTML file that nothing has to be fetched for: the verdict first, then the evidence,
 * methods, limits and how to get it again; the figures follow the reader's light or dark, each with its
 * description, its data as a table and as CSV. Equal contents give equal bytes.
 *
 * @param figuresIn  the folder beside the page where NAME.csv will lie, for data too long to be in it
 *
 * @throws DataError  for a figure that is none, or two of one name
 */
export function reportPage(
  content: ReportContent,
  { figuresIn = null }: { readonly figuresIn?: string | null } = {},
): string {
  const figures = figuresOf(content).map(({ name }) => name);
  const twice = figures.find((name, i) => figures.indexOf(name) !== i);
  if (twice !== undefined) throw new DataError(`two figures of the report are named "${twice}"`);
  const { title, subtitle, verdicts, sections, methods, references, limits, bibtex } = content;
  const page = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${title}</title>
<style>
${trusted(styleSheet)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
${subtitle === undefined ? null : html`<p class="faint">${subtitle}</p>`}
</header>
<main>
${verdicts.map(verdictCard)}
${sections.map((section) => sectionOf(section, figuresIn))}
${part("Methods", paragraphs(methods))}
${part("What this cannot say", list(limits))}
${part("References", html`${list(references)}${entries(bibtex)}`)}
${reproduction(content)}
</main>
</body>
</html>
`;
  return page.html;
}

const alarming = ["diverged", "rising", "restart", "failed"];

function verdictCard({
  of,
  decision,
  sentence,
  number,
  evidence,
  cannotSay,
}: ReportVerdict): Markup {
  const kind = alarming.includes(decision) ? "verdict alarm" : "verdict";
  return html`<section class="${kind}" aria-label="Verdict on ${of}">
<p class="faint">${of}</p>
<h2>${decision.toUpperCase()}</h2>
<p>${sentence}</p>
${number ? html`<p><span class="number">${number.value} ${number.margin}</span> <span class="faint">${number.label}</span></p>` : null}
${list(evidence)}
${cannotSay.length > 0 ? html`<p class="faint">This cannot say ${cannotSay.join("; nor ")}.</p>` : null}
</section>`;
}

const paragraphs = (texts: readonly string[]): Markup =>
  html`${texts.map((text) => html`<p>${text}</p>`)}`;
const list = (items: readonly string[]): Markup =>
  items.length === 0 ? html`` : html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
const entries = (bibtex: readonly string[] = []): Markup =>
  bibtex.length === 0
    ? html``
    : html`<details><summary>BibTeX</summary><pre>${bibtex.join("\n\n")}</pre></details>`;
const part = (title: string, body: Markup): Markup =>
  body.html === "" ? html`` : html`<section><h2>${title}</h2>${body}</section>`;

const sectionOf = (
  { title, paragraphs: texts, figures, tables }: ReportSection,
  figuresIn: string | null,
): Markup =>
  html`<section><h2>${title}</h2>
${paragraphs(texts)}
${figures.map((figure) => figureOf(figure, figuresIn))}
${tables.map(reportTable)}
</section>`;

const figureOf = (
  figure: Figure,
  figuresIn: string | null,
): Markup => html`<figure id="figure-${figure.name}" class="${figure.size}">
${trusted(toSvg(figure, { theme: "page" }))}
<figcaption>${figure.caption}</figcaption>
${figureTable(figure, figuresIn)}
</figure>`;

function reproduction({ reproduce }: ReportContent): Markup {
  const { command, versions, seeds, inputs, files = [] } = reproduce;
  const pairs = (record: Readonly<Record<string, string | number>>) =>
    Object.entries(record).map(([name, value]) => html`<tr><td>${name}</td><td>${value}</td></tr>`);
  return html`<section><h2>Reproduce</h2>
<pre>${command}</pre>
<table><tbody>${pairs(versions)}${pairs(
    Object.fromEntries(Object.entries(seeds).map(([name, seed]) => [`seed: ${name}`, seed])),
  )}</tbody></table>
${
  inputs.length > 0
    ? html`<table class="long"><caption>Inputs</caption><thead><tr><th scope="col">file</th><th scope="col">SHA-256</th></tr></thead>
<tbody>${inputs.map(({ path, sha256 }) => html`<tr><td>${path}</td><td><code>${sha256}</code></td></tr>`)}</tbody></table>`
    : null
}
${files.map(({ name, text }) => html`<details><summary>${name}</summary><pre>${text}</pre></details>`)}
</section>`;
}
