import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Spool } from '../../src/serve/spool.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-spool-'))
  path = join(folder, 'spool')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const turnOf = (turn: number, text = 'x') => ({ turn, entries: JSON.stringify([{ text }]) })
const opened = (mostBytes?: number) =>
  new Spool(path, { isDurable: false, ...(mostBytes !== undefined && { mostBytes }) })

test('a spool gives back what it was given, oldest first, to this process and the next', () => {
  const turns = [turnOf(3, 'a'), turnOf(4, 'ü\n"]'), turnOf(9, '😀'.repeat(1000))]
  const spool = opened()
  for (const turn of turns) expect(spool.write(turn)).toBeNull()
  expect(spool.first(1e6)).toEqual(turns)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  spool.close()
  const next = opened()
  expect(next.first(1e6)).toEqual(turns)
  expect([next.turns, next.newestTurn(), next.damagedLines]).toEqual([3, 9, 0])
  next.close()
})

test('a spool keeps room on the disk, and takes none when it has nothing to keep', () => {
  const spool = opened()
  expect(statSync(path).size).toBe(4 << 20)
  for (let turn = 1; turn <= 100; turn++) spool.write(turnOf(turn, 'x'.repeat(1000)))
  expect(statSync(path).size).toBe(4 << 20)
  spool.drop(100)
  expect(readFileSync(path).every((byte) => byte === 0x0a)).toBe(true)
  expect(statSync(path).size).toBe(4 << 20)
  spool.close()
  expect(existsSync(path)).toBe(false)
})

test('a spool is drained in parts, and goes on behind what is left', () => {
  const spool = opened()
  for (let turn = 1; turn <= 5; turn++) spool.write(turnOf(turn))
  const line = spool.bytes / 5
  expect(spool.first(2 * line).map(({ turn }) => turn)).toEqual([1, 2])
  expect(spool.first(1).map(({ turn }) => turn)).toEqual([1])
  spool.drop(2)
  spool.write(turnOf(6))
  expect(spool.first(1e6).map(({ turn }) => turn)).toEqual([3, 4, 5, 6])
  spool.close()
})

test('a spool says when it is full, and holds no half of what it refused', () => {
  const spool = opened(200)
  expect(spool.write(turnOf(1, 'x'.repeat(50)))).toBeNull()
  expect(spool.write(turnOf(2, 'x'.repeat(200)))).toBe('the spool is full')
  expect(spool.write(turnOf(3, 'x'.repeat(50)))).toBeNull()
  spool.close()
  const next = opened(200)
  expect(next.first(1e6).map(({ turn }) => turn)).toEqual([1, 3])
  expect(next.damagedLines).toBe(0)
  next.close()
})

test.each(Array.from({ length: 54 }, (_, length) => length + 1))(
  'a line cut off after %d bytes is left out and counted',
  (length) => {
    const spool = opened()
    spool.write(turnOf(1, 'whole'))
    const { bytes } = spool
    spool.close()
    const line = Buffer.from(`{"turn":2,"entries":[{"text":"${'ü'.repeat(10)}"}]}\n`)
    expect(length).toBeLessThan(line.length)
    writeFileSync(path, readFileSync(path).subarray(0, bytes))
    appendFileSync(path, line.subarray(0, length))
    const next = opened()
    expect(next.first(1e6)).toEqual([turnOf(1, 'whole')])
    expect(next.damagedLines).toBe(1)
    next.close()
  },
)
