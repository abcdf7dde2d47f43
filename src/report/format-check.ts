import type { CheckResult } from '../check/result.ts'
import { checkGithub } from './check-github.ts'
import { checkJson } from './check-json.ts'
import { checkJunit } from './check-junit.ts'
import { checkMarkdown } from './check-markdown.ts'
import { checkTerminal } from './check-terminal.ts'
import type { View } from './screen.ts'

export type CheckFormat = 'terminal' | 'json' | 'markdown' | 'junit' | 'github'

/** The result of `llmcost check` as text that ends with a newline. `view` matters to `terminal`. */
export function formatCheck(result: CheckResult, format: CheckFormat, view: View): string {
  switch (format) {
    case 'terminal':
      return checkTerminal(result, view)
    case 'json':
      return checkJson(result)
    case 'markdown':
      return checkMarkdown(result)
    case 'junit':
      return checkJunit(result)
    case 'github':
      return checkGithub(result)
  }
}
