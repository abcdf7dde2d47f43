import type { GroupDelta, ReplayResult } from '../replay/result.ts'
import type { VerdictWord } from '../replay/verdict.ts'
import { escapeHtml, safeText } from './escape.ts'
import { plural } from './numbers.ts'
import { deltaPieces, formatMargin, pointsInterval, verdictLine } from './replay-phrases.ts'
import { formatPoints } from './simulate-phrases.ts'

/**
 * The verdict, and each stratum by its interval, as test cases: what is inferior fails, what is undecided is skipped.
 */
export function replayJunit(result: ReplayResult): string {
  const cases = [
    verdictCase(result),
    ...result.strata.map((stratum) => stratumCase(stratum, result.plan.margin)),
  ]
  const count = (wanted: VerdictWord) => cases.filter(({ word }) => word === wanted).length
  const counts = `tests="${cases.length}" failures="${count('inferior')}" errors="0" skipped="${count('undecided')}"`
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="llmcost replay" ${counts}>
  <testsuite name="llmcost replay" ${counts} timestamp="${xml(result.generatedAt)}">
${cases.map(caseMarkup).join('\n')}
  </testsuite>
</testsuites>
`
}

type TestCase = {
  readonly name: string
  readonly word: VerdictWord
  readonly message: string
  readonly details: string
}

const verdictCase = (result: ReplayResult): TestCase => ({
  name: 'verdict',
  word: result.verdict,
  message: verdictLine(result),
  details: [result.verdictBecause, ...deltaPieces(result)].join(' · '),
})

function stratumCase({ name, pairs, quality, interval }: GroupDelta, margin: number): TestCase {
  const loss = `a loss of ${formatMargin(margin)}`
  const word = wordOf(interval, margin)
  const details = [
    plural(pairs, 'pair'),
    ...(quality === null ? [] : [`${formatPoints(quality)} points`]),
    ...(interval === null ? [] : [pointsInterval(interval)]),
  ].join(' · ')
  const messages: Readonly<Record<VerdictWord, string>> = {
    'non-inferior': `non-inferior: the interval is above ${loss}`,
    inferior: `inferior: the interval is below ${loss}`,
    undecided: `undecided: the interval does not tell it from ${loss}`,
  }
  return { name, word, message: messages[word], details }
}

function wordOf(interval: GroupDelta['interval'], margin: number): VerdictWord {
  if (interval === null) return 'undecided'
  if (interval.low > -margin) return 'non-inferior'
  return interval.high < -margin ? 'inferior' : 'undecided'
}

function caseMarkup({ name, word, message, details }: TestCase): string {
  const open = `    <testcase classname="llmcost.replay" name="${xml(name)}"`
  switch (word) {
    case 'non-inferior':
      return `${open}>\n      <system-out>${xml(details)}</system-out>\n    </testcase>`
    case 'inferior':
      return `${open}>\n      <failure message="${xml(message)}" type="inferior">${xml(details)}</failure>\n    </testcase>`
    case 'undecided':
      return `${open}>\n      <skipped message="${xml(`${message} (${details})`)}"/>\n    </testcase>`
  }
}

/** Text of a log inside XML 1.0, which has no place for controls, surrogates and non-characters. */
const xml = (text: string): string => escapeHtml(safeText(text))
