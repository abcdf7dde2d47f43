import type { CheckResult, CheckVerdict } from '../check/result.ts'
import { checkHeadline, findingSentence, findingTitle, totalLine } from './check-phrases.ts'
import { safeText } from './escape.ts'

const commands: Readonly<Record<CheckVerdict, 'error' | 'warning' | null>> = {
  pass: null,
  warn: 'warning',
  fail: 'error',
  'no-data': 'warning',
}

/** Workflow commands of GitHub Actions, which shows them as annotations, and the headline for its log. */
export function checkGithub(result: CheckResult): string {
  const annotations = result.findings.flatMap((finding) => {
    const command = commands[finding.outcome]
    const title = property(`LLM cost: ${findingTitle(finding)}`)
    return command === null
      ? []
      : [`::${command} title=${title}::${data(findingSentence(finding))}`]
  })
  const lines = [...annotations, checkHeadline(result), totalLine(result)]
  return `${lines.filter((line) => line !== '').join('\n')}\n`
}

const data = (text: string): string => safeText(text).replaceAll('%', '%25')

const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
