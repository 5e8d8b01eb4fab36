import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { DataError, InputError } from "../../src/errors.ts";
import { analyseSeries } from "../../src/koopman/verdict/analysis.ts";
import { analysisReport } from "../../src/report/analysis-report.ts";
import type { ReportContent } from "../../src/report/content.ts";
import { parseFigure } from "../../src/report/figure.ts";
import { reportPage } from "../../src/report/page.ts";
import { runReport, type TrainedRun } from "../../src/report/run-report.ts";
import { writeReport } from "../../src/report/write-report.ts";

const curves = (
  JSON.parse(readFileSync("tests/golden/dmd/loss_curves.json", "utf8")) as {
    curves: { name: string; loss: number[] }[];
  }
).curves;

const reproduce = {
  command: "npx eigenflow report a.csv -o report.html",
  versions: { eigenflow: "0.1.0" },
  seeds: { weights: 7 },
  inputs: [{ path: "a.csv", sha256: "0123abcd" }],
};

const analysed = (name: string, source = `runs/${name}.csv`) => {
  const values = curves.find((curve) => curve.name === name)!.loss;
  const steps = values.map((_, i) => i);
  return analyseSeries(
    { name: "loss", source, kind: "csv", steps, values },
    { reference: Math.log(10) },
  );
};

const xavier = analysisReport([analysed("xavier")], { reproduce, unit: "epoch" });
const documentOf = (page: string) => parseHTML(page).document;

/** Everything in a page that a browser could fetch. */
function addresses(page: string): string[] {
  const document = documentOf(page);
  const found: string[] = [];
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      if (/^(src|srcset|href|xlink:href|poster|action|data|background|content)$/.test(name)) {
        if (name !== "content" || /url|http/.test(value)) found.push(value);
      }
      found.push(...[...value.matchAll(/url\(([^)]*)\)/g)].map(([, target]) => target));
    }
  }
  const style = document.querySelector("style").textContent as string;
  found.push(...[...style.matchAll(/url\(([^)]*)\)|@import\s+(\S+)/g)].map(([whole]) => whole));
  return found;
}

