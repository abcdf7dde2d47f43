import { type Html, html } from './html.ts'
import type { Fact } from './simulate-phrases.ts'
import type { ReportTable } from './simulate-tables.ts'

/** Facts in a card under a title; nothing where there are none. */
export function factSection(title: string, remark: string, facts: readonly Fact[]): Html {
  if (facts.length === 0) return html``
  const rows = facts.map(
    ({ label, pieces }) =>
      html`<dt>${label}</dt><dd>${pieces.map((piece, index) => html`${index === 0 ? '' : ' · '}<span>${piece}</span>`)}</dd>`,
  )
  return html`<section><h2>${title}</h2><p class="remark">${remark}</p><dl class="card facts-list">${rows}</dl></section>`
}

/** A table under its title. */
export const tableSection = (table: ReportTable): Html =>
  html`<section><h2>${table.title}</h2><p class="remark">${sentence(table.remark)}</p>${tableCard(table)}</section>`

export function tableCard({ columns, rows }: ReportTable): Html {
  const isNumber = (index: number) => columns[index]?.align === 'right'
  const cell = (text: string, index: number) =>
    isNumber(index) ? html`<td class="number">${text}</td>` : html`<td>${text}</td>`
  const head = columns.map(({ title }, index) =>
    isNumber(index)
      ? html`<th scope="col" class="number">${title}</th>`
      : html`<th scope="col">${title}</th>`,
  )
  const hasHead = columns.some(({ title }) => title !== '')
  return html`<div class="card scroll"><table>${hasHead ? html`<thead><tr>${head}</tr></thead>` : null}<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody></table></div>`
}

/** What was left out or assumed, as a list. */
export function notesSection(lines: readonly string[]): Html {
  if (lines.length === 0) return html``
  return html`<section><h2>Notes</h2><p class="remark">What was left out or assumed.</p><ul class="notes">${lines.map((line) => html`<li>${line}</li>`)}</ul></section>`
}

/** A remark as a sentence. */
export const sentence = (text: string): string =>
  text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

/** The style of `factSection`. */
export const factsStyle = `.facts-list { margin: 0; display: grid; grid-template-columns: auto 1fr; gap: 6px 20px; }
.facts-list dt { color: var(--muted); }
.facts-list dd { margin: 0; }`
