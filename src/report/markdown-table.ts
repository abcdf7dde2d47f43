/** A Markdown table of cells that are escaped already; the columns named in `right` align right. */
export function markdownTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number>,
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = titles.map((_, index) => (right.has(index) ? '---:' : '---'))
  return [line(titles), line(rule), ...rows.map(line)].join('\n')
}
