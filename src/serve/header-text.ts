import { createHash } from 'node:crypto'

/** A request's headers as `node:http` gives them: names in small letters. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The value of a header as its sender meant it: the first, where it was sent several times; as UTF-8 where its bytes
 * are that, since `node:http` gives each byte as a character.
 */
export function headerText(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === 'string' ? value : value?.[0]
  if (text === undefined || !/[\x80-\xff]/.test(text)) return text
  const decoded = Buffer.from(text, 'latin1').toString('utf8')
  return decoded.includes('\ufffd') ? text : decoded
}

/** Ids and names are short; what is longer is kept as a beginning and a hash. */
export const longestText = 256

const plainText = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/**
 * A name or an id that a client gave, fit for logs, keys and namespaces: no more than `most` characters, no controls
 * and no marks that turn the direction of writing. Where anything but white space around it is taken away, a hash of
 * the whole takes its place, so that two different values stay two. Undefined where nothing is left.
 */
export function boundedText(value: string, most = longestText): string | undefined {
  if (value.length <= most && plainText.test(value)) return value
  const whole = value.trim()
  // More than enough to fill the places, and little work where somebody sends megabytes.
  const start = whole.length > 4 * most ? whole.slice(0, 4 * most) : whole
  const visible = start.toWellFormed().replace(invisible, '')
  if (visible === '') return undefined
  if (visible === whole && visible.length <= most) return visible
  const hash = createHash('sha256').update(whole, 'utf16le').digest('hex').slice(0, hashDigits)
  return `${visible.slice(0, most - hashDigits - 1).toWellFormed()}~${hash}`
}

/** 64 bits: clients that look for two equal ones gain no more than by giving the same name twice. */
const hashDigits = 16

const invisible = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** A text as one header of an answer: printable ASCII, the rest percent-encoded; no name can end the line. */
export function safeHeaderValue(text: string): string {
  if (text.length <= longestText && plainText.test(text)) return text
  return text
    .slice(0, longestText)
    .toWellFormed()
    .replace(/[^\x20-\x7e]+|^ +| +$/g, encodeURIComponent)
}
