import type { ReplayResult } from '../replay/result.ts'
import { replayCsv } from './replay-csv.ts'
import { replayHtml } from './replay-html.ts'
import { replayJson } from './replay-json.ts'
import { replayJunit } from './replay-junit.ts'
import { replayMarkdown } from './replay-markdown.ts'
import { replayTerminal } from './replay-terminal.ts'
import type { View } from './screen.ts'

export { formatReplayPlan } from './replay-plan.ts'

export type ReplayFormat = 'terminal' | 'json' | 'csv' | 'markdown' | 'html' | 'junit'

/** The result of `llmcost replay` as text that ends with a newline. `view` matters to `terminal`. */
export function formatReplay(result: ReplayResult, format: ReplayFormat, view: View): string {
  switch (format) {
    case 'terminal':
      return replayTerminal(result, view)
    case 'json':
      return replayJson(result)
    case 'csv':
      return replayCsv(result)
    case 'markdown':
      return replayMarkdown(result)
    case 'html':
      return replayHtml(result)
    case 'junit':
      return replayJunit(result)
  }
}
