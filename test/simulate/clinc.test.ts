import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy, type PolicyPatch } from '../../src/policy/merge-policy.ts'
import { prepareCache } from '../../src/simulate/cache-inputs.ts'
import { runCache } from '../../src/simulate/cache-run.ts'
import { type FoundNeighbours, findNeighbours } from '../../src/worlds/find-neighbours.ts'
import type { Neighbours } from '../../src/worlds/neighbours.ts'
import { lastUserQuestions } from '../../src/worlds/questions.ts'
import { historyOf, type PlainMoment } from '../support/history.ts'
import { hasRealData, realData } from '../support/real-data.ts'

type Row = {
  readonly id: number
  readonly timestamp: number
  readonly tenant: string
  readonly user: string
  readonly answer_class: string
  readonly embedding: readonly number[]
}

/** Known answers: hits and wrong hits by threshold, insertion rule, time to live, latency, capacity, namespace. */
describe.runIf(hasRealData)('4,000 support questions with their stored vectors', () => {
  let rows: readonly Row[] = []
  let neighbours: Neighbours
  const expected = hasRealData
    ? (
        JSON.parse(readFileSync(realData('semantic/clinc_4000.expected.json'), 'utf8')) as {
          expected: Record<string, { hits: number; wrong: number }>
        }
      ).expected
    : {}

  const momentsOf = (latencyMs: number): readonly PlainMoment[] => {
    const labels = new Map<string, number>()
    return rows.map(({ timestamp, tenant, user, answer_class }, question) => {
      const label = labels.get(answer_class) ?? labels.size
      labels.set(answer_class, label)
      return {
        at: timestamp * 1000,
        latencyMs,
        question,
        label,
        request: { namespace: tenant, user },
      }
    })
  }

  beforeAll(async () => {
    rows = readFileSync(realData('semantic/clinc_4000.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row)
    const dimensions = (rows[0] as Row).embedding.length
    const questions = { ...lastUserQuestions(historyOf(momentsOf(0))), textOf: String }
    const embedder = {
      name: 'stored',
      fingerprint: 'stored',
      dimensions,
      limits: { textsPerCall: 1000, tokensPerCall: Number.POSITIVE_INFINITY, callsAtOnce: 1 },
      isWorthStoring: false,
      embed: async (texts: readonly string[]) => ({
        vectors: texts.map((text) => Float64Array.from((rows[Number(text)] as Row).embedding)),
        tokens: 0,
      }),
      costOf: () => null,
    }
    const found = await findNeighbours(questions, {
      embedder,
      floor: 0.7,
      mode: 'exact',
      guards: [],
    })
    neighbours = (found as FoundNeighbours).neighbours
  })

  test.each(Object.entries(expected))('%s', (name, { hits, wrong }) => {
    const settings = Object.fromEntries(name.split(' ').map((word) => word.split('=')))
    const seconds = (text: string | undefined) =>
      text === undefined ? null : Number.parseFloat(text)
    const history = historyOf(momentsOf((seconds(settings.latency) ?? 0) * 1000))
    const threshold = Number(settings.threshold)
    const patch: PolicyPatch = {
      coalesce: false,
      cache: {
        exact: { on: false },
        rules: [],
        namespace:
          settings.namespace === undefined
            ? { kind: 'shared' }
            : { kind: 'fields', fields: [settings.namespace as 'tenant' | 'user'] },
        semantic: {
          on: true,
          threshold,
          insert: settings.insert as 'on-miss',
          ttlSeconds: seconds(settings.ttl),
          maxEntries: settings.lru === undefined ? null : Number(settings.lru),
          capacityPer: settings.capacity === 'per-namespace' ? 'namespace' : 'all',
        },
      },
    }
    const { inputs } = prepareCache(
      history,
      { questions: lastUserQuestions(history), neighbours },
      compilePolicy(mergePolicy(defaultPolicy, patch)),
      new Int16Array(history.count).fill(-1),
    )
    const { semanticHits, owner } = runCache(inputs, threshold)
    let found = 0
    owner.forEach((other, place) => {
      if (other !== -1 && history.label[place] !== history.label[other]) found++
    })
    expect({ hits: semanticHits, wrong: found }).toEqual({ hits, wrong })
  })
})
