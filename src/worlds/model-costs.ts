import type { NanoUsd } from '../domain/money.ts'
import type { PricedWay } from '../domain/price.ts'
import type { Usage } from '../domain/usage.ts'
import { totalInputTokens } from '../domain/usage.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import { familyOf } from '../prices/same-model.ts'
import type { History } from './history.ts'

/**
 * What so many tokens cost at a target ("provider:model", or a model) at a moment, milliseconds since 1970 UTC and NaN
 * where nobody knows it. Null: no price is known.
 */
export type CostOf = (target: string, usage: Usage, at: number, way?: PricedWay) => NanoUsd | null

/** How many tokens one model counts and writes where another one counts and writes one. */
export type TokenRatio = {
  readonly input: number
  readonly output: number
  /** `same`: dated and undated ids of one model. `assumed`: nobody knows. */
  readonly source: 'same' | 'evidence' | 'log' | 'assumed'
  /** Questions that both answered. */
  readonly questions: number
}

/** Between models as a log, a policy or evidence spells them. */
export type RatioOf = (from: string, to: string) => TokenRatio

/** By how much an assumed ratio may be off: newer tokenizers give up to 30 % more (docs/methods.md, "Routing"). */
export const ratioUncertainty = 0.3

const assumed: TokenRatio = { input: 1, output: 1, source: 'assumed', questions: 0 }
const same: TokenRatio = { ...assumed, source: 'same' }

/** Fewer questions than this make no ratio. */
const leastQuestions = 10

/** The usage of a request at another model; each class is rounded to whole tokens. */
export function usageElsewhere(usage: Usage, { input, output }: TokenRatio): Usage {
  if (input === 1 && output === 1) return usage
  return {
    inputTokens: Math.round(usage.inputTokens * input),
    cacheReadTokens: Math.round(usage.cacheReadTokens * input),
    cacheWrite5mTokens: Math.round(usage.cacheWrite5mTokens * input),
    cacheWrite1hTokens: Math.round(usage.cacheWrite1hTokens * input),
    outputTokens: Math.round(usage.outputTokens * output),
    reasoningTokens: Math.round(usage.reasoningTokens * output),
  }
}

/** A ratio in words, for whoever reads what was taken for granted. */
export function ratioWords(from: string, to: string, ratio: TokenRatio): string {
  const { input, output, source, questions } = ratio
  if (source === 'assumed') {
    return `${to} counts and writes as many tokens as ${from}: assumed, and newer tokenizers give up to ${ratioUncertainty * 100} % more`
  }
  const where = source === 'log' ? 'questions of the log' : 'questions of the evidence'
  return `${to} counts ${times(input)} and writes ${times(output)} the tokens of ${from}: on ${questions} ${where} that both answered`
}

const times = (ratio: number): string => `${ratio.toFixed(2)} times`

/** Ratios from evidence, else from requests of the log in which both models were asked the same. */
export function tokenRatios(
  history: Pick<History, 'count' | 'columns' | 'profiles'>,
  evidence: Evidence | null,
): RatioOf {
  const known = new Map<string, TokenRatio>()
  let logged: Sums | null = null
  return (from, to) => {
    const [a, b] = [familyOf(from), familyOf(to)]
    if (a === b) return same
    const name = `${a}\n${b}`
    const found = known.get(name)
    if (found !== undefined) return found
    logged ??= sumsOfLog(history)
    const ratio =
      ratioOf(evidence === null ? undefined : sumOfEvidence(evidence, a, b), 'evidence') ??
      ratioOf(logged.get(name), 'log') ??
      assumed
    known.set(name, ratio)
    return ratio
  }
}

/** Tokens of two models on the same questions. */
type PairSum = {
  questions: number
  fromInput: number
  fromOutput: number
  toInput: number
  toOutput: number
}
type Sums = ReadonlyMap<string, PairSum>

const noSum = (): PairSum => ({
  questions: 0,
  fromInput: 0,
  fromOutput: 0,
  toInput: 0,
  toOutput: 0,
})

