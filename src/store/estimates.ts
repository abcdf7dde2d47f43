import type { RequestLookup, StoredMessage } from '../domain/columns.ts'
import { segmentBits } from '../domain/columns.ts'
import { flag } from '../domain/row.ts'
import type { Database, SqlRow } from './database.ts'
import { newestSeq } from './finalize.ts'
import { readMeta, writeMeta } from './meta.ts'
import { repriceRows, type StoredPricer } from './reprice.ts'
import { readProfiles } from './request-source.ts'
import { forgetResults } from './results.ts'

/** What tokens a provider counted for each that our tokenizer counts, from requests of a model that have both. */
export type TokenRatio = {
  readonly input: number
  readonly output: number
  readonly requests: number
}

/** Requests of a model that its ratio is learned from, the first that were read; fewer than the least teach nothing. */
const mostSamples = 200
const leastSamples = 20

const selectEstimated = `SELECT r.*, json_extract(r.extra, '$.fees') AS fees, json_extract(r.extra, '$.estimate[0]') AS rawInput,
  json_extract(r.extra, '$.estimate[1]') AS rawOutput, json_extract(p.json, '$[2]') AS model
  FROM requests r JOIN profiles p ON p.id = r.profile
  WHERE (r.flags & ${flag.estimated}) <> 0 AND json_extract(r.extra, '$.estimate') IS NOT NULL ORDER BY r.seq`
const selectSamples = `SELECT r.seq, r.outputTokens,
  r.inputTokens + r.cacheReadTokens + r.cacheWrite5mTokens + r.cacheWrite1hTokens AS promptTokens
  FROM requests r JOIN profiles p ON p.id = r.profile
  WHERE json_extract(p.json, '$[2]') = ? AND (r.flags & ${flag.estimated}) = 0 AND r.promptTip IS NOT NULL
    AND r.answerKey IS NOT NULL AND r.outputTokens > 0 ORDER BY r.seq LIMIT ${mostSamples}`
const updateUsage = 'UPDATE requests SET inputTokens = ?, outputTokens = ? WHERE seq = ?'

/** Set while a load adds estimated rows, so that a store without any is never searched for them. */
export const estimatesName = 'hasEstimates'
const learnedName = 'estimatesLearnedAt'

/** True when requests were added since ratios were last learned, in a store that has estimates. */
export const needsEstimates = (database: Database): boolean =>
  readMeta(database, estimatesName) === 1 && readMeta(database, learnedName) !== newestSeq(database)

/**
 * Learns per model how the provider counts (docs/methods.md, "Missing usage") and applies it to the estimated requests:
 * usage = our count × ratio, priced anew. Without enough samples the ratio is 1.
 */
export function learnEstimates(
  database: Database,
  lookup: RequestLookup,
  countTokens: (text: string) => number,
  price: StoredPricer,
): ReadonlyMap<string, TokenRatio> {
  const ratios = new Map<string, TokenRatio>()
  database.transaction(() => {
    const rows = database.prepare(selectEstimated).all()
    for (const row of rows) {
      const model = String(row['model'])
      if (!ratios.has(model)) ratios.set(model, learnRatio(database, lookup, countTokens, model))
    }
    if (applyRatios(database, rows, ratios, price)) forgetResults(database)
    writeMeta(database, learnedName, newestSeq(database))
  })
  return ratios
}

function learnRatio(
  database: Database,
  lookup: RequestLookup,
  countTokens: (text: string) => number,
  model: string,
): TokenRatio {
  const sums = { prompt: 0, output: 0, countedPrompt: 0, countedOutput: 0, requests: 0 }
  for (const row of database.prepare(selectSamples).all(model)) {
    const seq = Number(row['seq'])
    const prompt = lookup.messagesOf(seq)
    const answer = lookup.answerOf(seq)
    if (answer === null || [...prompt, answer].some(({ content }) => content === null)) continue
    sums.requests++
    sums.prompt += Number(row['promptTokens'])
    sums.output += Number(row['outputTokens'])
    sums.countedPrompt += countPrompt(prompt, countTokens)
    sums.countedOutput += countTokens(answer.content ?? '')
  }
  const { requests } = sums
  if (requests < leastSamples) return { input: 1, output: 1, requests }
  return {
    input: sums.countedPrompt === 0 ? 1 : sums.prompt / sums.countedPrompt,
    output: sums.countedOutput === 0 ? 1 : sums.output / sums.countedOutput,
    requests,
  }
}

/** As the ingest counts a prompt: three tokens frame each message, three prime the answer. */
const framingTokens = 3

const countPrompt = (
  messages: readonly StoredMessage[],
  countTokens: (text: string) => number,
): number =>
  messages.reduce(
    (sum, { content }) => sum + countTokens(content ?? '') + framingTokens,
    framingTokens,
  )

function applyRatios(
  database: Database,
  rows: readonly SqlRow[],
  ratios: ReadonlyMap<string, TokenRatio>,
  price: StoredPricer,
): boolean {
  const update = database.prepare(updateUsage)
  const forget = database.prepare('DELETE FROM columns WHERE segment = ?')
  const changed: SqlRow[] = []
  for (const row of rows) {
    const ratio = ratios.get(String(row['model']))
    const inputTokens = Math.round(Number(row['rawInput']) * (ratio?.input ?? 1))
    const outputTokens = Math.round(Number(row['rawOutput']) * (ratio?.output ?? 1))
    if (inputTokens === row['inputTokens'] && outputTokens === row['outputTokens']) continue
    update.run(inputTokens, outputTokens, Number(row['seq']))
    forget.run(Number(row['seq']) >> segmentBits)
    changed.push({ ...row, inputTokens, outputTokens })
  }
  repriceRows(database, changed, readProfiles(database), price)
  return changed.length > 0
}
