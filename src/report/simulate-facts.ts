import type { LeverLayer, PrefixLayer, SemanticLayer, SimulateResult } from '../simulate/result.ts'
import { safeText } from './escape.ts'
import { formatCount, formatPart, formatShare, formatTokens, formatUsd, plural } from './numbers.ts'
import {
  type Fact,
  formatPoints,
  formatThreshold,
  formatTtl,
  knownFacts,
} from './simulate-phrases.ts'
import { latencyPieces, limitPieces, monthPieces, selfHostedPieces } from './simulate-pieces.ts'
import { wrongHitPieces } from './simulate-wrong-hits.ts'

/** Calls, latency and the hits of each layer with their denominators. */
export function figureFacts(result: SimulateResult): readonly Fact[] {
  const { policy, baseline, layers, limits } = result
  const { exact, coalesced, semantic } = layers
  return knownFacts([
    {
      label: 'calls',
      pieces: [
        `${formatCount(policy.avoidedCalls)} of ${formatCount(baseline.requests)} avoided (${formatPart(policy.avoidedCalls, baseline.requests)})`,
        `${plural(policy.calls, 'call')} left`,
      ],
    },
    { label: 'a month', pieces: monthPieces(result) },
    { label: 'latency', pieces: latencyPieces(result) },
    {
      label: 'exact',
      pieces: exact.on ? [hitText(exact), `${plural(exact.entries, 'distinct key')}`] : ['off'],
    },
    {
      label: 'coalesced',
      pieces:
        coalesced.requests === 0
          ? []
          : [`${plural(coalesced.requests, 'request')} waited for an identical one in flight`],
    },
    { label: 'semantic', pieces: semanticPieces(semantic) },
    { label: 'bypassed', pieces: bypassPieces(result) },
    { label: 'wrong hits', pieces: semantic.on ? wrongHitPieces(semantic) : [] },
    { label: 'batch', pieces: leverPieces(layers.batch) },
    { label: 'compressed', pieces: leverPieces(layers.compression) },
    { label: 'output cap', pieces: leverPieces(layers.outputCap) },
    ...layers.selfHosted.map((line) => ({ label: 'self-hosted', pieces: selfHostedPieces(line) })),
    { label: 'limits', pieces: limits === null ? [] : limitPieces(limits) },
    { label: 'quality', pieces: qualityPieces(result) },
  ])
}

/** The provider's own prompt cache; nothing where it neither was used nor would help. */
export function prefixFacts({ layers: { prefix } }: SimulateResult): readonly Fact[] {
  const { pool, ifUsedSavingUsd } = prefix
  const tokens = prefix.readTokens + prefix.writtenTokens + prefix.modelledReadTokens
  if (tokens === 0 && pool === null && (ifUsedSavingUsd ?? 0) === 0) return []
  return knownFacts([
    {
      label: 'read',
      pieces: [
        `${formatTokens(prefix.readTokens)} of ${formatTokens(prefix.inputTokens)} input tokens (${formatShare(prefix.readShare)})`,
        `${formatTokens(prefix.writtenTokens)} written`,
      ],
    },
    {
      label: 'calls cost',
      pieces: [
        `${formatUsd(prefix.costUsd)} instead of ${formatUsd(prefix.uncachedCostUsd)} without a prompt cache`,
      ],
    },
    {
      label: 'check',
      pieces: [checkText(prefix)],
    },
    {
      label: 'if used',
      pieces:
        ifUsedSavingUsd === null
          ? []
          : [`marks at the breakpoints would save ${formatUsd(ifUsedSavingUsd)}`],
    },
    {
      label: 'pool',
      pieces:
        pool === null
          ? []
          : [
              `${formatCount(pool.hitBlocks)} of ${plural(pool.readBlocks, 'block')} found (${formatPart(pool.hitBlocks, pool.readBlocks)})`,
              pool.blocks === null ? 'room for all' : `room for ${formatCount(pool.blocks)}`,
            ],
    },
  ])
}

/** Reads of the log beside those of the model; nothing is modelled of a prompt that nobody knows. */
function checkText({ readTokens, loggedReadTokens, modelledReadTokens }: PrefixLayer): string {
  return loggedReadTokens === 0 && modelledReadTokens === 0 && readTokens > 0
    ? 'unmeasured: no prompt text or blocks'
    : `as logged ${formatTokens(loggedReadTokens)} are read, as modelled ${formatTokens(modelledReadTokens)}`
}

/** What routing rests on; a cost elsewhere is a model until a replay measures it. */
export function routingFacts({
  layers: { routing },
  routingMetrics,
}: SimulateResult): readonly Fact[] {
  const { sensitivity, escalations, assumptions } = routing
  return knownFacts([
    {
      label: 'escalated',
      pieces: escalations === 0 ? [] : [`${plural(escalations, 'request')} went up the ladder`],
    },
    {
      label: 'calls cost',
      pieces:
        sensitivity === null
          ? []
          : [
              `${formatUsd(sensitivity.lowUsd)} – ${formatUsd(sensitivity.highUsd)} if tokens elsewhere differ by 30%`,
            ],
    },
    { label: 'assumed', pieces: assumptions.map(safeText) },
    {
      label: 'router',
      pieces:
        routingMetrics === null
          ? []
          : [
              `APGR ${numberText(routingMetrics.apgr)}`,
              ...(['0.2', '0.5', '0.8'] as const).map(
                (gain) => `CPT(${gain}) ${formatShare(routingMetrics.cpt[gain])}`,
              ),
              `oracle quality ${numberText(routingMetrics.oracleQuality)}`,
            ],
    },
  ])
}

