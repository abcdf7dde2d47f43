/** Text of a log made safe for one line of a terminal: no controls, ANSI, bidi marks or newlines. */
export function safeText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  return text
    .toWellFormed()
    .replace(escapeSequence, '')
    .replace(/[\t\n\v\f\r\u0085\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(invisible, '')
    .replace(/\p{Zs}/gu, ' ')
    .replace(unprintable, '\ufffd')
    .replace(/(\p{M}{3})\p{M}+/gu, '$1')
}

/** Text inside HTML elements and quoted attributes. */
export const escapeHtml = (text: string): string =>
  text
    .toWellFormed()
    .replace(htmlControls, '\ufffd')
    .replace(/[&<>"'`]/g, (sign) => htmlEntities[sign] ?? sign)

/**
 * One cell of a CSV file (RFC 4180). Text that a spreadsheet would run as a formula gets a leading
 * apostrophe (owasp.org/www-community/attacks/CSV_Injection); numbers stay numbers.
 */
export function csvCell(value: string | number | bigint | boolean | null): string {
  if (value === null) return ''
  if (typeof value !== 'string') return String(value)
  const text = value.toWellFormed().replaceAll('\0', '\ufffd')
  const guarded = /^["'\s]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}

/** Text inside a Markdown paragraph or table cell: one line, no markup, no HTML, no mentions. */
export const escapeMarkdown = (text: string): string =>
  safeText(text)
    .replace(/[\\`*_{}[\]|~#]/g, (sign) => `\\${sign}`)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/@(?=[\w-])/g, '@\u200b')
    .replace(/:\/\//g, ':\u200b//')
    .replace(/www\./gi, (www) => `${www.slice(0, 3)}\u200b.`)

/** Text as a Markdown code span, with a fence longer than any run of backticks inside. */
export function markdownCode(text: string): string {
  const plain = safeText(text)
  const runs = [...plain.matchAll(/`+/g)].map(([run]) => run.length)
  const fence = '`'.repeat(Math.max(0, ...runs) + 1)
  const gap = plain.startsWith('`') || plain.endsWith('`') || plain === '' ? ' ' : ''
  return fence + gap + plain + gap + fence
}

/** ECMA-48: OSC and other strings up to their end, CSI, and two-character escapes. */
const escapeSequence =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is what this is for.
  /(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)|(?:\x1b\[|\x9b)[\x20-\x3f]*[\x40-\x7e]?|\x1b[\x20-\x2f]*[\x30-\x7e]?/g

/** Format characters, bidi controls among them; the joiner that composes emoji may stay. */
const invisible =
  /(?!\u200d)\p{Cf}|(?<!\p{Emoji}\ufe0f?|\p{Emoji_Modifier})\u200d|\u200d(?!\p{Emoji})/gu

const unprintable = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}]/gu

const htmlControls =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: HTML has no place for them.
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const htmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
}
