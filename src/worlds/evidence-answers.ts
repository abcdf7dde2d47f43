import type { NanoUsd } from '../domain/money.ts'
import { keyNumber } from '../domain/row.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import { familyOf } from '../prices/same-model.ts'
import type { History } from './history.ts'

/** What evidence holds of one request at one model; null is not measured. */
export type KnownAnswer = {
  readonly score: number | null
  readonly output: string | null
  readonly costNanoUsd: NanoUsd | null
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly latencyMs: number | null
  /** The scorer of the replay that measured it; null: a file says it. */
  readonly replayedBy: string | null
}

/** Null where the request was never put to the model. */
export type EvidenceAt = (place: number, target: string) => KnownAnswer | null

/**
 * Finds the rows of evidence about the requests of a history: by the whole prompt, else by id, else by the last user
 * message. An id alone does not count where both sides know the question and it differs: small numbers are everybody's
 * ids.
 */
export function evidenceOfHistory(history: History, evidence: Evidence): EvidenceAt {
  const { rows, models } = evidence
  const byPrompt = indexBy(rows.map(({ promptKey }) => promptKey && keyNumber(promptKey)))
  const byQuestion = indexBy(rows.map(({ questionKey }) => questionKey && keyNumber(questionKey)))
  const byId = indexBy(rows.map(({ id }) => id))
  const byFamily = indexBy(models.map(familyOf))
  const { columns, seq, lookup } = history
  const byIdAt = (place: number, question: number): readonly number[] => {
    if (byId.size === 0) return none
    const id = lookup.textOf(seq[place] as number, 'id')
    if (id === null) return none
    return (byId.get(id) ?? none).filter((row) => {
      const known = rows[row]?.questionKey ?? null
      return known === null || Number.isNaN(question) || keyNumber(known) === question
    })
  }
  const rowsAt = (place: number): readonly number[] => {
    const same = byPrompt.get(columns.promptTip[place] as number) ?? none
    if (same.length > 0) return same
    const question = columns.questionKey[place] as number
    const named = byIdAt(place, question)
    return named.length > 0 ? named : (byQuestion.get(question) ?? none)
  }
  return (place, target) => {
    const spellings = byFamily.get(familyOf(target)) ?? none
    if (spellings.length === 0) return null
    for (const row of rowsAt(place)) {
      for (const model of spellings) {
        const known = answerAt(evidence, model, row)
        if (known !== null) return known
      }
    }
    return null
  }
}

const none: readonly number[] = []

function indexBy<Key extends number | string>(
  keys: readonly (Key | null | '')[],
): ReadonlyMap<Key | number, readonly number[]> {
  const lists = new Map<Key | number, number[]>()
  for (const [row, key] of keys.entries()) {
    if (key === null || key === '') continue
    const list = lists.get(key)
    if (list === undefined) lists.set(key, [row])
    else list.push(row)
  }
  return lists
}

function answerAt(evidence: Evidence, model: number, row: number): KnownAnswer | null {
  const cell = (columns: readonly Float64Array[]): number | null => {
    const value = columns[model]?.[row] ?? Number.NaN
    return Number.isNaN(value) ? null : value
  }
  const score = cell(evidence.scores)
  const output = evidence.outputs[model]?.[row] ?? null
  if (score === null && output === null) return null
  const cost = cell(evidence.costsNanoUsd)
  return {
    score,
    output,
    costNanoUsd: cost === null ? null : (Math.round(cost) as NanoUsd),
    inputTokens: cell(evidence.inputTokens),
    outputTokens: cell(evidence.outputTokens),
    latencyMs: cell(evidence.latenciesMs),
    replayedBy: evidence.rows[row]?.replayedBy ?? null,
  }
}
