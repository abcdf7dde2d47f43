import type { SimulateResult } from '../simulate/result.ts'
import type { View } from './screen.ts'
import { simulateCsv } from './simulate-csv.ts'
import { simulateHtml } from './simulate-html.ts'
import { simulateJson } from './simulate-json.ts'
import { simulateMarkdown } from './simulate-markdown.ts'
import { simulateTerminal } from './simulate-terminal.ts'

export type SimulateFormat = 'terminal' | 'json' | 'csv' | 'markdown' | 'html'

/** The result of `llmcost simulate` as text that ends with a newline. `view` matters to `terminal`. */
export function formatSimulate(result: SimulateResult, format: SimulateFormat, view: View): string {
  switch (format) {
    case 'terminal':
      return simulateTerminal(result, view)
    case 'json':
      return simulateJson(result)
    case 'csv':
      return simulateCsv(result)
    case 'markdown':
      return simulateMarkdown(result)
    case 'html':
      return simulateHtml(result)
  }
}
