import { redactKeys } from './redact-keys.ts'

/** A reason is looked for no further than this. */
const longestReadChars = 20_000
/** A page of HTML says no more in full. */
const longestMessageChars = 500

/** What a provider says of a fault, for people: without keys and markup, on one line, shortened. */
export function messageOf(said: string, otherwise = 'no message'): string {
  const start = said.slice(0, longestReadChars)
  const text = isPage.test(start) ? textOfPage(start) : start
  const line = redactKeys(text).replace(/\s+/g, ' ').trim()
  if (line === '') return otherwise
  return line.length > longestMessageChars ? `${line.slice(0, longestMessageChars)}…` : line
}

/** It begins with a tag, or holds a whole page. */
const isPage = /^\s*<[a-z!]|<html|<!doctype/i

/** The title of a page, or else its text. */
function textOfPage(page: string): string {
  const title = /<title[^<>]*>([^<]*)/i.exec(page)?.[1]?.trim()
  return title || page.replace(/<(style|script)\b[\s\S]*?<\/\1>/gi, ' ').replace(/<[^<>]*>/g, ' ')
}
