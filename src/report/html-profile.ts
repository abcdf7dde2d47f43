import type { AnalyzeResult } from '../analyze/result.ts'
import { safeText } from './escape.ts'
import { type Html, html } from './html.ts'
import { mixCard, tableSection } from './html-details.ts'
import { formatCount, formatUsd, plural } from './numbers.ts'
import { clustersRemark, profileParts, profileRemark } from './profile-phrases.ts'

/** How much of the traffic repeats what was asked before, exactly or nearly. */
export function profileSection({ queryProfile }: AnalyzeResult): Html {
  if (queryProfile === null) return html``
  const { requests } = queryProfile
  const parts = profileParts(queryProfile).map(({ key, name, share }) => ({
    key,
    name,
    size: Math.round(share * requests),
  }))
  const remark = `Of ${plural(requests, 'request')} with a prompt. ${profileRemark(queryProfile)}`
  return html`<section><h2>Asked before</h2><p class="remark">${remark}</p>${mixCard(parts, requests, 'Requests by whether they were asked before')}</section>`
}

/** Near-equal prompts, each cluster with its first one. */
export function clustersSection({ queryProfile }: AnalyzeResult): Html {
  if (queryProfile === null) return html``
  const rows = queryProfile.clusters.map(({ example, count, distinct, costUsd }) => [
    safeText(example),
    formatCount(count),
    formatCount(distinct),
    formatUsd(costUsd),
  ])
  const remark = `In ${clustersRemark(queryProfile, rows.length)}.`
  return tableSection(
    'Nearly the same',
    remark,
    ['the first of them', 'asked', 'prompts', 'spend'],
    rows,
    1,
  )
}
