import { noUsage } from '../domain/usage.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import type { CostOf } from '../worlds/model-costs.ts'

export type EvidenceCostsOptions = {
  readonly costOf: CostOf
  /** Output tokens of an answer where evidence counts none: those of the log, in the mean. */
  readonly outputTokens: number
}

/** What each answer of evidence cost, or would cost by its tokens. Nano-dollars. */
export class EvidenceCosts {
  readonly #evidence: Evidence
  readonly #options: EvidenceCostsOptions
  readonly #assumptions = new Set<string>()

  constructor(evidence: Evidence, options: EvidenceCostsOptions) {
    this.#evidence = evidence
    this.#options = options
  }

  /** Null where an answer has no price. */
  of(
    { weak, strong }: { readonly weak: number; readonly strong: number },
    rows: readonly number[],
  ): { readonly weak: Float64Array; readonly strong: Float64Array } | null {
    const costs = [weak, strong].map((model) =>
      Float64Array.from(rows, (row) => this.#costAt(model, row) ?? Number.NaN),
    )
    const [ofWeak, ofStrong] = costs
    const isKnown = costs.every((each) => !each.some(Number.isNaN))
    return ofWeak === undefined || ofStrong === undefined || !isKnown
      ? null
      : { weak: ofWeak, strong: ofStrong }
  }

  meanOf(model: number, rows: ArrayLike<number>): number | null {
    let sum = 0
    for (let index = 0; index < rows.length; index++) {
      const cost = this.#costAt(model, rows[index] as number)
      if (cost === null) return null
      sum += cost
    }
    return sum / rows.length
  }

  #costAt(model: number, row: number): number | null {
    const { costsNanoUsd, inputTokens, outputTokens, rows, models, outputs } = this.#evidence
    const cost = costsNanoUsd[model]?.[row] ?? Number.NaN
    if (!Number.isNaN(cost)) return cost
    const counted = [inputTokens[model]?.[row], outputTokens[model]?.[row]]
    const [input = Number.NaN, output = Number.NaN] = counted
    const answer = outputs[model]?.[row] ?? null
    if (Number.isNaN(input))
      this.#assumptions.add('input tokens of evidence are a quarter of the bytes')
    if (Number.isNaN(output) && answer === null)
      this.#assumptions.add(
        `answers of evidence have ${this.#options.outputTokens} tokens, as those of the log in the mean`,
      )
    const usage = {
      ...noUsage,
      inputTokens: Number.isNaN(input) ? estimateTokens(rows[row]?.text ?? '') : Math.round(input),
      outputTokens: Number.isNaN(output)
        ? answer === null
          ? this.#options.outputTokens
          : estimateTokens(answer)
        : Math.round(output),
    }
    return this.#options.costOf(models[model] ?? '', usage, Number.NaN)
  }

  assumptions(): readonly string[] {
    return [...this.#assumptions].sort()
  }
}
