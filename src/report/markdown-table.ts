/** A Markdown table with aligned columns, which reads as it is; columns of numbers to the right. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i].length)),
  );
  const numeric = head.map((_, i) => rows.every((row) => /^[-\d(]|^$/.test(row[i])));
  const fill = (cell: string, i: number) =>
    numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]);
  const line = (cells: readonly string[]) => `| ${cells.map(fill).join(" | ")} |`;
  const rule = widths.map((width, i) =>
    numeric[i] ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
