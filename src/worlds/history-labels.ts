import { inTable } from '../domain/json.ts'
import { zeroNanoUsd } from '../domain/money.ts'
import { noUsage } from '../domain/usage.ts'
import type { Asked, AskedLabel, MaybePromise } from '../domain/world.ts'
import { labelBy } from '../engine/classify.ts'
import type { Surroundings } from '../engine/request-facts.ts'
import { lastUserText } from '../engine/spoken-text.ts'
import type { Classifiers } from '../policy/routing.ts'
import type { Label } from '../policy/when.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import type { CostOf } from './model-costs.ts'
import { askNeighbours, type NeighbourClassifiers } from './neighbour-classifier.ts'

/** What a classifier that is a model says of the request at a place; null: nobody asked it. */
export type LabelAt = (classifier: string, place: number) => Label | null

export type LabelsOptions = {
  readonly classifiers: Classifiers
  readonly labelAt: LabelAt
  readonly neighbours: NeighbourClassifiers
  readonly costOf: CostOf
  readonly medianLatencyOf: (target: string) => number | null
}

/**
 * The classifiers of a policy, asked about a history: presets in `of`; models, which are paid for, and neighbours in
 * `ask`.
 */
export class HistoryLabels {
  /** As rules ask for it, who ask nobody. */
  readonly of: Surroundings['label']
  readonly #options: LabelsOptions
  #assumed = 0

  constructor(options: LabelsOptions) {
    this.#options = options
    this.of = labelBy(options.classifiers, { byModel: () => undefined })
  }

  /** Labels taken as "medium", because nobody asked the model. */
  get assumed(): number {
    return this.#assumed
  }

  ask(classifier: string, asked: Asked): MaybePromise<AskedLabel> {
    const { classifiers, labelAt, neighbours, costOf, medianLatencyOf } = this.#options
    const settings = inTable(classifiers, classifier)
    const text = lastUserText(asked.request.prompt) ?? ''
    if (settings?.kind !== 'model') return askNeighbours(neighbours.get(classifier), text)
    const label = labelAt(classifier, asked.id as number)
    if (label === null) this.#assumed++
    const { target, maxTokens } = settings
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
