import { formatGrid } from './grid.ts'
import { type Block, hanging, heading, labelled, type Screen } from './screen.ts'
import type { Fact } from './simulate-phrases.ts'
import type { ReportTable } from './simulate-tables.ts'

/** A table under its title. */
export const tableBlock = (
  { title, remark, columns, rows }: ReportTable,
  screen: Screen,
): Block => [...heading(screen, title.toUpperCase(), remark), ...formatGrid(columns, rows, screen)]

/** Facts under a title; nothing where there are none. */
export const factsBlock = (title: string, facts: readonly Fact[], screen: Screen): Block =>
  facts.length === 0 ? [] : [...heading(screen, title.toUpperCase()), ...factLines(facts, screen)]

/** What nobody measured stands out, wherever it is said. */
export const factLines = (facts: readonly Fact[], screen: Screen): Block =>
  facts.flatMap(({ label, pieces }) =>
    labelled(label, pieces, screen).map((line) =>
      line.replace(/\b(?:unmeasured|estimated|unknown|not certified)\b/g, (word) =>
        screen.paint('yellow', word),
      ),
    ),
  )

/** What was left out or assumed, under each other. */
export function notesBlock(lines: readonly string[], screen: Screen): Block {
  if (lines.length === 0) return []
  const { width, paint } = screen
  return [
    ...heading(screen, 'NOTES'),
    ...lines.flatMap((line) =>
      hanging(`  ${paint('yellow', '•')} `, line, {
        width,
        indent: 4,
        paint: (text) => paint('dim', text),
      }),
    ),
  ]
}
