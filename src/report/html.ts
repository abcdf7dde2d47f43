import { escapeHtml } from './escape.ts'

/** Text that is markup already. Only `html` makes it from strings. */
export type Html = { readonly markup: string }

export type HtmlValue = string | number | Html | readonly Html[] | null

/** A template of markup: every string put into it is escaped; null leaves nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const markup = parts.map((part, index) => part + markupOf(values[index] ?? null)).join('')
  return { markup }
}

/** Markup written by this program itself, such as a style sheet. Never text of a log. */
export const trustedHtml = (markup: string): Html => ({ markup })

function markupOf(value: HtmlValue): string {
  if (value === null) return ''
  if (typeof value === 'string') return escapeHtml(value)
  if (typeof value === 'number') return String(value)
  if ('markup' in value) return value.markup
  return value.map(({ markup }) => markup).join('')
}
