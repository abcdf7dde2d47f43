import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newTerminal, removeTerminals, rowsOf } from '../support/cli.ts'
import { additionsLog, fileIn, ladderPolicy, replayedIn } from '../support/replay-cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

const [mini, large] = ['openai:gpt-4o-mini', 'openai:gpt-4.1'] as const
const tiers = { small: mini, medium: 'openai:gpt-4.1-mini', large }
const byClassifier = (classifiers: object): string =>
  JSON.stringify({ tiers, classifiers, routes: [{ name: 'own', classifier: 'own' }] })
/** Says "simple" of a short question. */
const words = { own: { kind: 'preset', preset: 'signals' } }

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

const sources = {
  'a log': () => [additionsLog(terminal, 6)],
  'a suite': () => [
    '--suite',
    fileIn(terminal, 'suite.jsonl', JSON.stringify({ prompt: 'Is 7 prime?', expected: 'yes' })),
  ],
}

/** Whom a replay asked, but for the model of the log, which is asked again. */
async function askedByBaseline(from: readonly string[], baseline: string, candidate: string) {
  const flags = ['--mock', '--fixed', '--yes', '--no-semantic']
  const files = ['--policy', candidate, '--baseline', fileIn(terminal, 'old.yaml', baseline)]
  const result = await replayedIn(terminal, ...from, ...files, ...flags)
  expect(result.arms?.baseline).toMatchObject({ failures: 0 })
  const rows = await rowsOf(terminal, 'SELECT DISTINCT target FROM replies ORDER BY target')
  return rows.map(({ target }) => target).filter((target) => target !== 'openai:gpt-4o')
}

for (const [name, from] of Object.entries(sources)) {
  describe(`a baseline of ${name}`, () => {
    const candidate = () => fileIn(terminal, 'new.yaml', ladderPolicy([large]))

    test('asks the models that its tiers stand for', async () => {
      const ladder = { routes: [{ name: 'all', when: {}, ladder: [{ target: 'small' }] }] }
      const named = JSON.stringify({ tiers, ...ladder })
      expect(await askedByBaseline(from(), named, candidate())).toEqual([large, mini])
    })

    test('asks a classifier that it alone defines', async () => {
      expect(await askedByBaseline(from(), byClassifier(words), candidate())).toEqual([large, mini])
    })

    test('asks its own classifier where the candidate has another of that name', async () => {
      // Learned from nothing, this one says "medium".
      const other = { own: { kind: 'knn' } }
      const learned = fileIn(terminal, 'new.yaml', byClassifier(other))
      expect(await askedByBaseline(from(), byClassifier(words), learned)).toEqual([
        tiers.medium,
        mini,
      ])
    })
  })
}