function ratioOf(sum: PairSum | undefined, source: 'evidence' | 'log'): TokenRatio | null {
  if (sum === undefined || sum.questions < leastQuestions) return null
  const { questions, fromInput, fromOutput, toInput, toOutput } = sum
  return {
    input: fromInput > 0 && toInput > 0 ? toInput / fromInput : 1,
    output: fromOutput > 0 && toOutput > 0 ? toOutput / fromOutput : 1,
    source,
    questions,
  }
}

function sumOfEvidence(evidence: Evidence, from: string, to: string): PairSum | undefined {
  const [a, b] = [spellingsOf(evidence, from), spellingsOf(evidence, to)]
  const sum = noSum()
  for (const row of evidence.rows.keys()) {
    const [asked, other] = [tokensIn(evidence, a, row), tokensIn(evidence, b, row)]
    if (asked !== null && other !== null) add(sum, [...asked, ...other])
  }
  return sum
}

/** A log may name a model by its date, a policy without. */
const spellingsOf = ({ models }: Evidence, family: string): readonly number[] =>
  [...models.keys()].filter((model) => familyOf(models[model] as string) === family)

/** Input and output tokens by the first spelling of a model that both are known of. */
function tokensIn(
  { inputTokens, outputTokens }: Evidence,
  spellings: readonly number[],
  row: number,
): readonly number[] | null {
  for (const model of spellings) {
    const tokens = [inputTokens, outputTokens].map((column) => column[model]?.[row] ?? Number.NaN)
    if (tokens.every(Number.isFinite)) return tokens
  }
  return null
}

function add(sum: PairSum, tokens: readonly number[]): void {
  const [fromInput = 0, fromOutput = 0, toInput = 0, toOutput = 0] = tokens
  sum.questions += 1
  sum.fromInput += fromInput
  sum.fromOutput += fromOutput
  sum.toInput += toInput
  sum.toOutput += toOutput
}

/** Each conversation that one model was asked first and another one later, both with success. */
function sumsOfLog({
  count,
  columns,
  profiles,
}: Pick<History, 'count' | 'columns' | 'profiles'>): Sums {
  const families = profiles.map((profile) =>
    profile?.model == null || profile.status !== 'ok' ? null : familyOf(profile.model),
  )
  const sums = new Map<string, PairSum>()
  if (new Set(families.filter((family) => family !== null)).size < 2) return sums
  const first = new Map<number, number>()
  for (let place = 0; place < count; place++) {
    const tip = columns.promptTip[place] as number
    const family = familyAt(families, columns, place)
    if (Number.isNaN(tip) || family === null) continue
    const before = first.get(tip)
    if (before === undefined) {
      first.set(tip, place)
      continue
    }
    const other = familyAt(families, columns, before)
    if (other === null || other === family) continue
    const [a, b] = [tokensAt(columns, before), tokensAt(columns, place)]
    add(sumFor(sums, `${other}\n${family}`), [...a, ...b])
    add(sumFor(sums, `${family}\n${other}`), [...b, ...a])
  }
  return sums
}

const familyAt = (
  families: readonly (string | null)[],
  columns: History['columns'],
  place: number,
): string | null => families[columns.profile[place] as number] ?? null

function sumFor(sums: Map<string, PairSum>, name: string): PairSum {
  const sum = sums.get(name) ?? noSum()
  sums.set(name, sum)
  return sum
}

const tokensAt = (columns: History['columns'], place: number): readonly [number, number] => [
  totalInputTokens(usageAt(columns, place)),
  columns.outputTokens[place] as number,
]

/** The usage that the log has of a request, by its place or row. */
export function usageAt(
  columns: { readonly [Name in keyof Usage]: ArrayLike<number> },
  place: number,
): Usage {
  return {
    inputTokens: columns.inputTokens[place] as number,
    cacheReadTokens: columns.cacheReadTokens[place] as number,
    cacheWrite5mTokens: columns.cacheWrite5mTokens[place] as number,
    cacheWrite1hTokens: columns.cacheWrite1hTokens[place] as number,
    outputTokens: columns.outputTokens[place] as number,
    reasoningTokens: columns.reasoningTokens[place] as number,
  }
}
