import type { AnalyzeResult, Group, Opportunity } from '../analyze/result.ts'
import { safeText } from './escape.ts'
import { type Html, html } from './html.ts'
import { cellBar } from './html-charts.ts'
import {
  formatCount,
  formatMs,
  formatShare,
  formatUsd,
  formatUsdRough,
  plural,
  unknownMark,
} from './numbers.ts'
import { savingPeriod } from './phrases.ts'

/** The three savings that can be had together, as cards. */
export function factsSection(result: AnalyzeResult): Html {
  const { facts } = result
  if (facts.length === 0) return html``
  const remark =
    facts.length === 1 ? '' : 'The savings that can be had together: these do not overlap.'
  return html`<section><h2>What would help most</h2><p class="remark">${remark}</p><div class="columns facts">${facts.map((fact) => factCard(fact, savingPeriod(result)))}</div></section>`
}

/** The groups asked for with --by, dearest first. */
export function groupsSection({ by, groups, groupCount }: AnalyzeResult): Html {
  if (groups.length === 0) return html``
  const dearest = Math.max(...groups.map(({ costShare }) => costShare))
  const shown =
    groupCount > groups.length ? `${groups.length} of ${plural(groupCount, 'group')}` : ''
  const heads = by.map((dimension) => html`<th scope="col">${safeText(dimension)}</th>`)
  const numbers = ['requests', 'each', 'p50', 'p95', 'errors'].map(
    (name) => html`<th scope="col" class="number">${name}</th>`,
  )
  return html`<section><h2>By ${by.map(safeText).join(', ')}</h2><p class="remark">${shown}</p><div class="card scroll"><table><thead><tr>${heads}<th scope="col" class="number">spend</th><th scope="col" class="number">share</th><th></th>${numbers}</tr></thead><tbody>${groups.map((group) => groupRow(group, by, dearest))}</tbody></table></div></section>`
}

/** Every opportunity; they overlap, and the page says so. */
export function opportunitiesSection(result: AnalyzeResult): Html {
  const { opportunities } = result
  if (opportunities.length === 0) return html``
  const largest = Math.max(...opportunities.map(({ savingUsdPerMonth }) => savingUsdPerMonth))
  return html`<section class="savings"><h2>All opportunities</h2><p class="remark">Dollars ${savingPeriod(result)}. They overlap: do not add them up.</p><div class="card scroll"><table><tbody>${opportunities.map((each) => opportunityRow(each, largest))}</tbody></table></div></section>`
}

export function alertsSection({ alerts }: AnalyzeResult): Html {
  if (alerts.length === 0) return html``
  return html`<section><h2>Alerts</h2><p class="remark"></p><ul class="card alerts">${alerts.map(
    ({ level, message }) =>
      html`<li><span class="level ${level}">${level}</span><span>${safeText(message)}</span></li>`,
  )}</ul></section>`
}

function factCard(fact: Opportunity, period: string): Html {
  const rows: readonly (readonly [string, string])[] = [
    ['why', fact.evidence],
    ['but', fact.caveat],
  ]
  const list = rows
    .filter(([, text]) => text !== '')
    .map(([name, text]) => html`<dt>${name}</dt><dd>${safeText(text)}</dd>`)
  const command =
    fact.command === '' ? null : html`<code class="command">${commandWords(fact.command)}</code>`
  return html`<article class="card"><p class="saving">${formatUsdRough(fact.savingUsdPerMonth)} <small>${period} · ${formatShare(fact.share)} of the spend</small></p><p class="title">${safeText(fact.title)}</p><dl>${list}</dl>${command}</article>`
}

function groupRow(group: Group, by: readonly string[], dearest: number): Html {
  const names = by.map((dimension) => {
    const name = group.by[dimension] ?? null
    return html`<th scope="row">${name === null ? unknownMark : safeText(name)}</th>`
  })
  const numbers = [
    formatCount(group.requests),
    formatUsd(group.perRequest.meanUsd),
    formatMs(group.latencyMs.p50),
    formatMs(group.latencyMs.p95),
    formatCount(group.errors),
  ].map((text) => html`<td class="number">${text}</td>`)
  return html`<tr>${names}<td class="number"><b>${formatUsd(group.costUsd)}</b></td><td class="number">${formatShare(group.costShare)}</td><td class="bars">${cellBar(dearest > 0 ? group.costShare / dearest : 0)}</td>${numbers}</tr>`
}

function opportunityRow(each: Opportunity, largest: number): Html {
  const caveat =
    each.caveat === '' ? null : html`<br><span class="muted">${safeText(each.caveat)}</span>`
  const command = each.command === '' ? null : html`<br><code>${commandWords(each.command)}</code>`
  return html`<tr><td class="number"><b>${formatUsdRough(each.savingUsdPerMonth)}</b></td><td class="number">${formatShare(each.share)}</td><td class="bars">${cellBar(largest > 0 ? each.savingUsdPerMonth / largest : 0)}</td><td>${safeText(each.title)}${caveat}${command}</td></tr>`
}

/** A command whose flags stay whole where the line breaks. */
const commandWords = (command: string): readonly Html[] =>
  safeText(command)
    .split(' ')
    .map((word, index) => html`${index === 0 ? '' : ' '}<span>${word}</span>`)
