import type { Decimal } from '../domain/money.ts'
import { UserError } from '../domain/user-error.ts'
import { readOverride } from './override-entry.ts'
import type { Band, PieceRates } from './rates.ts'

/**
 * Prices that the user knows better than the book, from a prices file or the policy's `prices`. The
 * first entry whose target and dates fit a request prices it.
 * ```yaml
 * prices:
 *   - target: openai:gpt-4o        # provider:model, or a model alone; * at the end: any
 *     from: 2026-01-01             # first day, UTC (optional)
 *     to: 2027-01-01               # first day no longer (optional)
 *     serviceTier: batch           # only requests served on this tier (optional)
 *     rates: { input: 2.00, cacheRead: 1.00, output: 8.00 }   # USD per million tokens
 *     bands:                       # other rates for requests with more input (optional)
 *       - { above: 200000, rates: { input: 4.00, output: 12.00 } }
 *     fees: { webSearch: 8 }       # USD per thousand (optional)
 *     note: contract 4711
 *   - target: openai:*             # a discount on whatever the book says
 *     factor: 0.85
 *   - target: azure:chat-prod      # a deployment, inference profile, fine-tune, group
 *     as: openai:gpt-4o-mini       # has the price of this model; may be combined with factor
 *   - target: vllm:llama-3.3-70b   # self-hosted: a request pays for its time
 *     hourly: { usdPerGpuHour: 2.50, gpus: 4, atOnce: 8 }
 *   - target: ollama:*
 *     free: true
 * ```
 * Classes that `rates` leaves out take the book's rate where it knows the model, else the input's.
 * Batch and regional factors of the book still apply, unless the entry is for that service tier.
 */
export type PriceOverrides = {
  /** The file it was read from, for receipts: "prices.yaml". */
  readonly path: string
  readonly entries: readonly PriceOverride[]
}

export type PriceOverride = {
  readonly target: string
  /** Milliseconds since 1970 UTC; from is in, to is out. */
  readonly from: number | null
  readonly to: number | null
  readonly serviceTier: string | null
  readonly price: OverridePrice
  readonly fees: PieceRates
  /** Where it stands in its file: "prices[0]". */
  readonly at: string
}

export type OverridePrice =
  | { readonly kind: 'rates'; readonly bands: readonly Band[] }
  | { readonly kind: 'as'; readonly target: string; readonly factor: Decimal | null }
  | { readonly kind: 'factor'; readonly factor: Decimal }
  | {
      readonly kind: 'hourly'
      readonly usdPerHour: Decimal
      /** Requests answered at the same time, sharing the hour. */
      readonly atOnce: number
    }
  | { readonly kind: 'free' }

/** One thing wrong in a prices file. */
export type OverrideProblem = {
  readonly at: string
  readonly message: string
  readonly hint?: string | undefined
}

/**
 * Reads the entries of a prices file or of a policy's `prices`, already parsed from YAML or JSON.
 * Throws one UserError that lists every problem with its place, value and a hint.
 */
export function parseOverrides(value: unknown, path: string): PriceOverrides {
  const { entries, problems } = readOverrides(value)
  if (problems.length > 0) throw problemsError(problems, path)
  return { path, entries }
}

/** The same, with problems as values. */
export function readOverrides(value: unknown): {
  readonly entries: readonly PriceOverride[]
  readonly problems: readonly OverrideProblem[]
} {
  const problems: OverrideProblem[] = []
  const entries: PriceOverride[] = []
  const rows = rowsOf(value)
  if (rows === null) {
    problems.push({ at: 'prices', message: 'should be a list of entries', hint: overrideExample })
  }
  for (const [index, row] of (rows ?? []).entries()) {
    const entry = readOverride(row, `prices[${index}]`, problems)
    if (entry !== null) entries.push(entry)
  }
  return { entries, problems }
}

function rowsOf(value: unknown): readonly unknown[] | null {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value
  const inner = typeof value === 'object' && 'prices' in value ? value.prices : undefined
  return Array.isArray(inner) ? inner : null
}

const overrideExample = 'e.g. "- { target: my-deployment, as: openai:gpt-4o }"'

function problemsError(problems: readonly OverrideProblem[], path: string): UserError {
  const lines = problems.map(
    ({ at, message, hint }) => `${at}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  )
  const count = lines.length === 1 ? '1 problem' : `${lines.length} problems`
  return new UserError(`${count} in the prices of ${path}\n  ${lines.join('\n  ')}`, {
    at: `${path} ${problems[0]?.at ?? ''}`.trim(),
    hint: 'llmcost prices lists every known model; prices are US dollars per million tokens',
  })
}
