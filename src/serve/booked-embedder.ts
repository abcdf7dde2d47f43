import type { Embedded } from '../domain/embedder.ts'
import type { Settled } from '../domain/journal.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import type { Request } from '../domain/request.ts'
import { noUsage } from '../domain/usage.ts'
import type { Asked } from '../domain/world.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import type { LiveEmbedder } from '../worlds/text-vectors.ts'
import { ownId, withoutNeed } from './ask-again.ts'
import type { SidePurpose } from './gateway-figures.ts'
import type { GatewayServices } from './gateway-state.ts'
import { settledQuestion } from './own-question.ts'

export type EmbedderBook = Pick<GatewayServices, 'ledger' | 'journal' | 'now' | 'newId'> & {
  /** Told of what was paid. */
  readonly onCost: (purpose: SidePurpose, costNanoUsd: NanoUsd) => void
}

type Embedding = { readonly asked: Asked; readonly target: string; readonly begunMs: number }

/**
 * An embedder whose calls are written down, before and after, and paid for by the budgets of all. Where those have no
 * room texts have no vector. One that bills nothing, or answers at once, is handed back as it is.
 */
export function bookedEmbedder<Own extends LiveEmbedder & { readonly name: string }>(
  embedder: Own,
  book: EmbedderBook,
): Own {
  if (embedder.embedOne !== undefined || embedder.costOf(1e9) === 0) return embedder
  const embed = async (texts: readonly string[], signal?: AbortSignal): Promise<Embedded> => {
    const ledger = withoutNeed(book.ledger)
    const asked = askedOf(embedder.name, texts, book)
    const word = await ledger.admit(asked)
    if (word?.action === 'block') return { vectors: texts.map(() => null), tokens: 0 }
    const embedding = { asked, target: embedder.name, begunMs: book.now() }
    let [tokens, isEstimated] = [0, false]
    try {
      await book.journal.begin(book.ledger.begin(asked, embedder.name, 1))
      const made = await embedder.embed(texts, signal)
      tokens = made.tokens
      return made
    } catch (error) {
      // Nobody waits any more, but the provider may have answered.
      isEstimated = signal?.aborted === true
      if (isEstimated) tokens = texts.reduce((sum, text) => sum + estimateTokens(text), 0)
      throw error
    } finally {
      const cost = embedder.costOf(tokens) ?? zeroNanoUsd
      ledger.settle(asked, cost)
      book.journal.settle(settledOf(embedding, { tokens, isEstimated, cost }, book.now()))
      book.onCost('embedding', cost)
    }
  }
  return { ...embedder, embed }
}

/** As budgets see it: nobody's in particular. */
function askedOf(
  target: string,
  texts: readonly string[],
  { now, newId }: Pick<EmbedderBook, 'now' | 'newId'>,
): Asked {
  const at = now()
  const request: Request = {
    at,
    model: target,
    requestedModel: target,
    operation: 'embedding',
    status: 'ok',
    prompt: { messages: texts.map((content) => ({ role: 'user', content })) },
  }
  return { id: ownId({ newId }, 'embedding'), at, request, bypass: 'audit' }
}

/** Without the texts: they are those of requests, and stay where those are. */
function settledOf(
  { asked: { id, at }, target, begunMs }: Embedding,
  {
    tokens,
    isEstimated,
    cost: costNanoUsd,
  }: { readonly tokens: number; readonly isEstimated: boolean; readonly cost: NanoUsd },
  now: number,
): Settled {
  const [provider = '', ...model] = target.split(':')
  const [usage, latencyMs] = [{ ...noUsage, inputTokens: tokens }, now - begunMs]
  const request: Request = {
    id: String(id),
    provider,
    model: model.join(':'),
    operation: 'embedding',
    target,
    usage,
    ...(isEstimated && { usageEstimated: true }),
    latencyMs,
    status: tokens > 0 ? 'ok' : 'error',
  }
  const attempt = {
    kind: 'attempt',
    target,
    outcome: tokens > 0 ? 'accepted' : 'failed',
    reason: null,
    usage,
    costNanoUsd,
    latencyMs,
  } as const
  const attempts = [attempt]
  return settledQuestion({ purpose: 'embedding', request, at, attempts, costNanoUsd, note: null })
}
