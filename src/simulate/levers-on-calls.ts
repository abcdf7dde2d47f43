import type { Prompt } from '../domain/request.ts'
import type { Usage } from '../domain/usage.ts'
import { compressPrompt, promptTokens } from '../engine/compress-prompt.ts'
import { compileWhen } from '../engine/match-rule.ts'
import type { Policy } from '../policy/policy.ts'
import type { When } from '../policy/when.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import type { History } from '../worlds/history.ts'
import type { FactsAt } from '../worlds/history-facts.ts'
import type { CostOf } from '../worlds/model-costs.ts'
import type { CallLever } from './routing-calls.ts'

/** A lever over a history: what it changes in a call, at how many requests, and what was taken for granted. */
export type HistoryLever = CallLever & {
  readonly on: boolean
  readonly applies: (place: number) => boolean
  readonly note: string | null
}

export type LeversOptions = {
  readonly history: History
  readonly policy: Pick<Policy, 'compress' | 'batch' | 'outputCaps'>
  readonly factsAt: FactsAt
  /** At a provider's batch service; null where it has no price there. */
  readonly batchCostOf: CostOf
}

/** Compression, output caps and batch: in the order in which they change a call. */
export type HistoryLevers = {
  readonly compression: HistoryLever
  readonly outputCap: HistoryLever
  readonly batch: HistoryLever
}

/** Finds out, once, which requests a policy's levers change, and how. */
export function openLevers(options: LeversOptions): HistoryLevers {
  return {
    compression: openCompression(options),
    outputCap: openOutputCap(options),
    batch: openBatch(options),
  }
}

const sameUsage = (_: number, usage: Usage): Usage => usage
const sameCost = (_: number, __: string, ___: Usage, costNanoUsd: number): number => costNanoUsd
const none: HistoryLever = {
  on: false,
  applies: () => false,
  note: null,
  usageOf: sameUsage,
  costOf: sameCost,
}

/** The share of each prompt's tokens that the steps take away; of a counted prompt the same share is taken. */
function openCompression({ history, policy, factsAt }: LeversOptions): HistoryLever {
  const { compress } = policy
  if (compress.length === 0) return none
  const steps = compress.map((step) => ({ step, matches: compileWhen(step.when) }))
  const lost = new Float64Array(history.count)
  for (let place = 0; place < history.count; place++) {
    const facts = factsAt(place)
    const holding = steps.filter(({ matches }) => matches(facts))
    const { prompt } = facts.request
    if (prompt === undefined || holding.length === 0) continue
    lost[place] = lostShare(
      prompt,
      holding.map(({ step }) => step),
    )
  }
  const commands = compress.filter((step) => step.with.kind === 'command').length
  return {
    ...none,
    on: true,
    applies: (place) => (lost[place] as number) > 0,
    note: [
      'quality unmeasured: `llmcost replay` asks with the shorter prompts',
      ...(commands > 0 ? ['external commands are not run on a log'] : []),
    ].join('; '),
    usageOf(place, usage) {
      const kept = 1 - (lost[place] as number)
      return kept === 1
        ? usage
        : {
            ...usage,
            inputTokens: Math.round(usage.inputTokens * kept),
            cacheReadTokens: Math.round(usage.cacheReadTokens * kept),
            cacheWrite5mTokens: Math.round(usage.cacheWrite5mTokens * kept),
            cacheWrite1hTokens: Math.round(usage.cacheWrite1hTokens * kept),
          }
    },
  }
}

function lostShare(prompt: Prompt, steps: Policy['compress']): number {
  const whole = wholeTokens(prompt)
  if (whole === 0) return 0
  let short = prompt
  for (const step of steps) {
    if (step.with.kind !== 'command') short = compressPrompt(short, step.with, estimateTokens)
  }
  return Math.max(0, 1 - wholeTokens(short) / whole)
}

/** What no step touches counts too: tools, and messages with calls or results. */
function wholeTokens(prompt: Prompt): number {
  const others = [
    prompt.tools,
    ...prompt.messages.map(({ role, content, rest }) => [
      rest,
      role === 'tool' || role === 'function' ? content : undefined,
    ]),
  ]
  const untouched = others
    .flat()
    .filter((part) => part !== undefined)
    .reduce<number>((sum, part) => sum + estimateTokens(JSON.stringify(part)), 0)
  return untouched + promptTokens(prompt, estimateTokens)
}

/** The number of the first rule that holds for each request; −1: none. */
function firstRules(
  { history, factsAt }: LeversOptions,
  rules: readonly { readonly when: When }[],
): Int32Array {
  const matchers = rules.map(({ when }) => compileWhen(when))
  return Int32Array.from({ length: history.count }, (_, place) => {
    const facts = factsAt(place)
    return matchers.findIndex((matches) => matches(facts))
  })
}

/** Answers longer than the cap would have been cut off there. */
function openOutputCap(options: LeversOptions): HistoryLever {
  const { history, policy } = options
  const { outputCaps } = policy
  if (outputCaps.length === 0) return none
  const rules = firstRules(options, outputCaps)
  const capAt = (place: number) =>
    outputCaps[rules[place] as number]?.maxTokens ?? Number.POSITIVE_INFINITY
  return {
    ...none,
    on: true,
    applies: (place) => (history.columns.outputTokens[place] as number) > capAt(place),
    note: 'these answers would have been cut off at the cap: whether they are still of use is unmeasured',
    usageOf(place, usage) {
      const outputTokens = Math.min(usage.outputTokens, capAt(place))
      if (outputTokens === usage.outputTokens) return usage
      return {
        ...usage,
        outputTokens,
        reasoningTokens: Math.min(usage.reasoningTokens, outputTokens),
      }
    },
  }
}

/** What providers take off in their batch services, where the price book lists no batch price. */
const batchShare = 0.5

/** Requests that may wait go to the provider's batch service; those that went there are left as they are. */
function openBatch(options: LeversOptions): HistoryLever {
  const { history, policy, batchCostOf } = options
  if (policy.batch.length === 0) return none
  const rules = firstRules(options, policy.batch)
  const { profiles, columns, at } = history
  const applies = (place: number): boolean =>
    rules[place] !== -1 && profiles[columns.profile[place] as number]?.serviceTier !== 'batch'
  return {
    ...none,
    on: true,
    applies,
    note: 'at the batch price of the price book, at half the price where it lists none',
    costOf(place, target, usage, costNanoUsd) {
      if (!applies(place)) return costNanoUsd
      const listed = batchCostOf(target, usage, at[place] as number)
      const fees = columns.costTools[place] as number
      const fee = Number.isNaN(fees) ? 0 : Math.min(fees, costNanoUsd)
      const batched = listed ?? Math.round((costNanoUsd - fee) * batchShare)
      return Math.min(costNanoUsd, batched + fee)
    },
  }
}
