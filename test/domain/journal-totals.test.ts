import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JournalEntry } from '../../src/domain/journal.ts'
import { journalTotals } from '../../src/domain/journal-totals.ts'
import { begun, nano, settled } from '../support/journal.ts'

test('the totals of a journal are what is settled, and what may have been billed besides', () => {
  const entries: readonly JournalEntry[] = [
    begun('a', { reservedNanoUsd: nano(5) }),
    begun('b', { reservedNanoUsd: nano(7) }),
    begun('b', { attempt: 2, reservedNanoUsd: nano(9) }),
    settled('a', { costNanoUsd: nano(3) }),
    settled('hit', { costNanoUsd: nano(0) }),
    begun('c', { reservedNanoUsd: null }),
    begun('c', { attempt: 2, reservedNanoUsd: nano(4) }),
  ]
  expect(journalTotals(entries)).toEqual({
    settled: 2,
    settledNanoUsd: 3n,
    open: 2,
    openNanoUsd: 9n,
    openUnpriced: 1,
  })
  expect(journalTotals([])).toMatchObject({ settled: 0, settledNanoUsd: 0n, open: 0 })
})

test('cut off anywhere, a journal never says less than was begun before the cut', () => {
  const request = fc.record({
    reserved: fc.nat(1000),
    spentShare: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(request, { maxLength: 20 }), fc.nat(), (requests, cut) => {
      const entries = requests.flatMap(({ reserved, spentShare }, index) => [
        begun(`r${index}`, { reservedNanoUsd: nano(reserved) }),
        settled(`r${index}`, { costNanoUsd: nano(Math.floor(reserved * spentShare)) }),
      ])
      const billed = (list: readonly JournalEntry[]) =>
        BigInt(
          list.reduce((sum, entry) => sum + (entry.kind === 'settled' ? entry.costNanoUsd : 0), 0),
        )
      const seen = entries.slice(0, entries.length === 0 ? 0 : cut % (entries.length + 1))
      const { settledNanoUsd, openNanoUsd, open } = journalTotals(seen)
      // What the provider has billed for all that was begun: the call under way as well.
      const begunBefore = entries.slice(0, 2 * Math.ceil(seen.length / 2))
      expect(settledNanoUsd).toBe(billed(seen))
      expect(settledNanoUsd + openNanoUsd).toBeGreaterThanOrEqual(billed(begunBefore))
      expect(open).toBe(seen.length % 2)
    }),
  )
})

test('sums stay exact beyond the reach of a number', () => {
  const dear = nano(2 ** 52)
  const entries = Array.from({ length: 8 }, (_, index) =>
    settled(`r${index}`, { costNanoUsd: dear }),
  )
  expect(journalTotals(entries).settledNanoUsd).toBe(8n * 2n ** 52n)
})
