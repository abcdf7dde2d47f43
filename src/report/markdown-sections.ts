import { escapeMarkdown } from './escape.ts'
import { markdownTable } from './markdown-table.ts'
import { formatCount } from './numbers.ts'
import type { Fact } from './simulate-phrases.ts'
import type { ReportTable } from './simulate-tables.ts'

/** A fact as cells of a row. */
export const factRow = ({ label, pieces }: Fact): readonly string[] => [
  label,
  pieces.map(escapeMarkdown).join(' · '),
]

/** Facts under a title; nothing where there are none. */
export const factSection = (title: string, facts: readonly Fact[]): string =>
  facts.length === 0
    ? ''
    : `### ${title}\n\n${markdownTable(['', ''], facts.map(factRow), new Set())}`

/** A table under its title; nothing without rows. */
export function tableSection({ title, remark, columns, rows }: ReportTable): string {
  if (rows.length === 0) return ''
  const right = new Set(columns.flatMap(({ align }, index) => (align === 'right' ? [index] : [])))
  const table = markdownTable(
    columns.map((column) => column.title),
    rows.map((row) => row.map(escapeMarkdown)),
    right,
  )
  return [`### ${title}`, escapeMarkdown(remark), table].filter((part) => part !== '').join('\n\n')
}

/** A comment has a limited length. */
const mostShown = 20

/** The first rows of `count`, and how many more there are; nothing without rows. */
export function limitedTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  count: number,
  right: ReadonlySet<number> = new Set([1, 2, 3]),
): string {
  if (rows.length === 0) return ''
  const shown = rows.slice(0, mostShown)
  const table = markdownTable(
    titles,
    shown.map((row) => row.map(escapeMarkdown)),
    right,
  )
  const more = count - shown.length
  return more > 0 ? `${table}\n\nand ${formatCount(more)} more` : table
}

/** Sections that are shown on a click. */
export const folded = (title: string, sections: readonly string[]): string =>
  [
    `<details><summary>${title}</summary>`,
    ...sections.filter((each) => each !== ''),
    '</details>',
  ].join('\n\n')

/** What was left out or assumed, as a list. */
export function noteSection(notes: readonly string[]): string {
  const lines = notes.map((line) => `- ${escapeMarkdown(line)}`)
  return lines.length === 0 ? '' : ['### Notes', '', ...lines].join('\n')
}
