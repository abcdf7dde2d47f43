import { inTable } from '../domain/json.ts'
import type { TextTest } from '../policy/name-matcher.ts'
import { compilePattern } from '../policy/pattern.ts'

/** A touched path fits one of these: `*` within a folder, `**` across folders. */
export function pathMatcher(patterns: readonly string[]): TextTest {
  const any = patterns.map(pathPattern)
  return (path) => {
    const slashed = path.replaceAll('\\', '/').replace(/^\.\//, '')
    return any.some((pattern) => pattern.test(slashed))
  }
}

/** Between the slashes of `src/**`+`/test.ts` may be no folder at all. */
function pathPattern(glob: string): RegExp {
  const pieces = glob.replace(/^\.\//, '').split(/(\*\*\/|\*\*|\*)/)
  const source = pieces.map((piece) => inTable(pathStars, piece) ?? escaped(piece)).join('')
  return new RegExp(`^${source}$`, 's')
}

const pathStars: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*' }

/**
 * Any of these words or phrases, whole and in any case; white space in a phrase is any white space,
 * an apostrophe either of the two in use.
 */
export function keywordPattern(words: readonly string[]): RegExp {
  const alternatives = words
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .map((word) => {
      const phrase = word.split(/\s+/).map(escaped).join('\\s+').replace(/['’]/g, "['’]")
      return `${edge(word[0], '<!')}${phrase}${edge(word.at(-1), '!')}`
    })
  return new RegExp(alternatives.length === 0 ? '(?!)' : alternatives.join('|'), 'iu')
}

/** A letter or digit may not go on there; scripts without spaces have no edges to look for. */
function edge(character: string | undefined, look: '!' | '<!'): string {
  const isSpaced = character !== undefined && /[\p{L}\p{N}_]/u.test(character)
  if (!isSpaced || unspacedScript.test(character)) return ''
  return `(?${look}[\\p{L}\\p{N}_])`
}

const unspacedScript = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u

/** Whether a text holds a match of any of these regular expressions, in any case. */
export function anyPattern(sources: readonly string[]): TextTest {
  const patterns = sources.map(compilePattern)
  return (text) => patterns.some((pattern) => pattern.test(text))
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
