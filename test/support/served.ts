import type { HitComparison, RouteComparison } from '../../src/domain/comparison.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Receipt, Step } from '../../src/domain/receipt.ts'
import type { Request } from '../../src/domain/request.ts'
import type { Served } from '../../src/domain/served.ts'
import { noUsage, type Usage } from '../../src/domain/usage.ts'
import { type Random, randomFrom } from '../../src/stats/random.ts'

export const nano = (usd: number): NanoUsd => Math.round(usd * 1e9) as NanoUsd

export type ServedParts = {
  readonly request?: Partial<Request>
  readonly receipt?: Partial<Receipt>
  readonly served?: Partial<Omit<Served, 'request' | 'receipt'>>
}

/** A plain chat that gpt-4o answered for a third of a cent in 800 ms; whatever is given takes the place of that. */
export function servedOf({ request, receipt, served }: ServedParts = {}): Served {
  const steps = receipt?.steps ?? [missed('exact'), attempt({ costNanoUsd: nano(0.003) })]
  return {
    request: { model: 'gpt-4o', operation: 'chat', status: 'ok', provider: 'openai', ...request },
    receipt: {
      id: 'req_1',
      at: 0,
      outcome: 'answered',
      servedBy: null,
      costNanoUsd: nano(0.003),
      latencyMs: 800,
      ...receipt,
      steps,
    },
    endpoint: '/v1/chat/completions',
    dialect: 'openai-chat',
    statusCode: 200,
    overheadMs: 0.4,
    baselineNanoUsd: nano(0.003),
    ...served,
  }
}

type Attempt = Extract<Step, { kind: 'attempt' }>
type Layer = Extract<Step, { kind: 'miss' }>['layer']

export const missed = (layer: Layer): Step => ({ kind: 'miss', layer })

export const attempt = (parts: Partial<Attempt> = {}): Attempt => ({
  kind: 'attempt',
  target: 'openai:gpt-4o',
  outcome: 'accepted',
  reason: null,
  usage: usageOf(1000, 200),
  costNanoUsd: nano(0.0045),
  latencyMs: 800,
  ...parts,
})

export const hit = (layer: Layer, similarity = 1): Step => ({
  kind: 'hit',
  layer,
  entry: 'req_0',
  similarity,
  ageMs: 60_000,
})

export const usageOf = (inputTokens: number, outputTokens: number): Usage => ({
  ...noUsage,
  inputTokens,
  outputTokens,
})

/** Traffic of a support product: half of it cached, the rest routed over three models; some fail, some are refused. */
export function seededTraffic(seed: string): (id: number, at: number) => Served {
  const random = randomFrom(seed)
  return (id, at) => {
    const draw = random()
    const parts = common(random, `req_${String(id).padStart(6, '0')}`, at)
    if (draw < 0.3) return cached('exact', parts)
    if (draw < 0.46) return cached('semantic', parts)
    if (draw < 0.49) return coalesced(parts)
    if (draw < 0.505) return refused(parts)
    if (draw < 0.52) return failed(parts)
    return routed(random, parts)
  }
}

type Common = {
  readonly random: Random
  readonly id: string
  readonly at: number
  readonly request: Partial<Request>
  readonly served: Partial<Served>
}

const plans = ['free', 'pro', 'enterprise', undefined] as const

function common(random: Random, id: string, at: number): Common {
  const plan = pick(random, plans)
  const streamed = random() < 0.6
  return {
    random,
    id,
    at,
    request: {
      requestedModel: 'gpt-4o',
      ...(plan !== undefined && { plan }),
      ...(streamed && { streamed, firstTokenMs: 120 + 500 * random() }),
    },
    served: {
      overheadMs: 0.08 + 0.6 * random() ** 4,
      // Models without a price have no baseline.
      baselineNanoUsd: random() < 0.04 ? null : nano(0.002 + 0.01 * random()),
    },
  }
}

function cached(layer: Layer, { random, id, at, request, served }: Common): Served {
  const isAudited = layer === 'semantic' && random() < 0.1
  const similarity = layer === 'exact' ? 1 : 0.92 + 0.07 * random()
  const before: readonly Step[] = layer === 'exact' ? [] : [missed('exact')]
  const cachedOne = servedOf({
    request,
    receipt: {
      id,
      at,
      outcome: 'hit',
      steps: [...before, hit(layer, similarity)],
      costNanoUsd: nano(0),
      latencyMs: 0.3 + random(),
    },
    served,
  })
  if (isAudited) audits.set(cachedOne, random() < 0.96)
  return cachedOne
}