/** The settings that the figures were made under, and the policy itself. */
export function settingFacts(result: SimulateResult): readonly Fact[] {
  const { exact, semantic } = result.layers
  const { recall } = semantic
  return knownFacts([
    { label: 'exact', pieces: exact.on ? [`kept ${formatTtl(exact.ttlSeconds)}`] : ['off'] },
    {
      label: 'semantic',
      pieces: semantic.on
        ? [
            `threshold ${formatThreshold(semantic.threshold)}`,
            `embedder ${safeText(semantic.embedder)}`,
            `insert ${safeText(semantic.insert)}`,
            `kept ${formatTtl(semantic.ttlSeconds)}`,
            ...(semantic.embeddingUsd === null
              ? []
              : [`vectors cost ${formatUsd(semantic.embeddingUsd)}`]),
          ]
        : ['off'],
    },
    {
      label: 'guards',
      pieces:
        semantic.on && semantic.guards.length > 0
          ? [
              `caught ${semantic.guards.map(({ guard, caught }) => `${safeText(guard)} ${formatCount(caught)}`).join(', ')}`,
            ]
          : [],
    },
    {
      label: 'recall',
      pieces: semantic.on && semantic.cacheable > 0 ? [recallText(recall)] : [],
    },
    { label: 'embedder', pieces: semantic.on ? strongerPieces(semantic) : [] },
    { label: 'policy', pieces: [result.policyText.map(safeText).join(' ')] },
  ])
}

const recallText = (recall: SemanticLayer['recall']): string =>
  recall === null
    ? 'exact: every pair was compared; --fast hashes only where there are many'
    : `${formatCount(recall.found)} of ${formatCount(recall.looked)} true pairs found, at least ${formatShare(recall.lowerBound)}`

/** How `static` compares, measured: docs/embedders.md, "How good they are". */
const strongerPieces = ({ embedder }: SemanticLayer): readonly string[] =>
  embedder === 'static'
    ? [
        'static finds about two thirds of what a small transformer finds at the same risk',
        '--embedder openai:text-embedding-3-small or local:MODEL tries one',
        'thresholds published for other embedders do not hold here: --max-wrong-hits 1% picks one from this log',
      ]
    : []

/** The reasons that keep most requests from a cache, each once: both layers mostly pass over the same requests. */
function bypassPieces({ bypasses }: SimulateResult): readonly string[] {
  const shares = new Map<string, number>()
  for (const { reason, share } of bypasses)
    if (reason !== 'off') shares.set(reason, Math.max(share, shares.get(reason) ?? 0))
  return [...shares]
    .sort(([, a], [, b]) => b - a)
    .slice(0, mainReasons)
    .map(([reason, share]) => `${formatShare(share)} of requests: ${safeText(reason)}`)
}

const hitText = (layer: {
  readonly hits: number
  readonly cacheable: number
  readonly hitRate: number | null
}): string =>
  layer.hitRate === null
    ? 'nothing is cacheable'
    : `${formatCount(layer.hits)} of ${formatCount(layer.cacheable)} cacheable (${formatShare(layer.hitRate)})`

const semanticPieces = (semantic: SemanticLayer): readonly string[] =>
  semantic.on
    ? [
        hitText(semantic),
        `at ${formatThreshold(semantic.threshold)} by ${safeText(semantic.embedder)}`,
        ...ruleThresholdPieces(semantic),
      ]
    : ['off']

const ruleThresholdPieces = ({ ruleThresholds }: SemanticLayer): readonly string[] =>
  ruleThresholds.length === 0
    ? []
    : [`at ${ruleThresholds.map(formatThreshold).join(', ')} where a rule says so`]

const leverPieces = ({ on, requests, savingUsd, note }: LeverLayer): readonly string[] =>
  on
    ? [
        plural(requests, 'request'),
        `saves ${formatUsd(savingUsd)}`,
        ...(note === null ? [] : [safeText(note)]),
      ]
    : []

function qualityPieces({ quality }: SimulateResult): readonly string[] {
  const { status, delta, interval, n } = quality
  const note = safeText(quality.note)
  if (status === 'unmeasured' || delta === null)
    return [note === '' ? 'unmeasured' : `unmeasured: ${note}`]
  return [
    `${formatPoints(delta)} points`,
    ...(interval === null
      ? []
      : [
          `${formatShare(interval.level)} interval ${formatPoints(interval.low)} to ${formatPoints(interval.high)} points`,
        ]),
    `n ${formatCount(n)}`,
    note,
  ]
}

/** The rest of the reasons are in the table of bypasses. */
const mainReasons = 2

const numberText = (value: number | null): string => (value === null ? 'unknown' : value.toFixed(3))
