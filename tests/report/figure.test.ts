import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { parseDelimited } from "../../src/data/delimited.ts";
import { DataError, UsageError } from "../../src/errors.ts";
import { widthOf } from "../../src/report/figure/text-size.ts";
import { colours, dashOf, markerOf } from "../../src/report/figure/theme.ts";
import { toCsv } from "../../src/report/figure/to-csv.ts";
import { toPng } from "../../src/report/figure/to-png.ts";
import { toSvg } from "../../src/report/figure/to-svg.ts";
import { type Figure, type Mark, parseFigure } from "../../src/report/figure.ts";
import { pathPoints } from "./picture.ts";

const axes = {
  x: { label: "epoch", scale: "linear" },
  y: { label: "loss", scale: "linear" },
} as const;

const figureOf = (marks: readonly Mark[], more: Partial<Figure> = {}, panel = {}): Figure => ({
  schema: "eigenflow/figure@1",
  name: "a-figure",
  title: "A title",
  caption: "A caption.",
  alt: "What is seen.",
  size: "column",
  panels: [{ ...axes, ...panel, marks }],
  ...more,
});

const line: Mark = { type: "line", role: 0, name: "one", x: [0, 1, 2, 3], y: [4, 2, 1, 0.5] };

/** Each kind of mark once. */
const everything = figureOf([
  { type: "band", role: 1, name: "band", x: [0, 1, 2], low: [1, 1, 1], high: [2, 3, 4] },
  line,
  {
    type: "dots",
    role: 2,
    x: [0, 1, 2],
    y: [1, 2, 3],
    size: [1, 2, 3],
    filled: [true, false, true],
    groups: [0, 1, 1],
  },
  { type: "rule", role: "faint", x: 1, label: "here", dash: "dashed" },
  { type: "bars", role: 3, x: [0, 1, 2], y: [1, 2, 3] },
  { type: "text", role: "ink", x: 1, y: 2, text: 'a, "b" & <c>' },
  { type: "circle", role: "faint", x: 1, y: 1, r: 0.5 },
  { type: "ticks", role: "alarm", name: "lost", x: [2] },
]);

const parsed = (svg: string) => {
  const { document } = parseHTML(svg);
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  return {
    root: document.querySelector("svg"),
    all,
    texts: all("text").map((element) => element.textContent as string),
    lines: all("[aria-label=line] path").map((element) => element.getAttribute("d") as string),
  };
};