describe("a page", () => {
  const page = reportPage(xavier);
  const document = documentOf(page);

  test("says the verdict first, with its number, margin and evidence", () => {
    const [first] = document.querySelectorAll("main > *");
    expect(first.className).toBe("verdict");
    expect(first.querySelector("h2").textContent).toBe("STOP");
    expect(first.querySelector(".number").textContent).toMatch(/^0\.15\d* ± [\d.e−]+ %$/);
    expect(first.textContent).toContain("windows agree");
    expect(first.textContent).toContain("This cannot say");
  });

  test("fetches nothing", () => {
    const found = addresses(page);
    expect(found.length).toBeGreaterThan(5);
    expect(found.filter((address) => !address.startsWith("data:text/csv"))).toEqual([]);
    expect(page).not.toMatch(/<script|<link|<iframe|<img|<object|@import|javascript:/i);
  });

  test("has words for every figure, its data as a table and as CSV", () => {
    const figures = [...document.querySelectorAll("figure")];
    expect(figures).toHaveLength(xavier.sections.flatMap((section) => section.figures).length);
    expect(figures.length).toBeGreaterThanOrEqual(6);
    for (const figure of figures) {
      const svg = figure.querySelector("svg");
      expect(svg.getAttribute("role")).toBe("img");
      expect(svg.getAttribute("aria-label").length).toBeGreaterThan(40);
      expect(figure.querySelector("figcaption").textContent.length).toBeGreaterThan(20);
      expect(figure.querySelectorAll("details table tbody tr").length).toBeGreaterThan(0);
      expect(figure.querySelector("details a").getAttribute("href")).toMatch(/^data:text\/csv/);
    }
  });

  test("the CSV in a link is the data", () => {
    const link = document.querySelector("a[download='eigenvalues-last-60.csv']");
    const csv = decodeURIComponent(link.getAttribute("href").replace(/^[^,]*,/, ""));
    const rows = csv.trim().split("\n");
    const { modes } = analysed("xavier").growing.at(-1)!;
    expect(rows).toHaveLength(1 + modes.filter(({ im }) => im >= 0).length);
    expect(rows[1].split(",")[1]).toBe(String(Math.max(...modes.map(({ re }) => re))));
  });

  test("follows light and dark, and prints", () => {
    const style = document.querySelector("style").textContent;
    expect(style).toContain("prefers-color-scheme:dark");
    expect(style).toContain("@media print");
    // The head of a table breaks between words only; a wide table scrolls.
    const screen = style.slice(0, style.indexOf("@media print"));
    const breaking = [...screen.matchAll(/([^{}]+)\{[^}]*overflow-wrap:anywhere/g)];
    expect(breaking.length).toBeGreaterThan(0);
    for (const [, selectors] of breaking) expect(selectors.split(/[,\s]+/)).not.toContain("th");
    const used = new Set([...page.matchAll(/var\((--[\w-]+)\)/g)].map(([, name]) => name));
    expect(used.size).toBeGreaterThan(5);
    for (const name of used) expect(style, name).toContain(`${name}:`);
  });

  test("says what was done, with the numbers, and how to get it again", () => {
    const { verdict } = analysed("xavier");
    const { textContent } = document.querySelector("main");
    const { delays, length } = verdict.spectrum!;
    expect(textContent).toContain(`${delays} × ${length - delays + 1} Hankel matrix`);
    expect(textContent).toContain("tolerance 2 %");
    expect(textContent).toContain(`${verdict.agreeing} of ${verdict.windows} windows agree`);
    for (const part of [reproduce.command, "0123abcd", "seed: weights", "0.1.0"]) {
      expect(textContent).toContain(part);
    }
  });

  test("equal contents give equal bytes, under 1.5 MB", () => {
    const again = analysisReport([analysed("xavier")], { reproduce, unit: "epoch" });
    expect(reportPage(again)).toBe(page);
    expect(Buffer.byteLength(page)).toBeLessThan(1_500_000);
  });

  test("no id stands twice", () => {
    const several = reportPage(
      analysisReport([analysed("xavier"), analysed("tiny")], { reproduce }),
    );
    const ids = [...documentOf(several).querySelectorAll("[id]")].map((element) => element.id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test("names are text, whatever they hold", () => {
  const evil = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;\u0001`;
  const series = { ...analysed("xavier"), source: evil };
  const named = { ...series, series: { ...series.series, name: evil }, warnings: [evil] };
  const page = reportPage(
    analysisReport([named], {
      title: evil,
      unit: evil,
      reproduce: {
        command: evil,
        versions: { [evil]: evil },
        seeds: {},
        inputs: [{ path: evil, sha256: evil }],
        files: [{ name: evil, text: evil }],
      },
    }),
  );
  const document = documentOf(page);
  expect(document.querySelectorAll("script, img")).toHaveLength(0);
  expect(
    [...document.querySelectorAll("*")]
      .flatMap((one) => [...one.attributes])
      .some(({ name }) => name.startsWith("on")),
  ).toBe(false);
  expect(document.querySelector("h1").textContent).toBe(evil.replace("\u0001", "�"));
  expect(addresses(page).every((address) => address.startsWith("data:text/csv"))).toBe(true);
});

test("a run without a finite loss, or too short for a spectrum, has a report", () => {
  const short = analyseSeries({
    name: "loss",
    source: "s.csv",
    steps: [0, 1, 2],
    values: [3, 2, 1],
  });
  const lost = analyseSeries({
    name: "loss",
    source: "n.csv",
    steps: [0, 1],
    values: [Number.NaN, Number.NaN],
  });
  const page = reportPage(analysisReport([short, lost], { reproduce }));
  expect(page).toContain("INSUFFICIENT-DATA");
  expect(page).toContain("DIVERGED");
  expect(documentOf(page).querySelectorAll("figure").length).toBeGreaterThan(0);
});

test("several runs: a card each, and one figure of all", () => {
  const runs = curves.map(({ name }) => analysed(name));
  const content = analysisReport(runs, { reproduce });
  const document = documentOf(reportPage(content));
  expect(document.querySelectorAll(".verdict")).toHaveLength(runs.length);
  expect(document.querySelectorAll(".verdict.alarm").length).toBeGreaterThan(0); // one diverges
  expect(document.querySelector("#figure-runs")).not.toBeNull();
  for (const figure of content.sections.flatMap(({ figures }) => figures)) parseFigure(figure);
});

test("two figures of one name are refused", () => {
  const twice: ReportContent = { ...xavier, sections: [...xavier.sections, ...xavier.sections] };
  expect(() => reportPage(twice)).toThrow(DataError);
  expect(() => reportPage(twice)).toThrow('named "loss"');
});

test("writeReport leaves the page and three files a figure, or nothing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "report-"));
  const content = { ...xavier, sections: xavier.sections.slice(0, 1) };
  const { page, figures } = await writeReport(content, join(folder, "a", "report.html"));
  expect(readFileSync(page, "utf8")).toBe(reportPage(content, { figuresIn: "report-figures" }));
  expect(readdirSync(join(folder, "a")).sort()).toEqual(["report-figures", "report.html"]);
  expect(figures).toHaveLength(3 * content.sections[0].figures.length);
  expect(readdirSync(join(folder, "a", "report-figures")).sort()).toEqual(
    ["loss", "sliding"].flatMap((name) => ["csv", "png", "svg"].map((end) => `${name}.${end}`)),
  );
  // Another page in the same folder keeps figures of its own.
  const other = await writeReport(content, join(folder, "a", "other.html"));
  expect(readdirSync(join(folder, "a")).sort()).toEqual([
    "other-figures",
    "other.html",
    "report-figures",
    "report.html",
  ]);
  expect(new Set([...figures, ...other.figures]).size).toBe(2 * figures.length);
  writeFileSync(join(folder, "file"), "");
  await expect(writeReport(content, join(folder, "file", "report.html"))).rejects.toThrow(
    InputError,
  );
});

describe("the report of a run of ours", () => {
  const solves = { meanIterations: 19.5, mostIterations: 24, unconverged: 0.25 };
  const run: TrainedRun = {
    name: "moons",
    status: "completed",
    reason: "45 epochs",
    model: "monotone-deq",
    epochs: Array.from({ length: 45 }, (_, i) => ({
      epoch: i + 1,
      train: { loss: 0.1 + 0.9 ** i, accuracy: 0.9, forward: solves, backward: solves },
      test: { loss: 0.2 + 0.9 ** i, accuracy: 0.75, forward: solves },
    })),
    rates: [
      { step: 10, rate: 0.01 },
      { step: 20, rate: 0.001 },
    ],
    testRows: 400,
    reference: Math.log(2),
    certificate: null,
    refused: "m is 0",
    reproduce,
  };

  test("says what was reached, with the margin of so many rows, and what the loss says", () => {
    const [reached, loss] = runReport(run).verdicts;
    // 1.96 √(0.75 · 0.25 / 400) = 4.24 %
    expect(reached.number).toMatchObject({ value: "75 %", margin: "± 4.2 %" });
    expect(runReport(run).title).toBe("Training run moons");
    expect(runReport({ ...run, name: "run" }).title).toBe("Training run"); // the name of one without
    // Of the run above a quarter has no equilibrium: no number without it.
    expect(reached.sentence).toContain("Of the equilibria of the test rows 25 % were not found");
    expect(loss.decision).not.toBe("insufficient-data");
    expect(loss.evidence.join(" ")).toContain("the learning rate went from 0.01 to 0.001");
  });

  test("has the solver, what failed of it, and why there is no certificate", () => {
    const page = documentOf(reportPage(runReport(run)));
    const { textContent } = page.querySelector("main");
    expect(textContent).toContain("test, forward 25 %");
    expect(textContent).toContain("There is no certificate: m is 0");
    for (const name of [
      "losses",
      "accuracy",
      "learning-rate",
      "iterations",
      "unconverged",
      "train-loss",
    ]) {
      expect(page.querySelector(`#figure-${name}`), name).not.toBeNull();
    }
  });

  test("of a run that its verdict stopped", () => {
    const reason = "the verdict at epoch 45: little is left to gain.";
    const [{ decision, sentence }] = runReport({
      ...run,
      status: "stopped-by-verdict",
      reason,
    }).verdicts;
    expect(decision).toBe("stopped by its verdict");
    expect(sentence.startsWith(reason)).toBe(true);
  });

  test("of a run that ended early, with losses that are not finite", () => {
    const bad = { loss: null as unknown as number };
    const failed = {
      ...run,
      status: "non-finite",
      reason: "the loss at step 3 is NaN",
      epochs: [{ epoch: 1, train: bad, test: bad }],
    };
    const page = documentOf(reportPage(runReport(failed)));
    expect(page.querySelector(".verdict h2").textContent).toBe("FAILED");
    expect(page.querySelector("main").textContent).toContain("the loss at step 3 is NaN");
    expect(
      documentOf(reportPage(runReport({ ...failed, epochs: [] }))).querySelector("h1"),
    ).not.toBeNull();
  });
});
