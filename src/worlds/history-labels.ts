import { inTable } from '../domain/json.ts'
import { zeroNanoUsd } from '../domain/money.ts'
import { noUsage } from '../domain/usage.ts'
import type { Asked, AskedLabel } from '../domain/world.ts'
import { classify } from '../engine/classify.ts'
import type { RequestFacts } from '../engine/request-facts.ts'
import { lastUserText } from '../engine/spoken-text.ts'
import type { Classifiers } from '../policy/routing.ts'
import type { Label } from '../policy/when.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import type { CostOf } from './model-costs.ts'

/** What a classifier that is a model, or learns from evidence, says of the request at a place; null: nobody asked it. */
export type LabelAt = (classifier: string, place: number) => Label | null

export type LabelsOptions = {
  readonly classifiers: Classifiers
  readonly labelAt: LabelAt
  readonly costOf: CostOf
  readonly medianLatencyOf: (target: string) => number | null
}

/** The classifiers of a policy, asked about a history. Models are asked, and paid for, in `ask`. */
export class HistoryLabels {
  readonly #options: LabelsOptions
  #assumed = 0

  constructor(options: LabelsOptions) {
    this.#options = options
  }

  /** Labels taken as "medium", because nobody asked the model. */
  get assumed(): number {
    return this.#assumed
  }

  of(classifier: string, facts: RequestFacts, place: number): Label | 'unasked' {
    const { classifiers, labelAt } = this.#options
    const found = classify(classifier, classifiers, facts, {
      byNeighbours: (name) => labelAt(name, place),
      byModel: () => undefined,
    })
    return found.kind === 'labelled' ? found.decision.label : 'unasked'
  }

  ask(classifier: string, asked: Asked): AskedLabel {
    const { classifiers, labelAt, costOf, medianLatencyOf } = this.#options
    const settings = inTable(classifiers, classifier)
    const label = labelAt(classifier, asked.id as number)
    if (label === null) this.#assumed++
    if (settings?.kind !== 'model')
      return { label: label ?? 'medium', costNanoUsd: zeroNanoUsd, latencyMs: 0 }
    const { target, maxTokens } = settings
    const text = lastUserText(asked.request.prompt) ?? ''
    const usage = {
      ...noUsage,
      inputTokens: instructionTokens + estimateTokens(text),
      outputTokens: maxTokens,
    }
    return {
      label: label ?? 'medium',
      costNanoUsd: costOf(target, usage, asked.at) ?? zeroNanoUsd,
      latencyMs: medianLatencyOf(target) ?? 0,
    }
  }
}

/** An instruction to answer in one word of three, with what each of them means, in about 50 words. */
const instructionTokens = 70
