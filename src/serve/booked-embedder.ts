import type { Embedded, OnLostCall } from '../domain/embedder.ts'
import type { Settled } from '../domain/journal.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import type { Request, Status } from '../domain/request.ts'
import { noUsage } from '../domain/usage.ts'
import type { Asked } from '../domain/world.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import type { LiveEmbedder } from '../worlds/text-vectors.ts'
import { ownId, withoutNeed } from './ask-again.ts'
import type { SidePurpose } from './gateway-figures.ts'
import type { GatewayServices } from './gateway-state.ts'
import { settledQuestion } from './own-question.ts'

export type EmbedderBook = Pick<
  GatewayServices,
  'ledger' | 'journal' | 'boundOf' | 'now' | 'newId'
> & {
  /** Told of what was paid. */
  readonly onCost: (purpose: SidePurpose, costNanoUsd: NanoUsd) => void
}

type Embedding = { readonly asked: Asked; readonly target: string; readonly begunMs: number }

/** What calls for one text, or several, came to. */
type Came = {
  tokens: number
  /** Those of them that the provider told. */
  told: number
  isEstimated: boolean
  status: Exclude<Status, 'cancelled'>
  /** Calls whose answer was lost: a hard budget counts what each may have cost at most. */
  lost: number
}

/**
 * An embedder whose calls are written down, before and after, and paid for by the budgets of all. Where those have no
 * room texts have no vector. A call that fails is booked as one to a model is: nothing where it was refused or never went
 * out, its input where we ended it. One that bills nothing, or answers at once, is handed back as it is.
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
    const came: Came = { tokens: 0, told: 0, isEstimated: false, status: 'error', lost: 0 }
    const onLost: OnLostCall = (isOurs) => {
      came.lost++
      if (isOurs) {
        came.tokens += estimatedTokens(texts)
        came.isEstimated = true
        came.status = 'timeout'
      }
      return hasRoomForMore(book, asked, came)
    }
    try {
      await book.journal.begin(book.ledger.begin(asked, embedder.name, 1))
      const made = await embedder.embed(texts, signal, onLost)
      came.tokens += made.tokens
      came.told = made.tokens
      came.status = 'ok'
      return made
    } finally {
      const cost = embedder.costOf(came.tokens) ?? zeroNanoUsd
      const counted = countedOf(book, asked, came, embedder.costOf(came.told) ?? 0, cost)
      ledger.settle(asked, counted)
      book.journal.settle(settledOf(embedding, came, { cost, counted }, book.now()))
      book.onCost('embedding', cost)
    }
  }
  return { ...embedder, embed }
}

const estimatedTokens = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + estimateTokens(text), 0)

/** What budgets count: of a lost call what it may have cost at most, where a hard budget wants to know. */
function countedOf(
  { boundOf }: EmbedderBook,
  asked: Asked,
  { lost }: Came,
  toldNanoUsd: number,
  cost: NanoUsd,
): NanoUsd {
  const bound = lost === 0 ? null : boundOf(asked)
  return bound === null ? cost : (Math.max(cost, lost * bound + toldNanoUsd) as NanoUsd)
}

/** Whether budgets have room for a call more: what was lost is not given back. */
function hasRoomForMore(book: EmbedderBook, asked: Asked, { lost }: Came): boolean {
  const bound = book.boundOf(asked)
  if (bound === null) return true
  return book.ledger.raise(asked, () => (lost + 1) * bound, 'question') === null
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
  { tokens, isEstimated, status }: Came,
  { cost: costNanoUsd, counted }: { readonly cost: NanoUsd; readonly counted: NanoUsd },
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
    status,
  }
  const attempt = {
    kind: 'attempt',
    target,
    outcome: status === 'ok' ? 'accepted' : status === 'timeout' ? 'timeout' : 'failed',
    reason: null,
    usage,
    costNanoUsd,
    latencyMs,
  } as const
  const attempts = [attempt]
  const settled = { purpose: 'embedding', request, at, attempts, costNanoUsd, note: null } as const
  return {
    ...settledQuestion(settled),
    ...(counted > costNanoUsd && { countedNanoUsd: counted }),
  }
}
