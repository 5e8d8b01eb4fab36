// Draws the log of a run: node docs/figures/training.mjs RUN > figure.svg
import { readFileSync } from "node:fs";
import { join } from "node:path";

const epochs = readFileSync(join(process.argv[2], "metrics.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line))
  .filter(({ type }) => type === "epoch");

const [width, height, left, top] = [250, 150, 54, 34];
const x = (i) => left + (width * i) / Math.max(1, epochs.length - 1);
const colours = ["#1f6feb", "#d1495b"];

const round = (v) => Number(v.toPrecision(3));

/** 1, 2 and 5 of each power of ten. */
function ticksBetween(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
    for (const k of [1, 2, 5]) found.push(round(k * 10 ** power));
  return found.filter((v) => v >= low && v <= high);
}

/** Three to five multiples of 1, 2 or 5. */
function evenTicks(low, high) {
  const unit = 10 ** Math.floor(Math.log10((high - low) / 3));
  const step = unit * [5, 2, 1].find((k) => k === 1 || (high - low) / (k * unit) >= 3);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, i) => round((first + i) * step));
}

/** One panel: lines over the epochs, with the last value of each written out. */
function panel(title, offset, lines, { log = false, format }) {
  const scale = log ? Math.log10 : (v) => v;
  const values = lines.flatMap(({ points }) => points.map(scale));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low || 1) * 0.06;
  const y = (v) => top + height - (height * (scale(v) - low + room)) / (high - low + 2 * room || 1);
  const ticks = log
    ? ticksBetween(10 ** (low - room), 10 ** (high + room))
    : evenTicks(low - room, high + room);
  return [
    `<g transform="translate(${offset},0)">`,
    `<text x="${left}" y="16" font-weight="600">${title}</text>`,
    ...ticks.map(
      (v) =>
        `<line x1="${left}" x2="${left + width}" y1="${y(v).toFixed(1)}" y2="${y(v).toFixed(1)}" stroke="#8884" />` +
        `<text x="${left - 6}" y="${(y(v) + 4).toFixed(1)}" text-anchor="end" fill="#777">${v}</text>`,
    ),
    ...lines.map(
      ({ points }, k) =>
        `<polyline fill="none" stroke="${colours[k]}" stroke-width="2" points="` +
        `${points.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(" ")}" />`,
    ),
    ...lines.map(
      ({ name, points }, k) =>
        `<text x="${left + 4 + k * 120}" y="${top + height + 36}" fill="${colours[k]}">${name} ${format(points.at(-1))}</text>`,
    ),
    `<text x="${left}" y="${top + height + 16}" fill="#777">1</text>`,
    `<text x="${left + width}" y="${top + height + 16}" text-anchor="end" fill="#777">epoch ${epochs.length}</text>`,
    "</g>",
  ].join("\n");
}

const of = (pick) => epochs.map(pick);
const panels = [
  panel("Cross-entropy (log scale)", 0, [
    { name: "train", points: of(({ train }) => train.loss) },
    { name: "test", points: of(({ test }) => test.loss) },
  ], { log: true, format: (v) => v.toPrecision(2) }),
  panel("Accuracy, %", 320, [
    { name: "train", points: of(({ train }) => 100 * train.accuracy) },
    { name: "test", points: of(({ test }) => 100 * test.accuracy) },
  ], { format: (v) => v.toFixed(1) }),
  panel("Solver iterations a sample", 640, [
    { name: "forward", points: of(({ train }) => train.forward.meanIterations) },
    { name: "backward", points: of(({ train }) => train.backward.meanIterations) },
  ], { format: (v) => v.toFixed(1) }),
];
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 970 230" font-family="sans-serif" font-size="12" fill="#333">\n` +
    `<rect width="970" height="230" fill="#fff" />\n${panels.join("\n")}\n</svg>\n`,
);
