import type { ColumnName, RequestSource, Segment } from '../../src/domain/columns.ts'
import type { HistorySource } from '../../src/domain/history.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import { type Profile, profileFields } from '../../src/domain/row.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { passThroughPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import { cacheRules, prepareCache } from '../../src/simulate/cache-inputs.ts'
import { runCache, served } from '../../src/simulate/cache-run.ts'
import { randomFrom } from '../../src/stats/random.ts'
import { decideHistory } from '../../src/worlds/decide-history.ts'
import { type History, loadHistory } from '../../src/worlds/history.ts'
import { HistoryCache } from '../../src/worlds/history-cache.ts'
import { openHistoryWorld } from '../../src/worlds/history-world.ts'
import { lastUserQuestions } from '../../src/worlds/questions.ts'

/** Decides made-up requests, in a process of its own: node decide-main.js WAY COUNT. Prints how many had no model asked. */
type Way = (history: History) => number | Promise<number>

const ways: Readonly<Record<string, Way>> = { load: () => 0, decide: byDecide, run: byRun }

/** The exact layer for a day, shared by all; no rule looks at a text. */
const policy = mergePolicy(passThroughPolicy, {
  cache: {
    exact: { on: true, ttlSeconds: 86_400 },
    semantic: { on: false },
    namespace: { kind: 'shared' },
    rules: [],
  },
  coalesce: true,
})
const costOf = () => 0 as NanoUsd

const semanticOf = (history: History) => ({
  questions: lastUserQuestions(history),
  neighbours: null,
})

function worldOf(history: History) {
  const cache = new HistoryCache(history, semanticOf(history), policy.cache)
  return openHistoryWorld({ history, cache, policy, costOf })
}

/** Request by request, with a receipt for each. */
async function byDecide(history: History): Promise<number> {
  let hits = 0
  await decideHistory(history, compilePolicy(policy), worldOf(history), {
    onReceipt: ({ outcome }) => {
      if (outcome === 'hit' || outcome === 'coalesced') hits++
    },
  })
  return hits
}

/** The same decisions on the compiled path, which leaves no receipts. */
function byRun(history: History): number {
  const { factsAt } = worldOf(history)
  const compiled = compilePolicy(policy)
  const rules = cacheRules(history, compiled, factsAt)
  const { inputs } = prepareCache(history, semanticOf(history), compiled, rules)
  const { by } = runCache(inputs, 1)
  return by.reduce((sum, each) => sum + (each === served.model ? 0 : 1), 0)
}

/** A request a second, each asking one of a quarter as many questions, popular ones more often. */
function historyOf(count: number): History {
  const random = randomFrom('decide')
  const questions = Float64Array.from({ length: count }, () =>
    Math.floor(random() ** 2 * (count / 4)),
  )
  const cells: Partial<Record<ColumnName, (row: number) => number>> = {
    seq: (row) => row + 1,
    at: (row) => 1_790_000_000_000 + row * 1000,
    latencyMs: () => 800,
    profile: () => 1,
    exactKey: (row) => questions[row] as number,
    questionKey: (row) => questions[row] as number,
    promptTip: (row) => questions[row] as number,
    inputTokens: () => 1000,
    outputTokens: () => 100,
    cost: () => 3_500_000,
  }
  const usual = { provider: 'openai', model: 'gpt-4o', operation: 'chat', status: 'ok' }
  const profile = Object.fromEntries(
    profileFields.map((field) => [field, (usual as Record<string, string>)[field] ?? null]),
  ) as Profile
  const source: RequestSource = {
    count,
    profiles: [profile, profile],
    prices: [],
    *segments<Name extends ColumnName>(names: readonly Name[]) {
      const columns = names.map((name) => {
        const cell = cells[name] ?? (() => 0)
        return [name, Float64Array.from({ length: count }, (_, row) => cell(row))]
      })
      yield { ...Object.fromEntries(columns), length: count } as unknown as Segment<Name>
    },
  }
  return loadHistory(source, keysOf(count), {
    textOf: () => null,
    messagesOf: () => [],
    questionOf: () => null,
    answerOf: () => null,
    partitionOf: () => null,
    extraOf: () => ({}),
  })
}

const keysOf = (count: number): HistorySource => ({
  *keys() {
    for (let row = 0; row < count; row++)
      yield { seq: row + 1, partition: 'p', answerKey: 'a', answerLabel: null, choices: null }
  },
  chainLengths: () => new Map(),
})

const [name = '', size = ''] = process.argv.slice(2)
const way = ways[name]
if (way === undefined) throw new Error(`no way named ${name}`)
process.stdout.write(JSON.stringify({ avoided: await way(historyOf(Number(size))) }))
