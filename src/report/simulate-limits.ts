import type { Limits } from '../simulate/limits-result.ts'
import { safeText } from './escape.ts'
import { formatCount, formatUsd, plural } from './numbers.ts'

/** What budgets and the loop guard stop. Nobody was served for what is refused, so nothing is called saved. */
export function limitPieces(limits: Limits): readonly string[] {
  const { refusedRequests, downgradedRequests, alertedRequests, budgets } = limits
  if (budgets.length === 0) return ['no budget or loop guard stops a request']
  const stopped = refusedRequests + downgradedRequests
  return [
    ...(refusedRequests === 0
      ? []
      : [
          `${plural(refusedRequests, 'request')} refused, ${formatUsd(limits.refusedUsd)}: refused, not saved`,
        ]),
    ...(downgradedRequests === 0
      ? []
      : [
          `${plural(downgradedRequests, 'request')} kept on the first rung, ${differenceText(limits.downgradedUsd)}`,
        ]),
    ...(alertedRequests === 0 ? [] : [`${plural(alertedRequests, 'request')} only warned of`]),
    ...(stopped === 0
      ? []
      : [
          ...(limits.othersUsd === 0 ? [] : [`all others ${differenceText(limits.othersUsd)}`]),
          `with its limits the policy costs ${formatUsd(limits.costUsd)}`,
        ]),
    `by ${budgets.map(({ budget, ...counts }) => `${safeText(budget)} ${formatCount(counts.refused + counts.downgraded + counts.alerted)}`).join(', ')}`,
  ]
}

const differenceText = (lessUsd: number): string =>
  `${formatUsd(Math.abs(lessUsd))} ${lessUsd < 0 ? 'dearer' : 'less'}`
