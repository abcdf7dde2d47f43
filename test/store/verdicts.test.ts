import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { StoredVerdict } from '../../src/domain/stored-verdict.ts'
import { openDatabase } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openVerdicts } from '../../src/store/verdicts.ts'
import { newTerminal, removeTerminals, rowsOf, runIn, withDatabase } from '../support/cli.ts'
import { writeLog } from '../support/write-log.ts'

afterEach(removeTerminals)

async function emptyDatabase() {
  const database = await openDatabase(':memory:')
  migrate(database)
  return database
}
const emptyVerdicts = async () => openVerdicts(await emptyDatabase())

const verdict = (fields: Partial<StoredVerdict> = {}): StoredVerdict => ({
  servedHash: 's',
  ownHash: 'o',
  kind: 'human',
  by: 'ann',
  verdict: 'right',
  exploratory: false,
  ...fields,
})

describe('verdicts in the store', () => {
  it('are known by both answers, in their order', async () => {
    const verdicts = await emptyVerdicts()
    expect([verdicts.isEmpty, verdicts.lookup('s', 'o')]).toEqual([true, null])
    verdicts.put([verdict()])
    expect([verdicts.isEmpty, verdicts.lookup('s', 'o')]).toEqual([false, verdict()])
    expect(verdicts.lookup('o', 's')).toBeNull()
  })

  it('take a person before a judge, a drawn pair before a picked one, and the worst of the rest', async () => {
    const best = [
      { by: 'cid', verdict: 'wrong' },
      { by: 'bob', verdict: 'right' },
      { by: 'ann', verdict: 'unsettled' },
      { by: 'dan', exploratory: true, verdict: 'wrong' },
      { kind: 'judge', by: 'a', verdict: 'wrong' },
      { kind: 'judge', by: 'b', verdict: 'right' },
    ] as const
    const all = best.map(verdict)
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(all, { minLength: 1 }), async (some) => {
        const database = await emptyDatabase()
        const verdicts = openVerdicts(database)
        verdicts.put(some)
        const surest = all.find((each) => some.includes(each))
        expect(verdicts.lookup('s', 'o')).toEqual(surest)
        expect(openVerdicts(database).lookup('s', 'o')).toEqual(surest)
      }),
      { numRuns: 50 },
    )
  })

  it('replace what the same person said before, and keep a drawn pair drawn', async () => {
    const verdicts = await emptyVerdicts()
    verdicts.put([verdict({ exploratory: true })])
    verdicts.put([verdict({ verdict: 'wrong' })])
    expect(verdicts.lookup('s', 'o')).toEqual(verdict({ verdict: 'wrong' }))
    verdicts.put([verdict({ exploratory: true })])
    expect(verdicts.lookup('s', 'o')).toEqual(verdict())
  })

  it('go with the answers they are about, and only with these', async () => {
    const terminal = newTerminal()
    const log = writeLog(terminal, [
      { user: 'ann', prompt: 'one', answer: { text: 'first' } },
      { user: 'bob', prompt: 'two', answer: { text: 'second' } },
      { user: 'cid', prompt: 'three', answer: { text: 'third' } },
    ])
    await runIn(terminal, 'ingest', log)
    const [ann = '', bob = '', cid = ''] = (
      await rowsOf(terminal, 'SELECT answerKey FROM requests ORDER BY seq')
    ).map((row) => String(row['answerKey']))
    await withDatabase(terminal, (database) =>
      openVerdicts(database).put([
        verdict({ servedHash: ann, ownHash: bob }),
        verdict({ servedHash: bob, ownHash: ann }),
        verdict({ servedHash: ann, ownHash: cid }),
      ]),
    )
    const planned = await runIn(terminal, 'purge', '--user', 'bob', '--dry-run')
    expect(planned.out).toContain('2 verdicts')
    const { out } = await runIn(terminal, 'purge', '--user', 'bob', '--yes', '--format', 'json')
    expect(JSON.parse(out)).toMatchObject({ deleted: { requests: 1, verdicts: 2 } })
    expect(await rowsOf(terminal, 'SELECT servedHash, ownHash FROM verdicts')).toEqual([
      { servedHash: ann, ownHash: cid },
    ])
    await runIn(terminal, 'purge', '--all', '--yes')
    expect(await rowsOf(terminal, 'SELECT * FROM verdicts')).toEqual([])
  })
})
