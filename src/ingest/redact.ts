import { amazonKey, keyBeginnings, privateKeyBlock } from '../dialects/key-shapes.ts'

type Pattern = readonly [name: string, pattern: RegExp]

/**
 * Keys of the well-known vendors, bearer tokens, JSON web tokens, private key blocks: whole ones, with a digit. These are
 * texts that are read again, and "sk-learn" or "Bearer of bad news" must stay in them; `dialects/redact-keys.ts` takes
 * more out of messages.
 */
const keyPatterns: readonly Pattern[] = [
  ['KEY', new RegExp(`\\b(?:${keyBeginnings})[-_](?=[-_A-Za-z]*\\d)[-_A-Za-z0-9]{16,}`, 'g')],
  ['KEY', amazonKey],
  ['KEY', /\bAIza[-_A-Za-z0-9]{30,}/g],
  ['KEY', /\bBearer\s+[-._~+/A-Za-z0-9]{16,}=*/g],
  ['KEY', /\beyJ[-_A-Za-z0-9]{8,}\.[-_A-Za-z0-9]{8,}\.[-_A-Za-z0-9]{8,}/g],
  ['KEY', privateKeyBlock],
]
/** What --redact takes out of text before it is stored or shown. Hashes are made before. */
const patterns: readonly Pattern[] = [
  ...keyPatterns,
  ['EMAIL', /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g],
  ['IP', /\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b/g],
  ['IP', /\b(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}\b/g],
]
const cardCandidate = /\b\d(?:[ -]?\d){12,18}\b/g
const phoneCandidate = /(?<![\w.])\+?\(?\d[\d ()./-]{7,18}\d(?!\w)/g

/** Replaces e-mail addresses, phone numbers, card numbers, keys and IP addresses by [EMAIL], [PHONE]… */
export function redact(text: string): string {
  let result = text
  for (const [name, pattern] of patterns) result = result.replace(pattern, `[${name}]`)
  result = result.replace(cardCandidate, (match) => (passesLuhn(match) ? '[CARD]' : match))
  return result.replace(phoneCandidate, (match) => (looksLikePhone(match) ? '[PHONE]' : match))
}

/** Whether something may have been taken out of a text: it is not what was said then. */
export const mayBeRedacted = (text: string): boolean => /\[(?:KEY|EMAIL|IP|CARD|PHONE)\]/.test(text)

/** Replaces keys alone: what is no prompt and no answer keeps none, whatever the settings. */
export function redactKeys(text: string): string {
  let result = text
  for (const [name, pattern] of keyPatterns) result = result.replace(pattern, `[${name}]`)
  return result
}

/** The check digit that all payment cards carry (ISO/IEC 7812-1). */
function passesLuhn(text: string): boolean {
  let sum = 0
  let double = false
  for (let index = text.length - 1; index >= 0; index--) {
    const digit = text.charCodeAt(index) - 48
    if (digit < 0 || digit > 9) continue
    const value = double ? digit * 2 : digit
    sum += value > 9 ? value - 9 : value
    double = !double
  }
  return sum % 10 === 0
}

/** 9 to 15 digits (ITU-T E.164), grouped or international; a bare run of digits or a date is no phone number. */
function looksLikePhone(text: string): boolean {
  const digits = text.replace(/\D/g, '').length
  if (digits < 9 || digits > 15) return false
  if (/^\d{4}[-/.]\d\d[-/.]\d\d/.test(text)) return false
  return text.startsWith('+') || /[ ()/-]/.test(text)
}
