import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import { prepareCache } from '../../src/simulate/cache-inputs.ts'
import { runCache, served } from '../../src/simulate/cache-run.ts'
import { decideHistory } from '../../src/worlds/decide-history.ts'
import type { History } from '../../src/worlds/history.ts'
import { HistoryCache } from '../../src/worlds/history-cache.ts'
import { openHistoryWorld } from '../../src/worlds/history-world.ts'
import { withoutIgnored } from '../../src/worlds/ignored-keys.ts'
import { lastUserQuestions } from '../../src/worlds/questions.ts'
import { neighboursOf } from '../support/history.ts'
import { storedHistory } from '../support/stored-history.ts'

const start = Date.parse('2026-08-01T10:00:00Z')
type Asked = {
  readonly day: string
  readonly system: string
  readonly snippet: string
  readonly text: string
  readonly temperature: number
}

const record = ({ day, system, snippet, text, temperature }: Asked, index: number) => ({
  at: new Date(start + index * 60_000).toISOString(),
  provider: 'openai',
  model: 'gpt-4o',
  latencyMs: 800,
  documentVersion: '7',
  params: { temperature },
  prompt: {
    messages: [
      { role: 'system', content: `${day}${system}` },
      { role: 'user', content: `${snippet}${text}` },
    ],
  },
  answer: { text: 'Yes.' },
})

const policy = mergePolicy(defaultPolicy, {
  cache: {
    namespace: { kind: 'shared' },
    semantic: { on: true, threshold: 1 },
    keyIgnore: [
      { field: 'system', pattern: '^Today is \\w+\\. ', coveredBy: 'documentVersion' },
      { field: 'messages', pattern: '<doc>[^<]*</doc>', coveredBy: 'documentVersion' },
    ],
  },
})

/** Equal texts alone are similar. */
const semanticOf = (history: History) => {
  const questions = lastUserQuestions(history)
  const vectors = Array.from({ length: questions.count }, (_, question) =>
    Array.from({ length: questions.count }, (_, axis) => (axis === question ? 1 : 0)),
  )
  return { questions, neighbours: neighboursOf(questions, vectors, 0.8) }
}

function run(history: History) {
  const compiled = compilePolicy(policy)
  const semantic = semanticOf(history)
  const rules = new Int16Array(history.count).fill(-1)
  const { inputs } = prepareCache(history, semantic, compiled, rules)
  const { by, owner } = runCache(inputs, 1)
  return { by: [...by], owner: [...owner] }
}

async function decided(stored: Awaited<ReturnType<typeof storedHistory>>, history: History) {
  const cache = new HistoryCache(history, semanticOf(history), policy.cache)
  const world = openHistoryWorld({ history, cache, policy, costOf: stored.costOf })
  const by: number[] = []
  const owner: number[] = []
  await decideHistory(history, compilePolicy(policy), world, {
    onReceipt({ steps, servedBy }) {
      const hit = steps.find(({ kind }) => kind === 'hit')
      by.push(hit?.kind === 'hit' ? served[hit.layer] : served.model)
      owner.push((servedBy ?? -1) as number)
    },
  })
  return { by, owner }
}

const anyAsked = fc.record({
  day: fc.constantFrom('', 'Today is Monday. ', 'Today is Tuesday. '),
  system: fc.constantFrom('', 'Be kind.', 'Be short.'),
  snippet: fc.constantFrom('', '<doc>cats</doc>', '<doc>dogs</doc>'),
  text: fc.constantFrom('What does it eat?', 'Where does it live?'),
  temperature: fc.constantFrom(0, 1),
})

describe('keys that leave out what a policy ignores', () => {
  it('serve what a log would whose prompts never held it, run and decided alike', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyAsked, { minLength: 2, maxLength: 20 }), async (list) => {
        const stored = await storedHistory(list.map(record))
        const bare = await storedHistory(
          list.map((each, index) => record({ ...each, day: '', snippet: '' }, index)),
        )
        try {
          const { history, withoutText } = withoutIgnored(stored.history, policy.cache)
          const found = run(history)
          expect(withoutText).toBe(0)
          expect(found).toEqual(await decided(stored, history))
          // What the semantic layer compares is not its key: only the exact layer meets equal prompts.
          const exactOnly = (each: typeof found) => each.by.map((by) => by === served.exact)
          expect(exactOnly(found)).toEqual(exactOnly(run(bare.history)))
        } finally {
          stored.close()
          bare.close()
        }
      }),
      { numRuns: 20 },
    )
  }, 60_000)

  it('number the same text under two system prompts as one question', async () => {
    const asked = { system: 'Be kind.', snippet: '', text: 'What does it eat?', temperature: 0 }
    const days = ['Today is Monday. ', 'Today is Tuesday. ']
    const stored = await storedHistory(days.map((day, index) => record({ ...asked, day }, index)))
    try {
      const { history } = withoutIgnored(stored.history, policy.cache)
      expect([...stored.history.question]).toEqual([0, 1])
      expect([...history.question]).toEqual([0, 0])
      expect(history.questionCount).toBe(1)
      expect(history.questionsDigest).not.toBe(stored.history.questionsDigest)
    } finally {
      stored.close()
    }
  })

  it('stay whole where nothing covers what they would drop', async () => {
    const stored = await storedHistory([])
    try {
      const [entry] = policy.cache.keyIgnore
      const keyIgnore = entry === undefined ? [] : [{ ...entry, coveredBy: 'user' as const }]
      const keyed = withoutIgnored(stored.history, { ...policy.cache, keyIgnore })
      expect(keyed).toEqual({
        history: stored.history,
        withoutText: 0,
        withoutCover: 0,
        uncovered: 1,
      })
    } finally {
      stored.close()
    }
  })
})
