import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TimedEntries, type TimedEntry } from '../../src/worlds/timed-entries.ts'

type Settings = ConstructorParameters<typeof TimedEntries>[0]

/** One request: what it looks up, and what it leaves when it is born. */
const request = fc.record({
  step: fc.nat(3),
  latencyMs: fc.nat(6),
  key: fc.nat(6),
  space: fc.constantFrom('a', 'b'),
  ttlMs: fc.constantFrom(0, 3, 8, Number.POSITIVE_INFINITY),
  isKept: fc.boolean(),
})
type Asked = typeof request extends fc.Arbitrary<infer T> ? T : never

const settings = fc.record<Settings>({
  maxEntries: fc.constantFrom(null, 1, 2, 3, 5),
  capacityPer: fc.constantFrom('all', 'namespace'),
  refreshOnHit: fc.boolean(),
})

/** Which request's entry each one finds, or null. */
function found(requests: readonly Asked[], layer: Settings): readonly (number | null)[] {
  const entries = new TimedEntries(layer)
  let at = 0
  return requests.map(({ step, latencyMs, key, space, ttlMs, isKept }, place) => {
    at += step
    entries.arrive(at)
    const entry = entries.use(space, key, at)
    const answered = { id: place, bornMs: at + latencyMs, key, space, place, ttlMs }
    if (isKept) entries.schedule(answered)
    return entry === null ? null : (entry.id as number)
  })
}

/** The same by one list in the order of use, sorted and searched through each time. */
function foundByList(requests: readonly Asked[], layer: Settings): readonly (number | null)[] {
  const { maxEntries, capacityPer, refreshOnHit } = layer
  let kept: TimedEntry[] = []
  let coming: TimedEntry[] = []
  let at = 0
  const isDead = (entry: TimedEntry, now: number) => now - entry.bornMs > entry.ttlMs
  const isOf = (space: string, key: number) => (entry: TimedEntry) =>
    entry.space === space && entry.key === key
  const insert = (entry: TimedEntry) => {
    kept = kept.filter((each) => !isOf(entry.space, entry.key)(each))
    kept = [...kept.filter((each) => !isDead(each, entry.bornMs)), entry]
    const rivals = kept.filter(({ space }) => capacityPer === 'all' || space === entry.space)
    const surplus = maxEntries === null ? [] : rivals.slice(0, -maxEntries)
    kept = kept.filter((each) => !surplus.includes(each))
  }
  return requests.map(({ step, latencyMs, key, space, ttlMs, isKept }, place) => {
    at += step
    const born = coming.filter(({ bornMs }) => bornMs <= at)
    coming = coming.filter(({ bornMs }) => bornMs > at)
    for (const entry of born.sort((a, b) => a.bornMs - b.bornMs || a.place - b.place)) insert(entry)
    const hit = kept.find((each) => isOf(space, key)(each) && !isDead(each, at))
    if (hit !== undefined) {
      kept = kept.filter((each) => each !== hit)
      kept.push(refreshOnHit ? { ...hit, bornMs: at } : hit)
    }
    if (isKept) {
      coming.push({ id: place, bornMs: at + latencyMs, key, space, place, ttlMs })
    }
    return hit === undefined ? null : (hit.id as number)
  })
}

test('a layer finds what a plain list in the order of use would hold', () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 80, size: 'max' }), settings, (requests, layer) => {
      expect(found(requests, layer)).toEqual(foundByList(requests, layer))
    }),
    { numRuns: 500 },
  )
})

const answer = (place: number, rest: Partial<TimedEntry> = {}): TimedEntry => ({
  id: place,
  bornMs: place,
  key: place,
  space: '',
  place,
  ttlMs: 100,
  ...rest,
})

test('entries whose time is over make room for those that are in use', () => {
  const layer = { maxEntries: 2, capacityPer: 'all', refreshOnHit: false } as const
  const entries = new TimedEntries(layer)
  entries.schedule(answer(0, { ttlMs: 1000 }))
  entries.schedule(answer(1, { ttlMs: 5 }))
  entries.arrive(1)
  // The short-lived one was used last, and is over when the third one comes.
  expect(entries.use('', 1, 3)?.id).toBe(1)
  entries.schedule(answer(10))
  entries.arrive(10)
  expect([0, 1, 10].map((key) => entries.find('', key, 10)?.id ?? null)).toEqual([0, null, 10])
})

test('an entry lives up to its last millisecond, and only from its birth on', () => {
  const layer = { maxEntries: null, capacityPer: 'all', refreshOnHit: false } as const
  const entries = new TimedEntries(layer)
  entries.schedule(answer(0, { bornMs: 50 }))
  entries.arrive(49)
  expect(entries.find('', 0, 49)).toBeNull()
  entries.arrive(50)
  expect([50, 150, 150.5].map((at) => entries.find('', 0, at)?.id ?? null)).toEqual([0, 0, null])
})