describe("toSvg", () => {
  test("has every mark, its names, axes and words", () => {
    const { root, all, texts } = parsed(toSvg(everything));
    for (const [selector, count] of [
      ["[aria-label=area] path", 1],
      ["[aria-label=line] path", 2], // the line and the circle
      ["[aria-label=dot] circle", 1], // group 0; group 1 has squares, filled and hollow
      ["[aria-label=rect] rect", 3],
      ['[aria-label=dot][stroke="#C1121F"] path', 1], // the lost
    ] as const) {
      expect(all(selector), selector).toHaveLength(count);
    }
    expect(texts).toEqual(
      expect.arrayContaining([
        "A title",
        "epoch",
        "loss",
        "one",
        "band",
        "lost",
        "here",
        'a, "b" & <c>',
      ]),
    );
    expect(root.getAttribute("role")).toBe("img");
    expect(root.getAttribute("aria-label")).toBe("A title. What is seen.");
    expect(all("desc")[0].textContent).toBe("What is seen.");
  });

  test.each(["light", "dark", "print", "page"] as const)(
    "%s: attributes alone, nothing from outside",
    (theme) => {
      const svg = toSvg(everything, { theme });
      expect(svg).not.toMatch(/NaN|Infinity|undefined|<style|class=|href=|url\(|<script/);
      expect(toSvg(structuredClone(everything), { theme })).toBe(svg);
      expect(svg.includes("var(--")).toBe(theme === "page");
    },
  );

  test("is as wide as a column or a page, and columns share it", () => {
    const widthOf = (size: "column" | "page") =>
      Number(parsed(toSvg(figureOf([line], { size }))).root.getAttribute("width"));
    expect([widthOf("column"), widthOf("page")]).toBeAllClose([3.3 * 96, 6.9 * 96]);
    const two = { ...everything, panels: [...everything.panels, ...everything.panels] };
    expect(parsed(toSvg(two)).texts.filter((text) => text === "epoch")).toHaveLength(2);
  });

  test("equal ratios are equal distances on a log axis, zero stands at its lower end", () => {
    const y = { label: "loss", scale: "log" } as const;
    const [d] = parsed(toSvg(figureOf([line], {}, { y }))).lines;
    const heights = pathPoints(d).map(([, height]) => height);
    expect(heights).toHaveLength(4);
    const steps = heights.slice(1).map((height, i) => height - heights[i]);
    expect(steps[1]).toBeCloseTo(steps[0], 1);
    expect(steps[2]).toBeCloseTo(steps[0], 1);
    const zero = parsed(toSvg(figureOf([{ ...line, y: [1, 0.1, 0, 1] } as Mark], {}, { y })));
    expect(zero.texts).toContain("0");
  });

  test("panels below one another begin at one place", () => {
    const tall: Mark = { ...line, y: [123456, 2, 1, 0.5] };
    const stacked = { ...figureOf([line], { columns: 1 }) };
    const [panel] = stacked.panels;
    const svg = toSvg({ ...stacked, panels: [panel, { ...axes, marks: [tall] }] });
    const begins = parsed(svg).lines.map((d) => pathPoints(d)[0][0]);
    expect(begins).toHaveLength(2);
    expect(begins[0]).toBe(begins[1]);
  });

  test.each([
    ["beside one another", [1, 1.2, 1.4]],
    ["at the right end", [2.6, 2.8, 3]],
    ["at both ends", [0, 0.1, 2.95, 3]],
  ])("no line up to a label crosses another's text: rules %s", (_, at) => {
    const names = ["continue", "rising", "stop", "restart"];
    const rules = at.map(
      (x, i): Mark => ({ type: "rule", role: "ink", x, label: names[i], dash: "dashed" }),
    );
    const { all } = parsed(toSvg(figureOf([line, ...rules])));
    const texts = all("text").filter(({ textContent }) => names.includes(textContent));
    expect(texts).toHaveLength(at.length);
    const number = (element: { getAttribute(name: string): string }, name: string) =>
      Number(element.getAttribute(name));
    const boxes = texts.map((text) => {
      const [x, y] = [number(text, "x"), number(text, "y")];
      return { x, y, end: x + 0.95 * widthOf(text.textContent!, 9.5) };
    });
    // The lines stand in the group of their panel, which is moved.
    const leaders = all("g > line[stroke-width='0.8']").map((one) => {
      const group = one.parentElement!.getAttribute("transform")!;
      const [dx, dy] = [...group.matchAll(/[\d.]+/g)].map(Number);
      return {
        x: number(one, "x1") + dx,
        top: number(one, "y2") + dy,
        low: number(one, "y1") + dy,
      };
    });
    expect(leaders).toHaveLength(at.length);
    for (const { x, top, low } of leaders)
      for (const box of boxes)
        expect(x > box.x && x < box.end && box.y - 4 > top && box.y - 4 < low).toBe(false);
    boxes.forEach((a, i) => {
      const over = boxes.some((b, j) => j !== i && a.y === b.y && a.x < b.end && b.x < a.end);
      expect(over).toBe(false);
    });
  });

  test("null breaks a line", () => {
    const broken = figureOf([{ ...line, y: [4, null, 1, 0.5] } as Mark]);
    const [d] = parsed(toSvg(broken)).lines;
    expect(d.match(/M/g)).toHaveLength(2);
  });

  test("scales are equal where they are said to be: a circle is round", () => {
    const circle: Mark = { type: "circle", role: 0, x: 0, y: 0, r: 1 };
    const wide: Mark = { type: "dots", role: 0, x: [3], y: [0] };
    const [d] = parsed(toSvg(figureOf([circle, wide], {}, { equal: true }))).lines;
    const points = pathPoints(d);
    const extent = (k: number) =>
      Math.max(...points.map((point) => point[k])) - Math.min(...points.map((point) => point[k]));
    expect(extent(0)).toBeCloseTo(extent(1), 1);
  });

  test("what lies outside a given domain is cut off at its edge", () => {
    const x = { label: "x", scale: "linear", domain: [0.5, 1.5] } as const;
    const straight: Mark = { type: "line", role: 0, x: [0, 2], y: [0, 2] };
    const svg = toSvg(figureOf([straight], {}, { x, y: { ...axes.y, domain: [0, 2] } }));
    const points = pathPoints(parsed(svg).lines[0]);
    expect(points).toHaveLength(2);
    // From a quarter to three quarters of the height.
    const { root } = parsed(svg);
    const height = Math.abs(points[0][1] - points[1][1]);
    const width = Math.abs(points[0][0] - points[1][0]);
    expect(width).toBeGreaterThan(200);
    expect(width).toBeLessThan(Number(root.getAttribute("width")));
    expect(height / width).toBeCloseTo(0.56 / 2, 2);
  });

  test("200,000 points: at most 200 kB, and every extreme is there", () => {
    const n = 200_000;
    const x = Array.from({ length: n }, (_, i) => i);
    const y = x.map((i) => Math.sin(i / 1000) * 0.1);
    [y[23_456], y[177_777]] = [5, -3]; // single spikes
    const noisy = figureOf([
      { type: "line", role: 0, x, y },
      { type: "band", role: 1, x, low: y.map((v) => v - 1), high: y.map((v) => v + 1) },
      { type: "dots", role: 2, x, y },
    ]);
    const svg = toSvg(noisy);
    expect(Buffer.byteLength(svg)).toBeLessThanOrEqual(200_000);
    const heights = pathPoints(parsed(svg).lines[0]).map(([, height]) => height);
    const [top, bottom] = [Math.min(...heights), Math.max(...heights)];
    const dots = parsed(svg)
      .all("[aria-label=dot] path")
      .map((element) => Number(/,([\d.]+)\)/.exec(element.getAttribute("transform"))?.[1]));
    expect(Math.abs(Math.min(...dots) - top)).toBeLessThan(1);
    expect(Math.abs(Math.max(...dots) - bottom)).toBeLessThan(1);
  });

  test("texts do not overlap, nor leave the figure", () => {
    const rules = [10, 12, 14, 50, 98].map(
      (x): Mark => ({ type: "rule", role: "faint", x, label: `verdict at ${x}` }),
    );
    const long = figureOf([
      { ...line, x: [0, 1, 2, 100], name: "a very long name ".repeat(9) } as Mark,
      ...rules,
    ]);
    const { all, root } = parsed(toSvg(long));
    const boxes = all("svg > text").map((element) => {
      const [x, y, size] = ["x", "y", "font-size"].map((name) =>
        Number(element.getAttribute(name)),
      );
      const width = element.textContent.length * size * 0.5;
      const anchor = element.getAttribute("text-anchor");
      return {
        left: anchor === "end" ? x - width : anchor === "middle" ? x - width / 2 : x,
        y,
        width,
      };
    });
    for (const [i, a] of boxes.entries()) {
      expect(a.left + a.width).toBeLessThan(Number(root.getAttribute("width")));
      for (const b of boxes.slice(i + 1)) {
        const apart =
          Math.abs(a.y - b.y) >= 9 || a.left >= b.left + b.width || b.left >= a.left + a.width;
        expect(apart, `${JSON.stringify(a)} ${JSON.stringify(b)}`).toBe(true);
      }
    }
  });

  test("refuses an unknown option and an axis without numbers", () => {
    expect(() => toSvg(everything, { them: "dark" } as object)).toThrow(UsageError);
    expect(() => toSvg(figureOf([{ type: "line", role: 0, x: [], y: [] }]))).toThrow(
      'no number on the axis "epoch"',
    );
    const y = { label: "loss", scale: "log" } as const;
    expect(() => toSvg(figureOf([{ ...line, y: [0, 0, 0, 0] } as Mark], {}, { y }))).toThrow(
      DataError,
    );
  });
});

