import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { analyseSeries } from "../../src/koopman/verdict/analysis.ts";
import { analysisReport } from "../../src/report/analysis-report.ts";
import type { ReportSection } from "../../src/report/content.ts";
import { reportMarkdown } from "../../src/report/markdown.ts";
import { writeReport } from "../../src/report/write-report.ts";

const reproduce = {
  command: "npx eigenflow report a.csv -o report.html",
  versions: { eigenflow: "0.1.0" },
  seeds: { weights: 7 },
  inputs: [{ path: "a.csv", sha256: "0123abcd" }],
};
const values = Array.from({ length: 120 }, (_, t) => 0.5 + Math.exp(-t / 20));
const analysis = analyseSeries(
  { name: "loss", source: "a.csv", kind: "csv", steps: values.map((_, t) => t), values },
  { reference: Math.log(10) },
);
const content = analysisReport([analysis], { reproduce, unit: "epoch" });

describe("the report as Markdown", () => {
  const text = reportMarkdown(content, "report-figures");

  test("says what the page says, with the figures as links", () => {
    const { verdict } = analysis;
    expect(text).toContain(`## ${verdict.decision.toUpperCase()}: `);
    expect(text).toContain(verdict.sentence);
    for (const { title, figures, tables } of content.sections) {
      expect(text).toContain(`\n## ${title}\n`);
      for (const { name } of figures) expect(text).toContain(`](<report-figures/${name}.svg>)`);
      for (const { rows } of tables) expect(rows.length).toBeGreaterThan(0);
    }
    expect(text).toContain(`\`\`\`sh\n${reproduce.command}\n\`\`\``);
    expect(text).toContain("@article{drmac2018,");
    expect(reportMarkdown(content, "report-figures")).toBe(text);
  });

  test("every row of a table has the cells of its head; nothing of a name is markup", () => {
    const hostile = "a|b *c* _d_ <e> `f` [g](h) & ~~i~~";
    const section: ReportSection = {
      title: hostile,
      paragraphs: ["one\n\n# two"],
      figures: [],
      tables: [
        {
          name: "t",
          caption: hostile,
          columns: ["|λ|", "n"],
          rows: [
            [hostile, 1],
            [null, -2.5],
          ],
        },
      ],
    };
    const files = [{ name: "a", text: "```\nno end\n````" }];
    const all = reportMarkdown(
      { ...content, sections: [section], reproduce: { ...reproduce, files } },
      "f",
    );
    expect(all).not.toContain(hostile);
    expect(all).toContain("one # two");
    const table = all.split("\n").filter((line) => line.startsWith("|"));
    expect(table).toHaveLength(4);
    for (const line of table) expect(line.match(/(?<!\\)\|/g)).toHaveLength(3);
    expect(table[3]).toContain("−2.5");
    expect(all).toContain("`````\n```\nno end\n````\n`````");
  });

  test("lies beside the page, where it is asked for", async () => {
    const folder = mkdtempSync(join(tmpdir(), "report-"));
    const short = { ...content, sections: [] };
    const { markdown } = await writeReport(short, join(folder, "a.html"), { markdown: true });
    expect(markdown).toBe(join(folder, "a.md"));
    expect(readFileSync(markdown!, "utf8")).toBe(reportMarkdown(short, "a-figures"));
  });
});
