import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  awaitBox,
  awaitRead,
  finishBatch,
  newGridBoard,
  sayRead,
  takeBatch,
} from '../../src/simulate/grid-board.ts'

const root = resolve(import.meta.dirname, '../..')
const work = mkdtempSync(join(tmpdir(), 'llmcost-grid-'))
const whole = join(work, 'whole')
afterAll(() => rmSync(work, { recursive: true, force: true, maxRetries: 3 }))

beforeAll(async () => {
  await build({
    entryPoints: {
      main: join(root, 'test/simulate/grid-threads-main.ts'),
      'grid-worker': join(root, 'src/simulate/grid-worker.ts'),
    },
    outdir: whole,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
  writeFileSync(join(whole, 'package.json'), '{"type":"module"}')
})

const run = (folder: string, threads: number, points: number, read = points) => {
  const argv = [join(folder, 'main.js'), String(threads), String(points), String(read)]
  const { stdout, stderr, status } = spawnSync(process.execPath, argv, {
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return JSON.parse(stdout) as { readonly hits: number; readonly isInOrder: boolean }
}

/** In the only file of a bundle that has such text. */
function change(folder: string, from: string | RegExp, to: string): void {
  const files = readdirSync(folder).map((name) => join(folder, name))
  const changed = files.filter((file) => {
    const text = readFileSync(file, 'utf8')
    const other = text.replace(from, to)
    if (other !== text) writeFileSync(file, other)
    return other !== text
  })
  expect(changed).toHaveLength(1)
}

test('the shipped bundle has the thread', () => {
  expect(existsSync(join(root, 'dist/grid-worker.js'))).toBe(true)
})

test.each([1000, 3])(
  'any number of threads finds the same at %i thresholds, in their order',
  (points) => {
    const alone = run(whole, 1, points)
    expect(alone).toMatchObject({ isInOrder: true })
    expect(alone.hits).toBeGreaterThan(0)
    for (const threads of [2, 4]) expect(run(whole, threads, points)).toEqual(alone)
  },
)

test('what a thread makes is what is read', () => {
  const folder = join(work, 'wrong')
  cpSync(whole, folder, { recursive: true })
  // It says of the batches that it takes that they are done, and makes none: their boxes are empty.
  change(folder, /^\s*pass\(.*$/m, '')
  // Enough for the thread to have started long before the end.
  const points = 8000
  expect(run(folder, 2, points).hits).toBeLessThan(run(whole, 2, points).hits)
})

test('a thread that cannot start leaves its work to the others', () => {
  const folder = join(work, 'broken')
  cpSync(whole, folder, { recursive: true })
  writeFileSync(join(folder, 'grid-worker.js'), "throw new Error('no thread')")
  expect(run(folder, 2, 1000)).toEqual(run(whole, 1, 1000))
})

test('a thread that is lost with a batch in hand leaves it to the others', () => {
  const folder = join(work, 'lost')
  cpSync(whole, folder, { recursive: true })
  change(folder, /^\s*pass\(.*$/m, 'process.exit()')
  change(folder, 'lostAfterMs = 6e4', 'lostAfterMs = 100')
  expect(run(folder, 2, 8000)).toEqual(run(whole, 1, 8000))
})

test('threads whose work nobody reads keep no process', () => {
  expect(run(whole, 2, 8000, 4000)).toMatchObject({ isInOrder: true })
})

test('a batch is taken once, and its box is known when it is done', () => {
  const board = newGridBoard(3)
  expect([takeBatch(board, 0, null), takeBatch(board, 0, 5), takeBatch(board, 0, null)]).toEqual([
    0, 1, 2,
  ])
  expect(takeBatch(board, 0, 6)).toBe(-1)
  expect(awaitBox(board, 1, 0)).toBeNull()
  finishBatch(board, 1, 5)
  expect(awaitBox(board, 1, 0)).toBe(5)
  sayRead(board, 2)
  expect(awaitRead(board, 1)).toBe(2)
})