describe("themes", () => {
  const lightness = (hex: string) => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    const Y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    return { Y, L: 116 * Math.cbrt(Y) - 16 };
  };

  test.each(["light", "dark", "print"] as const)("%s: text has the contrast of WCAG AA", (name) => {
    const { paper, ink, faint, alarm } = colours[name];
    for (const text of [ink, faint, alarm]) {
      const [a, b] = [lightness(paper).Y, lightness(text).Y].sort((p, q) => q - p);
      expect((a + 0.05) / (b + 0.05), text).toBeGreaterThan(4.5);
    }
  });

  test("neighbouring series differ in grey on paper, and in dash and marker always", () => {
    const { series } = colours.print;
    for (let i = 0; i < 4; i++) {
      expect(Math.abs(lightness(series[i]).L - lightness(series[i + 1]).L)).toBeGreaterThan(15);
    }
    expect(new Set(series.map((_, i) => dashOf(i))).size).toBe(series.length);
    expect(new Set(series.slice(0, 7).map((_, i) => markerOf(i))).size).toBe(7);
  });
});

test("words with < & > are XML all the same, and drawn", async () => {
  const words = 'p < 1e-16 & r > 0 of "a<b"';
  const svg = toSvg({ ...everything, alt: words }, { theme: "print" });
  expect(svg).toContain("p &lt; 1e-16 &amp; r");
  expect(svg).not.toMatch(/="[^"<>]*<[^"]*"/);
  expect((await toPng({ ...everything, alt: words })).length).toBeGreaterThan(1000);
});

