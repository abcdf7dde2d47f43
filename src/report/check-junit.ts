import type { CheckResult, CheckVerdict, Finding } from '../check/result.ts'
import { findingSentence, findingTitle } from './check-phrases.ts'
import { escapeHtml, safeText } from './escape.ts'

/** Each assertion as a test case: what warns has output, what is without data is skipped. */
export function checkJunit({ findings, generatedAt }: CheckResult): string {
  const count = (wanted: CheckVerdict) => findings.filter((each) => each.outcome === wanted).length
  const counts = `tests="${findings.length}" failures="${count('fail')}" errors="0" skipped="${count('no-data')}"`
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="llmcost check" ${counts}>
  <testsuite name="llmcost check" ${counts} timestamp="${xml(generatedAt)}">
${findings.map(caseMarkup).join('\n')}
  </testsuite>
</testsuites>
`
}

function caseMarkup(finding: Finding): string {
  const open = `    <testcase classname="llmcost.check" name="${xml(findingTitle(finding))}"`
  const sentence = xml(findingSentence(finding))
  switch (finding.outcome) {
    case 'pass':
    case 'warn':
      return `${open}>\n      <system-out>${finding.outcome}: ${sentence}</system-out>\n    </testcase>`
    case 'fail':
      return `${open}>\n      <failure message="${sentence}" type="regression"/>\n    </testcase>`
    case 'no-data':
      return `${open}>\n      <skipped message="${sentence}"/>\n    </testcase>`
  }
}

/** Text of a log inside XML 1.0, which has no place for controls, surrogates and non-characters. */
const xml = (text: string): string => escapeHtml(safeText(text))
