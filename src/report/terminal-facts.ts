import type { AnalyzeResult, Opportunity } from '../analyze/result.ts'
import { bar } from './charts.ts'
import { safeText } from './escape.ts'
import { formatShare, formatUsdRough } from './numbers.ts'
import { savingPeriod } from './phrases.ts'
import { type Block, hanging, heading, type Screen } from './screen.ts'
import { padText, wrapText } from './text-width.ts'

/** The three savings that can be had together, dollars first. */
export function factsBlock(result: AnalyzeResult, screen: Screen): Block {
  const { facts } = result
  if (facts.length === 0) return []
  const title =
    facts.length === 1 ? 'WHAT WOULD HELP MOST' : `THE ${numberWord(facts.length)} FACTS`
  const remark = facts.length === 1 ? '' : 'what would help most; these do not overlap'
  return [
    ...heading(screen, title, remark),
    ...facts.flatMap((fact, index) => [
      '',
      ...factLines(fact, index + 1, savingPeriod(result), screen),
    ]),
  ]
}

/** Every opportunity on a line or two, with the warning that they overlap. */
export function opportunitiesBlock(result: AnalyzeResult, screen: Screen): Block {
  const { opportunities, facts } = result
  const isFact = (each: Opportunity) =>
    facts.some(({ kind, title }) => kind === each.kind && title === each.title)
  if (opportunities.every(isFact)) return []
  const largest = Math.max(...opportunities.map(({ savingUsdPerMonth }) => savingUsdPerMonth))
  const amounts = opportunities.map(({ savingUsdPerMonth }) => formatUsdRough(savingUsdPerMonth))
  const column = Math.max(...amounts.map(({ length }) => length))
  const lines = opportunities.flatMap((each, index) =>
    opportunityLines(each, screen, {
      amount: padText(amounts[index] ?? '', column, 'right'),
      size: largest > 0 ? each.savingUsdPerMonth / largest : 0,
      isFact: isFact(each),
    }),
  )
  return [
    ...heading(screen, 'ALL OPPORTUNITIES', `dollars ${savingPeriod(result)}; ${overlapWarning}`),
    ...lines,
  ]
}

const overlapWarning = 'they overlap: do not add them up'

function factLines(fact: Opportunity, number: number, period: string, screen: Screen): Block {
  const { width, paint } = screen
  const amount = `${formatUsdRough(fact.savingUsdPerMonth)} ${period}`
  const share = `${formatShare(fact.share)} of the spend`
  const text = (label: string, value: string, style?: 'dim' | 'cyan') =>
    value === ''
      ? []
      : hanging(`     ${paint('dim', padText(label, 6))}`, safeText(value), {
          width,
          indent: 11,
          paint: (line) => (style === undefined ? line : paint(style, line)),
        })
  return [
    `  ${paint('bold', String(number))}  ${paint('bold', paint('green', amount))}  ${paint('dim', share)}`,
    ...wrapText(safeText(fact.title), width - 5).map((line) => `     ${line}`),
    ...text('why', fact.evidence, 'dim'),
    ...text('but', fact.caveat, 'dim'),
    ...text('try', fact.command, 'cyan'),
  ]
}

function opportunityLines(
  opportunity: Opportunity,
  { width, unicode, paint }: Screen,
  row: { readonly amount: string; readonly size: number; readonly isFact: boolean },
): Block {
  const barWidth = width >= 100 ? 16 : width >= 72 ? 8 : 0
  const drawn = barWidth === 0 ? '' : `${paint('green', bar(row.size, barWidth, unicode))}  `
  const share = padText(formatShare(opportunity.share), 5, 'right')
  const label = `  ${paint('bold', row.amount)}  ${drawn}${paint('dim', share)}  `
  const indent = 2 + row.amount.length + 2 + (barWidth === 0 ? 0 : barWidth + 2) + 5 + 2
  const title = hanging(label, safeText(opportunity.title), { width, indent })
  if (row.isFact || opportunity.command === '') return title
  const command = wrapText(safeText(opportunity.command), width - indent)
  return [...title, ...command.map((line) => ' '.repeat(indent) + paint('cyan', line))]
}

const numberWord = (count: number): string => ['', 'ONE', 'TWO', 'THREE'][count] ?? String(count)