describe("parseFigure", () => {
  test("takes what comes back from JSON", () => {
    const back = parseFigure(JSON.parse(JSON.stringify(everything)));
    expect(back).toEqual(everything);
    expect(toSvg(back)).toBe(toSvg(everything));
  });

  const withMark = (mark: object) => ({ ...figureOf([]), panels: [{ ...axes, marks: [mark] }] });
  test.each([
    [
      "a NaN",
      withMark({ ...line, x: [0, Number.NaN, 2, 3] }),
      "figure.panels[0].marks[0].x[1] is NaN",
    ],
    ["an infinite y", withMark({ ...line, y: [1, 2, 3, -Infinity] }), "marks[0].y[3] is -Infinity"],
    ["null among x", withMark({ ...line, x: [0, null, 2, 3] }), "x[1] is null"],
    ["an unknown key", withMark({ ...line, widht: 3 }), 'marks[0] has the unknown key "widht"'],
    ["a slip", withMark({ ...line, wieght: "thin" }), 'did you mean "weight"?'],
    ["an unknown mark", withMark({ type: "pie" }), 'type is "pie"'],
    ["a missing field", withMark({ type: "line", role: 0, x: [1] }), "marks[0].y is missing"],
    ["other lengths", withMark({ ...line, y: [1] }), "marks[0].y has 1 entries, x 4"],
    ["a rule nowhere", withMark({ type: "rule", role: 0 }), "one of them is wanted"],
    ["a role", withMark({ ...line, role: -1 }), "role is -1"],
    [
      "a domain",
      { ...everything, panels: [{ ...axes, x: { ...axes.x, domain: [2, 1] }, marks: [] }] },
      "domain is 2,1",
    ],
    [
      "a log domain",
      {
        ...everything,
        panels: [{ ...axes, x: { label: "", scale: "log", domain: [0, 1] }, marks: [] }],
      },
      "begins above 0",
    ],
    ["no description", { ...everything, alt: " " }, "figure.alt is empty"],
    ["a path as a name", { ...everything, name: "../x" }, "figure.name"],
    ["another schema", { ...everything, schema: "eigenflow/figure@2" }, "figure.schema"],
    ["no panel", { ...everything, panels: [] }, "figure.panels is empty"],
    ["nothing", null, "figure is null"],
  ])("refuses %s", (_, value, message) => {
    expect(() => parseFigure(value)).toThrow(DataError);
    expect(() => parseFigure(value)).toThrow(message);
  });
});

test("CSV gives back every number, bit for bit", () => {
  const x = [0, 1, 2, 3];
  const y = [0.1 + 0.2, Number.MIN_VALUE, -1 / 3, Number.MAX_VALUE];
  const csv = toCsv(figureOf([{ type: "line", role: 0, name: 'a "name", with\na break', x, y }]));
  const { columns, rows } = parseDelimited(csv, "figure.csv");
  const column = (name: string) => rows.map(({ cells }) => cells[columns.indexOf(name)]);
  expect(column("y").map(Number)).toEqual(y);
  expect(column("x").map(Number)).toEqual(x);
  expect(new Set(column("name"))).toEqual(new Set(['a "name", with\na break']));
  const all = parseDelimited(toCsv(everything), "figure.csv");
  expect(all.rows).toHaveLength(3 + 4 + 3 + 1 + 3 + 1 + 1 + 1);
});

test("PNG: twice the pixels, and the same bytes again", async () => {
  const png = await toPng(everything);
  expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const view = new DataView(png.buffer, png.byteOffset);
  const { root } = parsed(toSvg(everything));
  expect(view.getUint32(16)).toBe(Math.round(2 * Number(root.getAttribute("width"))));
  expect(
    Math.abs(view.getUint32(20) - 2 * Number(root.getAttribute("height"))),
  ).toBeLessThanOrEqual(1);
  expect(Buffer.from(await toPng(everything)).equals(Buffer.from(png))).toBe(true);
  expect(Buffer.from(await toPng(everything, { theme: "dark" })).equals(Buffer.from(png))).toBe(
    false,
  );
});
