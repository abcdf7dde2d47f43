import type { AnalyzeResult } from '../analyze/result.ts'
import { analyzeCsv } from './analyze-csv.ts'
import { analyzeHtml } from './analyze-html.ts'
import { analyzeJson } from './analyze-json.ts'
import { analyzeMarkdown } from './analyze-markdown.ts'
import { analyzeTerminal } from './analyze-terminal.ts'
import type { View } from './screen.ts'

export type AnalyzeFormat = 'terminal' | 'json' | 'csv' | 'markdown' | 'html'

/** The result of `llmcost analyze` as text that ends with a newline. `view` matters to `terminal`. */
export function formatAnalyze(result: AnalyzeResult, format: AnalyzeFormat, view: View): string {
  switch (format) {
    case 'terminal':
      return analyzeTerminal(result, view)
    case 'json':
      return analyzeJson(result)
    case 'csv':
      return analyzeCsv(result)
    case 'markdown':
      return analyzeMarkdown(result)
    case 'html':
      return analyzeHtml(result)
  }
}
