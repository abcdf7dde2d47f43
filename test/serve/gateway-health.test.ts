import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import type { FaultKind } from '../../src/domain/fault.ts'
import {
  cacheProblems,
  healthOf,
  ledgerProblems,
  openDiskProblems,
} from '../../src/serve/gateway-health.ts'
import type { LedgerHealth } from '../../src/serve/turn-writer.ts'
import { openUpstreamWatch } from '../../src/serve/upstream-watch.ts'

test('one thing in trouble degrades the whole, and all of them are told', () => {
  expect(healthOf([() => [], () => []])()).toEqual({ status: 'ok', why: [] })
  expect(healthOf([() => ['a'], () => [], () => ['b', 'c']])()).toEqual({
    status: 'degraded',
    why: ['a', 'b', 'c'],
  })
})

const well: LedgerHealth = {
  state: 'ok',
  reason: null,
  spooledTurns: 0,
  spooledBytes: 0,
  lostEntries: 0,
  droppedWrites: 0,
  damagedLines: 0,
}

test.each([
  [{}, []],
  [
    { state: 'spooling', reason: 'database is locked', spooledTurns: 3, spooledBytes: 99 },
    [expect.stringMatching(/^ledger: .*database is locked.*3 turns \(99 bytes\)/)],
  ],
  [{ state: 'losing', reason: 'full; full' }, [expect.stringContaining('written down nowhere')]],
  [{ lostEntries: 2 }, [expect.stringContaining('2 entries were lost')]],
  [
    { droppedWrites: 5, damagedLines: 1 },
    [expect.stringContaining('5 other writes'), expect.stringContaining('1 damaged lines')],
  ],
] as const)('a ledger of which %j is said', (parts, told) => {
  expect(ledgerProblems({ ...well, ...parts })).toEqual(told)
})

test('damaged entries of the cache are told', () => {
  expect(cacheProblems(0)).toEqual([])
  expect(cacheProblems(2)).toEqual([expect.stringContaining('2 damaged entries')])
})

describe('the disk', () => {
  test('is in trouble below 256 MiB, and looked at every ten seconds at most', () => {
    const at = { ms: 0, free: 2 ** 28 - 1, looks: 0 }
    const problems = openDiskProblems(
      '/data',
      () => at.ms,
      () => {
        at.looks++
        return at.free
      },
    )
    expect(problems()).toEqual(['disk: 255 MiB are free where the ledger is (/data)'])
    at.free = 2 ** 28
    at.ms = 9_999
    expect(problems()).toHaveLength(1)
    expect(at.looks).toBe(1)
    at.ms = 10_000
    expect(problems()).toEqual([])
  })

  test('is asked of the system', () => {
    const free = (folder: string) => openDiskProblems(folder, () => 0)()
    for (const problem of free(tmpdir())) expect(problem).toMatch(/^disk: \d+ MiB/)
    expect(free('/no/such/folder')).toEqual([])
  })
})

describe('a provider', () => {
  const fault = (kind: FaultKind, message: string = kind) => ({
    kind,
    message,
    status: null,
    retryAfterMs: null,
  })

  test('is in trouble from the first call that does not reach it to the first that does', () => {
    const at = { ms: Date.UTC(2026, 0, 1) }
    const { note, problems } = openUpstreamWatch(() => at.ms)
    note({ provider: 'openai', fault: null })
    expect(problems()).toEqual([])
    note({ provider: 'openai', fault: fault('unreachable', 'getaddrinfo ENOTFOUND api') })
    at.ms += 60_000
    note({ provider: 'openai', fault: fault('unreachable', 'connect ECONNREFUSED') })
    note({ provider: 'groq', fault: fault('unreachable') })
    expect(problems()).toEqual([
      'upstream: openai cannot be reached since 2026-01-01T00:00:00.000Z: connect ECONNREFUSED',
      'upstream: groq cannot be reached since 2026-01-01T00:01:00.000Z: unreachable',
    ])
    note({ provider: 'openai', fault: fault('timeout') })
    note({ provider: 'openai', fault: fault('cancelled') })
    expect(problems()).toHaveLength(2)
    note({ provider: 'openai', fault: fault('rate-limit') })
    note({ provider: 'groq', fault: null })
    expect(problems()).toEqual([])
  })
})
