/** Patterns of regular expressions (JavaScript's, without flags) that say what assertions of other kinds do. */

/** The text itself. */
export const literalPattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** The text in whatever case: patterns have no flags, so that each letter is a class. */
export const anyCasePattern = (text: string): string =>
  [...text]
    .map((letter) => {
      const [small, large] = [letter.toLowerCase(), letter.toUpperCase()]
      const isCased = small !== large && [...small].length === 1 && [...large].length === 1
      return isCased ? `[${large}${small}]` : literalPattern(letter)
    })
    .join('')

/** Nothing but one of the texts, white space around it aside. */
export const eitherPattern = (texts: readonly string[]): string =>
  `^\\s*(?:${texts.map(literalPattern).join('|')})\\s*$`

export const anyPattern = (patterns: readonly string[]): string => `(?:${patterns.join('|')})`

/** Each of the patterns somewhere. */
export const allPattern = (patterns: readonly string[]): string =>
  `^${patterns.map((pattern) => `(?=[\\s\\S]*(?:${pattern}))`).join('')}`

/** The pattern nowhere. */
export const noPattern = (pattern: string): string => `^(?![\\s\\S]*(?:${pattern}))`
