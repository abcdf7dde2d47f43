import type { RouteVerdicts } from '../replay/routed-pairs.ts'
import { routeNumbers } from '../serve/trial-words.ts'
import { safeText } from './escape.ts'
import { formatShare, plural } from './numbers.ts'

/** What a person has said of each route so far, a line each. */
export const routeVerdictLines = (verdicts: readonly RouteVerdicts[]): readonly string[] =>
  verdicts.map((each) => {
    const { rate, interval } = routeNumbers(each)
    const settled = each.better + each.same + each.worse
    const open = each.unsettled === 0 ? '' : `, ${each.unsettled} not settled`
    const words =
      rate === null || interval === null
        ? 'nothing is settled'
        : `loses ${formatShare(rate)} of ${plural(settled, 'pair')} (${formatShare(interval.level)} interval ${formatShare(interval.low)} to ${formatShare(interval.high)})`
    return `${safeText(each.route)}: ${words}${open}`
  })
