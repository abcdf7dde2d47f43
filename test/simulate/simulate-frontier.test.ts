import { describe, expect, it } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Prompt } from '../../src/domain/request.ts'
import { totalInputTokens } from '../../src/domain/usage.ts'
import { openLexicalEmbedder } from '../../src/embed/lexical-embedder.ts'
import { keyHash } from '../../src/engine/cache-key.ts'
import { questionOf } from '../../src/engine/question.ts'
import { loadEvidence } from '../../src/ingest/evidence.ts'
import type { Evidence } from '../../src/ingest/evidence-table.ts'
import { routerNames, simulateFrontier } from '../../src/simulate/simulate-frontier.ts'
import type { CostOf } from '../../src/worlds/model-costs.ts'
import { hasRealData } from '../support/real-data.ts'
import { routellmFile } from '../support/routellm.ts'

const hash = keyHash('secret')
const ports = { questionOf: (prompt: Prompt) => questionOf(prompt, hash) }

/** Strong tokens cost ten times the weak ones. */
const costOf: CostOf = (target, usage) => {
  const rate = /gpt-4|strong/.test(target) ? 10 : 1
  return (rate * (totalInputTokens(usage) + 4 * usage.outputTokens)) as NanoUsd
}

const table = (scores: Readonly<Record<string, readonly number[]>>): Evidence => {
  const models = Object.keys(scores)
  const columns = models.map((model) => Float64Array.from(scores[model] ?? []))
  const count = columns[0]?.length ?? 0
  const unknown = () => models.map(() => new Float64Array(count).fill(Number.NaN))
  return {
    models,
    rows: Array.from({ length: count }, (_, row) => ({
      id: `${row}`,
      promptKey: null,
      questionKey: null,
      text: 'why '.repeat(row + 1),
      replayedBy: null,
    })),
    scores: columns,
    costsNanoUsd: unknown(),
    inputTokens: models.map(() => new Float64Array(count).fill(10)),
    outputTokens: models.map(() => new Float64Array(count).fill(5)),
    latenciesMs: unknown(),
    outputs: models.map(() => Array<string | null>(count).fill(null)),
  }
}

describe('a frontier', () => {
  const scores = { weak: [1, 1, 0, 0], strong: [1, 0, 1, 1], 'strong-but-worse': [0, 0, 0, 1] }

  it('takes the worst and the best model by mean, and others where tiers name them', () => {
    const found = simulateFrontier(table(scores), { costOf, outputTokens: 1 })
    expect([found?.weak, found?.strong]).toEqual(['strong-but-worse', 'strong'])
    const tiers = { small: 'weak', medium: 'x', large: 'vendor:strong' }
    const named = simulateFrontier(table(scores), { costOf, outputTokens: 1, tiers })
    expect([named?.weak, named?.strong]).toEqual(['weak', 'strong'])
  })

  it('shows what every model costs alone and which are beaten', () => {
    const tiers = { small: 'weak', medium: 'x', large: 'strong' }
    const found = simulateFrontier(table(scores), { costOf, outputTokens: 1, tiers })
    const point = (name: string) => found?.points.find((each) => each.name === name)
    // Four questions of 10 + 4 × 5 weighted tokens.
    expect(point('weak')).toEqual({
      name: 'weak',
      strongShare: 0,
      costUsd: 120e-9,
      quality: 0.5,
      dominated: false,
    })
    expect(point('strong')).toMatchObject({ costUsd: 1200e-9, quality: 0.75, dominated: false })
    expect(point('strong-but-worse')).toMatchObject({ quality: 0.25, dominated: true })
    const half = found?.points.find((each) => each.name === 'random' && each.strongShare === 0.5)
    expect(half?.quality).toBeCloseTo(0.625)
    expect(half?.costUsd).toBeCloseTo(660e-9, 12)
    expect(found?.metrics?.oracleQuality).toBe(1)
    expect(found?.outcomes).toMatchObject({ weakBetter: 1, strongBetter: 2, bothRight: 1 })
  })

  it('says nothing where no two models answered the same', () => {
    const one = table({ only: [1, 0] })
    expect(simulateFrontier(one, { costOf, outputTokens: 1 })).toBeNull()
    const apart = table({ a: [1, Number.NaN], b: [Number.NaN, 0] })
    expect(simulateFrontier(apart, { costOf, outputTokens: 1 })).toBeNull()
  })
})

describe.skipIf(!hasRealData)('1,307 questions to a weak and a strong model', () => {
  const load = async () => (await loadEvidence([routellmFile], ports)).evidence

  it('give the published figures', async () => {
    const found = simulateFrontier(await load(), { costOf, outputTokens: 200 })
    const pointOf = (name: string | undefined) => found?.points.find((each) => each.name === name)
    expect(found?.questions).toBe(1307)
    expect(found?.weak).toMatch(/Mixtral/)
    expect(found?.strong).toMatch(/gpt-4/)
    expect(pointOf(found?.weak)?.quality).toBeCloseTo(0.637337, 6)
    expect(pointOf(found?.strong)?.quality).toBeCloseTo(0.857689, 6)
    expect(found?.outcomes).toEqual({
      weakBetter: 94,
      strongBetter: 382,
      equal: 831,
      bothRight: 739,
      neitherRight: 92,
    })
    expect(found?.mcNemar.chiSquare).toBeCloseTo(174.25, 2)
    expect(found?.metrics?.oracleQuality).toBeCloseTo(0.92961, 6)
    const apgrOf = (name: string) => {
      const quality = found?.routers.find((router) => router.name === name)?.quality
      return quality?.kind === 'measured' ? quality : null
    }
    expect(apgrOf(routerNames.characters)?.apgr).toBeCloseTo(0.5977, 4)
    expect(apgrOf(routerNames.words)?.apgr).toBeCloseTo(0.5949, 4)
    expect(apgrOf(routerNames.oracle)?.apgr).toBeCloseTo(1.1208, 4)
    expect(apgrOf(routerNames.oracle)?.cpt50).toBeCloseTo(0.11018, 5)
    expect(apgrOf(routerNames.characters)?.randomDeviation).toBeCloseTo(0.0204, 4)
    expect(found?.metrics?.apgr).toBeCloseTo(0.5977, 4)
  })

  it('hold out a later part for a classifier by neighbours', async () => {
    const evidence = await load()
    const { vectors } = await openLexicalEmbedder().embed(
      evidence.rows.map(({ text }) => text ?? ''),
    )
    const found = simulateFrontier(evidence, { costOf, outputTokens: 200, vectors })
    const learned = found?.routers.find(({ name }) => name === routerNames.neighbours)
    expect(learned?.quality.kind).toBe('measured')
    expect(learned?.quality.gap?.questions).toBe(654)
    expect(learned?.costAt95?.cost).toBeGreaterThan(0)
  }, 30_000)
})
