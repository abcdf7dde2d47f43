/** Where a word begins and ends, in any script. */
export const wordStart = '(?<![\\p{L}\\p{N}])'
export const wordEnd = '(?![\\p{L}\\p{N}])'

/** A pattern for any of these words, which hold no pattern characters. */
export const anyOf = (words: Iterable<string>): string => `(?:${[...words].join('|')})`

/** What a pattern finds, translated by a table: each once, sorted, between spaces. */
export function kindsIn(
  text: string,
  pattern: RegExp,
  kinds: Readonly<Record<string, string>>,
): string {
  const found = new Set<string>()
  for (const [match] of text.matchAll(pattern)) found.add(kinds[match] ?? match)
  return [...found].sort().join(' ')
}
