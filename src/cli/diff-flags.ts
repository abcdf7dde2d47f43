import { existsSync } from 'node:fs'
import { UserError } from '../domain/user-error.ts'
import { timeOf } from '../ingest/fields.ts'
import type { FilterFlags, InputFlags } from './common-options.ts'
import { type RangeWords, rangeWords } from './time-range.ts'

export const diffFormats = ['terminal', 'json', 'markdown', 'csv'] as const

export type DiffFlags = InputFlags &
  FilterFlags & {
    readonly log?: string[]
    readonly reprice?: boolean
    readonly format?: (typeof diffFormats)[number]
  }

/** What a word of the command line stands for. */
export type SideWord =
  | ({ readonly kind: 'range'; readonly name: string } & RangeWords)
  | { readonly kind: 'policy'; readonly name: string }
  /** Everything that was asked for, as it was paid. */
  | { readonly kind: 'as-logged'; readonly name: string }
  /** A snapshot or report, at a git ref or not, or logs. */
  | { readonly kind: 'files'; readonly name: string }

/** Both sides of a command line. Throws a UserError where there are not two. */
export function sideWords(words: readonly string[]): readonly [SideWord, SideWord] {
  const [first, second, ...more] = words
  const duration = /^(\d+)([hdw])$/.exec(first ?? '')
  if (second === undefined && duration !== null) {
    const [, count, unit] = duration
    return [sideWord(`${2 * Number(count)}${unit}..${first}`), sideWord(`${first}..`)]
  }
  if (first === undefined || second === undefined || more.length > 0)
    throw new UserError(`two sides are compared, not ${words.length}`, {
      hint: 'llmcost diff before.jsonl after.jsonl, or llmcost diff 7d; quote globs, and name the logs of a time range with --log',
    })
  if (first === '-' && second === '-')
    throw new UserError('standard input can be read but once, and both sides are it', {
      hint: 'name a file for one of them',
    })
  return [sideWord(first), sideWord(second)]
}

function sideWord(name: string): SideWord {
  if (existsSync(name))
    return /\.ya?ml$/.test(name) ? { kind: 'policy', name } : { kind: 'files', name }
  if (name === 'as-logged') return { kind: 'as-logged', name }
  if (/\.ya?ml$/.test(name)) return { kind: 'policy', name }
  const range = rangeWords(name)
  if (range === null) return { kind: 'files', name }
  if (![range.since, range.until].every(isMoment))
    throw new UserError(`"${name}" is no time range, and no file`, {
      hint: 'write 14d..7d, 7d.. or 2026-08-01..2026-09-01',
    })
  return { kind: 'range', name, ...range }
}

const isMoment = (text: string | undefined): boolean =>
  text === undefined || /^\d+[hdw]$/.test(text) || timeOf(text) !== undefined
