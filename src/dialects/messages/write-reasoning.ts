import type { Call } from '../../domain/call.ts'
import { inTable, type JsonObject } from '../../domain/json.ts'
import type { Losses } from './losses.ts'

/** The least budget that the wire takes, tokens. */
const leastBudget = 1024

/** How much of the largest output an effort may think, as OpenRouter documents it for Claude models. */
const budgetShares: Readonly<Record<string, number>> = {
  minimal: 0.1,
  low: 0.2,
  medium: 0.5,
  high: 0.8,
  xhigh: 0.95,
  max: 0.95,
}

type Thinking = {
  readonly thinking?: JsonObject | undefined
  readonly effort?: string | undefined
}

/**
 * A wish to think as `thinking` and `output_config.effort`. Only newer models know an effort, and it does not by itself
 * make them think: one from another wire becomes a budget, a share of the largest output.
 */
export function thinkingOf(call: Call, maxTokens: number, losses: Losses): Thinking {
  const { effort, budgetTokens } = call.reasoning ?? { effort: null, budgetTokens: null }
  if (budgetTokens !== null) {
    const isSaid = losses.isHome && effort !== null
    if (effort !== null && !isSaid)
      losses.warn(losses.names.effort, 'the budget of tokens says how much to think')
    return {
      thinking: { type: 'enabled', budget_tokens: budgetTokens },
      effort: isSaid ? effort : undefined,
    }
  }
  if (effort === null) return {}
  if (effort === 'none') return { thinking: { type: 'disabled' } }
  return losses.isHome ? { effort } : { thinking: thinkingAt(effort, call, maxTokens, losses) }
}

function thinkingAt(
  effort: string,
  call: Call,
  maxTokens: number,
  losses: Losses,
): JsonObject | undefined {
  const share = inTable(budgetShares, effort)
  const obstacle =
    share === undefined ? `Anthropic knows no effort "${effort}"` : obstacleOf(call, maxTokens)
  if (share === undefined || obstacle !== undefined) {
    losses.warn(losses.names.effort, `${obstacle}: the model does not think aloud`)
    return undefined
  }
  const wanted = Math.max(leastBudget, Math.floor(share * maxTokens))
  const budget = Math.min(wanted, maxTokens - 1)
  losses.warn(losses.names.effort, `Anthropic counts tokens: a budget of ${budget}`)
  return { type: 'enabled', budget_tokens: budget }
}

/** Why a call that was written for another provider cannot be thought about here. */
function obstacleOf({ toolChoice, turns }: Call, maxTokens: number): string | undefined {
  if (maxTokens <= leastBudget) return `a budget is at least ${leastBudget} tokens`
  if (toolChoice?.kind === 'required' || toolChoice?.kind === 'tool')
    return 'no thinking where a tool is forced'
  const isMidway = turns.at(-1)?.blocks.some((block) => block.kind === 'tool-result') ?? false
  return isMidway ? 'no thinking in the middle of tool calls that began without it' : undefined
}
