import { expect, test } from 'vitest'
import type { Call } from '../../src/domain/call.ts'
import { openMockProvider } from '../../src/providers/mock-provider.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { answerOnce } from '../../src/replay/arms.ts'
import { openAsker } from '../../src/replay/asker.ts'
import type { ReplayCase } from '../../src/replay/case.ts'
import { compareWithExpected } from '../../src/replay/compare.ts'
import type { Measured } from '../../src/replay/measured.ts'
import { qualityDelta } from '../../src/replay/quality-delta.ts'
import { openReplyMemory } from '../../src/replay/reply-memory.ts'
import { runCases } from '../../src/replay/run-cases.ts'
import { openSpendCap } from '../../src/replay/spend-cap.ts'
import { exactScorer } from '../../src/score/text-scorers.ts'
import { marginBet } from '../../src/stats/sequential-pairs.ts'
import { caseOf } from '../support/replay-cases.ts'

const questionOf = (call: Call): string => {
  const block = call.turns[0]?.blocks[0]
  return block?.kind === 'text' ? block.text : ''
}
const expectedOf = (question: string) => `the answer to ${question}`

const cases: readonly ReplayCase[] = Array.from({ length: 100 }, (_, index) =>
  caseOf(index, { expected: expectedOf(`question ${index}`) }),
)
const comparison = compareWithExpected(() => exactScorer('exact'), 'exact')

/** A weak and a strong model by the mock, asked through the same code as live ones. */
function seeded(seed: string, weak: number, strong: number) {
  const provider = openMockProvider(
    {
      ...defaultMockSettings,
      seed,
      models: [
        { match: 'weak', accuracy: weak },
        { match: 'strong', accuracy: strong },
      ],
    },
    (call) => expectedOf(questionOf(call)),
  )
  const asker = openAsker({
    run: seed,
    replies: openReplyMemory(),
    cap: openSpendCap(null, 0),
    send: (model, call, options) => provider.ask({ ...call, model }, options),
    costOf: () => null,
    mostOf: () => null,
    callKeyOf: questionOf,
    madeOf: (call) => call,
    wait: async () => {},
  })
  return async (each: ReplayCase): Promise<Measured | null> => {
    const baseline = await answerOnce(asker, each, 'strong', 0)
    const candidate = await answerOnce(asker, each, 'weak', 0)
    if (baseline === null || candidate === null) return null
    const arms = { baseline, again: null, candidate }
    return { ...(await comparison.compare(each, arms)), case: each, arms }
  }
}

test('the 95 % interval covers the truth of the mock in at least 934 of 1,000 runs', async () => {
  const truth = 0.64 - 0.86
  let covered = 0
  for (let seed = 0; seed < 1_000; seed++) {
    const { measured } = await runCases({
      cases,
      concurrency: 16,
      bet: null,
      weightOf: () => 1,
      keep: (measured) => measured,
      clusterOf: ({ cluster }) => cluster,
      measure: seeded(`coverage ${seed}`, 0.64, 0.86),
    })
    const { interval } = qualityDelta(
      measured.map(({ difference, case: each }) => ({
        difference: difference as number,
        weight: 1,
        cluster: each.cluster,
      })),
      `${seed}`,
    )
    if (interval !== null && interval.low <= truth && truth <= interval.high) covered++
  }
  expect(covered).toBeGreaterThanOrEqual(934)
  // An interval that always covers would be too wide to say anything.
  expect(covered).toBeLessThan(990)
}, 120_000)

test('stopping at the margin of the mock errs in at most 66 of 1,000 runs', async () => {
  // The weak model loses exactly the margin: to call it not inferior is an error.
  const margin = 0.22
  const bet = marginBet({ margin, discordantShare: 0.5, delta: 0.05 })
  let errors = 0
  let inferior = 0
  for (let seed = 0; seed < 1_000; seed++) {
    const { evidence } = await runCases({
      cases,
      concurrency: 16,
      bet,
      weightOf: () => 1,
      keep: (measured) => measured,
      clusterOf: ({ cluster }) => cluster,
      measure: seeded(`margin ${seed}`, 0.64, 0.86),
    })
    if (evidence.decided?.verdict === 'non-inferior') errors++
    if (evidence.decided?.verdict === 'inferior') inferior++
  }
  expect(errors).toBeLessThanOrEqual(66)
  expect(inferior).toBeLessThanOrEqual(66)
  expect(errors + inferior).toBeGreaterThan(0)
}, 120_000)
