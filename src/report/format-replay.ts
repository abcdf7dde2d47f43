import type { ReplayResult } from '../replay/result.ts'
import { formatJson } from './json.ts'
import type { View } from './screen.ts'

export type ReplayFormat = 'terminal' | 'json' | 'csv' | 'markdown' | 'html' | 'junit'

/** The result of `llmcost replay` as text that ends with a newline. `view` matters to `terminal`. */
export function formatReplay(result: ReplayResult, _format: ReplayFormat, _view: View): string {
  return formatJson(result)
}
