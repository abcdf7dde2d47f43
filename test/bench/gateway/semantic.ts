import { execFileSync } from 'node:child_process'
import { plainEnvironment } from '../measure.ts'
import type { Cores } from './cores.ts'
import type { Spread } from './latencies.ts'
import type { Programs } from './programs.ts'

export type SemanticFound = {
  /** Embedding a question, and looking for the nearest entry. */
  readonly lookUpMs: Spread | null
  /** One entry more, while the index grows from nothing and later between look-ups. */
  readonly addMs: Spread | null
  /** Of the event loop, while questions come one after the other. */
  readonly longestDelayMs: number
}

export type SemanticSize = { readonly entries: number; readonly lookUps: number }

/** Runs it once, on the measured core. */
export function measureSemantic(
  { semantic }: Programs,
  { measured }: Cores,
  { entries, lookUps }: SemanticSize,
): SemanticFound {
  const [program, ...args] = measured([process.execPath, semantic, `${entries}`, `${lookUps}`])
  const json = execFileSync(program, args, { env: plainEnvironment(), encoding: 'utf8' })
  return JSON.parse(json) as SemanticFound
}
