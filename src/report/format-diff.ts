import type { DiffResult } from '../check/diff-result.ts'
import { diffCsv } from './diff-csv.ts'
import { diffJson } from './diff-json.ts'
import { diffMarkdown } from './diff-markdown.ts'
import { diffTerminal } from './diff-terminal.ts'
import type { View } from './screen.ts'

export type DiffFormat = 'terminal' | 'json' | 'markdown' | 'csv'

/** The result of `llmcost diff` as text that ends with a newline. `view` matters to `terminal`. */
export function formatDiff(result: DiffResult, format: DiffFormat, view: View): string {
  switch (format) {
    case 'terminal':
      return diffTerminal(result, view)
    case 'json':
      return diffJson(result)
    case 'markdown':
      return diffMarkdown(result)
    case 'csv':
      return diffCsv(result)
  }
}
