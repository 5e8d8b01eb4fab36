/** Where the label of a vertical rule stands, above the panel. */
export interface RuleLabel {
  readonly from: number; // px of the inner width at which it begins
  readonly row: number; // from the panel upward
}

/** A rule and its label, in px of the inner width. */
export interface Labelled {
  readonly at: number;
  readonly width: number;
}

interface Extent {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Places for the labels of rules: to the right of each, or to the left where it would leave the panel, in rows
 * where no two overlap. A line leads up to a label in a higher row. With labels to the right no line crosses
 * a text below it when they are laid from the right, with labels to the left when from the left; where some
 * must stand to the left, all may have to.
 */
export function ruleLabels(rules: readonly Labelled[], inner: number): RuleLabel[] {
  const rightward = rules.map((rule) => beside(rule, rule.at + 3 + rule.width <= inner, inner));
  const leftward = rules.map((rule) => beside(rule, rule.at - 3 - rule.width < 0, inner));
  const order = rules.map((_, i) => i).sort((a, b) => rules[a].at - rules[b].at);
  const tried = [rightward, leftward].flatMap((extents) =>
    [order.toReversed(), order].map((some) => {
      const rows = rowsOf(extents, some);
      return { extents, rows, crossed: crossings(extents, rows) };
    }),
  );
  const { extents, rows } = tried.reduce((a, b) => (b.crossed < a.crossed ? b : a));
  return extents.map(({ from }, i) => ({ from, row: rows[i] }));
}

function beside({ at, width }: Labelled, toTheRight: boolean, inner: number): Extent {
  const wanted = toTheRight ? at + 3 : at - 3 - width;
  const from = Math.min(Math.max(0, wanted), inner - width);
  return { at, from, to: from + width };
}

/** Each label, in this order, in the row above all that it overlaps. */
function rowsOf(extents: readonly Extent[], order: readonly number[]): number[] {
  const rows: number[] = extents.map(() => -1);
  for (const i of order) {
    const { from, to } = extents[i];
    const met = extents.map((one, j) => (one.from < to + 6 && from < one.to + 6 ? rows[j] : -1));
    rows[i] = Math.max(...met) + 1;
  }
  return rows;
}

/** Lines up to a label that run through the text of one below. */
const crossings = (extents: readonly Extent[], rows: readonly number[]): number =>
  extents.reduce((sum, { at }, i) => {
    const below = extents.filter((_, j) => rows[j] < rows[i]);
    return sum + below.filter(({ from, to }) => at > from - 1 && at < to + 1).length;
  }, 0);
