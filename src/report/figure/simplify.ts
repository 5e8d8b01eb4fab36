/** A point of a panel, both coordinates as shares of its axes. */
export type Point = readonly [number, number];

/** The parts of a polyline that lie in the unit square, cut at its edges; null breaks the line. */
export function clipLine(points: readonly (Point | null)[]): Point[][] {
  const pieces: Point[][] = [];
  let piece: Point[] = [];
  const end = () => {
    if (piece.length > 0) pieces.push(piece);
    piece = [];
  };
  for (const [i, point] of points.entries()) {
    if (point === null) {
      end();
      continue;
    }
    const before = points[i - 1];
    if (!before) {
      end();
      if (inside(point)) piece.push(point);
      continue;
    }
    const cut = clipSegment(before, point);
    if (cut === null) {
      end();
      continue;
    }
    const [from, to] = cut;
    if (piece.length === 0 || from !== before) {
      end();
      piece.push(from);
    }
    piece.push(to);
    if (to !== point) end();
  }
  end();
  return pieces;
}

// A share of 1 + 1e-16 is on the edge.
const slack = 1e-9;
export const inside = ([x, y]: Point): boolean =>
  x >= -slack && x <= 1 + slack && y >= -slack && y <= 1 + slack;

/** The part of a segment in the unit square (Liang & Barsky, 1984); null: none. */
function clipSegment(a: Point, b: Point): [Point, Point] | null {
  if (inside(a) && inside(b)) return [a, b];
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  let [from, to] = [0, 1];
  for (const [p, q] of [
    [-dx, a[0]],
    [dx, 1 - a[0]],
    [-dy, a[1]],
    [dy, 1 - a[1]],
  ]) {
    if (p === 0) {
      if (q < 0) return null;
    } else if (p < 0) from = Math.max(from, q / p);
    else to = Math.min(to, q / p);
  }
  if (from > to) return null;
  const at = (t: number): Point => [a[0] + t * dx, a[1] + t * dy];
  return [from === 0 ? a : at(from), to === 1 ? b : at(to)];
}

/**
 * A line with fewer points that covers the same pixels: of each run of points in one of `columns`
 * columns, the first, the lowest, the highest and the last (M4; Jugel et al., 2014). Extremes stay.
 */
export function thinLine(points: readonly Point[], columns: number): Point[] {
  if (points.length <= 4 * columns) return [...points];
  const kept: Point[] = [];
  let run: number[] = [];
  const flush = () => {
    if (run.length === 0) return;
    const by = (better: (a: number, b: number) => boolean) =>
      run.reduce((best, i) => (better(points[i][1], points[best][1]) ? i : best));
    const four = [run[0], by((a, b) => a < b), by((a, b) => a > b), run[run.length - 1]];
    for (const i of [...new Set(four)].sort((a, b) => a - b)) kept.push(points[i]);
    run = [];
  };
  const column = (i: number) => Math.floor(points[i][0] * columns);
  points.forEach((_, i) => {
    if (run.length > 0 && column(i) !== column(run[0])) flush();
    run.push(i);
  });
  flush();
  return kept;
}

/** Low and high over x with fewer points: the lowest low and the highest high of each column. */
export function thinBand(
  rows: readonly (readonly [number, number, number])[],
  columns: number,
): (readonly [number, number, number])[] {
  if (rows.length <= 2 * columns) return [...rows];
  const last = rows.length - 1;
  const byColumn = new Map<number, [number, number, number]>();
  rows.forEach(([x, low, high], i) => {
    // Both ends keep their own x.
    const key = i === last ? columns + 1 : Math.floor(x * columns);
    const found = byColumn.get(key);
    if (!found) byColumn.set(key, [x, low, high]);
    else byColumn.set(key, [found[0], Math.min(found[1], low), Math.max(found[2], high)]);
  });
  return [...byColumn.values()];
}

/** Without what stands on the same cell as an earlier one of the same look. */
export function thinDots<T extends { readonly x: number; readonly y: number }>(
  dots: readonly T[],
  columns: number,
  look: (dot: T) => string,
): T[] {
  const taken = new Set<string>();
  return dots.filter((dot) => {
    const key = `${Math.floor(dot.x * columns)},${Math.floor(dot.y * columns)},${look(dot)}`;
    if (taken.has(key)) return false;
    taken.add(key);
    return true;
  });
}