const audits = new WeakMap<Served, boolean>()

/** What an audit of a seeded request finds, later; null: nobody asks again. */
export function seededAudit(served: Served) {
  const agrees = audits.get(served)
  if (agrees === undefined) return null
  return { ...auditedHit(agrees ? 'right' : 'wrong'), of: served.receipt.id }
}

const coalesced = ({ random, id, at, request, served }: Common): Served =>
  servedOf({
    request,
    receipt: {
      id,
      at,
      outcome: 'coalesced',
      steps: [missed('exact'), { kind: 'coalesced', with: 'req_0', waitMs: 400 }],
      costNanoUsd: nano(0),
      latencyMs: 400 + 300 * random(),
    },
    served,
  })

const refused = ({ id, at, request, served }: Common): Served =>
  servedOf({
    request: { ...request, status: 'error' },
    receipt: {
      id,
      at,
      outcome: 'blocked',
      steps: [{ kind: 'budget', budget: 'user a day', action: 'block' }],
      costNanoUsd: nano(0),
      latencyMs: 0.2,
    },
    served: { ...served, statusCode: 429 },
  })

const failed = ({ id, at, request, served }: Common): Served => {
  const broken = {
    outcome: 'failed',
    reason: 'timeout',
    usage: noUsage,
    costNanoUsd: nano(0),
  } as const
  return servedOf({
    request: { status: 'error', requestedModel: request.requestedModel ?? '' },
    receipt: {
      id,
      at,
      outcome: 'failed',
      steps: [
        missed('exact'),
        attempt({ ...broken, reason: 'overloaded' }),
        attempt({ ...broken, target: 'anthropic:claude-sonnet-5', latencyMs: 15_000 }),
      ],
      costNanoUsd: nano(0),
      latencyMs: 15_800,
    },
    served: { ...served, statusCode: 503 },
  })
}

function routed(random: Random, { id, at, request, served }: Common): Served {
  const isHard = random() < 0.3
  const cheap = attempt({
    target: 'openai:gpt-4o-mini',
    costNanoUsd: nano(0.0004 + 0.0003 * random()),
    latencyMs: 300 + 300 * random(),
  })
  const strong = attempt({
    costNanoUsd: nano(0.004 + 0.006 * random()),
    latencyMs: 700 + 1500 * random() ** 3,
  })
  const isRejected = !isHard && random() < 0.12
  const validate: Step = {
    kind: 'validate',
    verdict: isRejected ? 'fail' : 'pass',
    costNanoUsd: nano(0),
    latencyMs: 1,
  }
  const attempts: readonly Step[] = isHard
    ? [strong]
    : isRejected
      ? [{ ...cheap, outcome: 'rejected', reason: 'hedge' }, validate, strong]
      : [cheap, validate]
  const paid = attempts.filter((step) => step.kind === 'attempt')
  const bypass: Step =
    random() < 0.2
      ? { kind: 'bypass', layer: 'semantic', reason: 'long-conversation' }
      : missed('semantic')
  const route: Step = {
    kind: 'route',
    route: isHard ? 'hard questions' : 'everything else',
    targets: isHard ? ['openai:gpt-4o'] : ['openai:gpt-4o-mini', 'openai:gpt-4o'],
  }
  return servedOf({
    request: {
      ...request,
      model: isHard || isRejected ? 'gpt-4o' : 'gpt-4o-mini',
      usage: usageOf(1000, 200),
    },
    receipt: {
      id,
      at,
      steps: [missed('exact'), bypass, route, ...attempts, { kind: 'remember', layer: 'exact' }],
      costNanoUsd: nano(paid.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0) / 1e9),
      latencyMs: paid.reduce((sum, { latencyMs }) => sum + latencyMs, 0),
    },
    served,
  })
}

const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)] as T

export const auditedHit = (verdict: HitComparison['verdict']): HitComparison => ({
  kind: 'hit',
  layer: 'semantic',
  group: 'faq',
  entry: 'req_0',
  similarity: 0.94,
  verdict,
  by: verdict === 'unsettled' ? null : 'guard',
})

export const auditedRoute = (difference: RouteComparison['difference']): RouteComparison => ({
  kind: 'route',
  group: 'everything else',
  target: 'openai:gpt-4o-mini',
  strong: 'openai:gpt-4o',
  difference,
  by: difference === null ? null : 'guard',
  validators: [],
})
