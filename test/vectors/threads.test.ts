import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const work = mkdtempSync(join(tmpdir(), 'llmcost-threads-'))
const whole = join(work, 'whole')
afterAll(() => rmSync(work, { recursive: true, force: true, maxRetries: 3 }))

beforeAll(async () => {
  await build({
    entryPoints: {
      main: join(root, 'test/vectors/threads-main.ts'),
      'scan-worker': join(root, 'src/vectors/scan-worker.ts'),
    },
    outdir: whole,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
  writeFileSync(join(whole, 'package.json'), '{"type":"module"}')
})

const run = (folder: string, ...args: readonly string[]) => {
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'main.js'), ...args], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as { readonly pairs: number }
}

/** The bundle with another thread in the place of its own. */
function changed(name: string, thread: string): string {
  const folder = join(work, name)
  cpSync(whole, folder, { recursive: true })
  cpSync(join(folder, 'scan-worker.js'), join(folder, 'own-worker.js'))
  writeFileSync(join(folder, 'scan-worker.js'), thread)
  return folder
}

test('the shipped bundle has the thread', () => {
  expect(existsSync(join(root, 'dist/scan-worker.js'))).toBe(true)
})

test.each(['exact', 'fast'])('two threads find what one finds, %s', (mode) => {
  const together = run(whole, mode)
  expect(together.pairs).toBeGreaterThan(10_000)
  expect(together).toMatchObject({ threads: 2, method: mode === 'fast' ? 'simhash' : 'scan' })
  expect(run(whole, mode, 'alone')).toEqual({ ...together, threads: 0 })
})

test('threads that are cancelled leave nothing behind that keeps the process', () => {
  expect(run(whole, 'cancel')).toEqual({ error: 'enough' })
})

test.each([
  ['do not start', `throw new Error('no')`],
  ['end without a word', 'process.exit()'],
  [
    'break after their first task',
    `import './own-worker.js'
import { parentPort } from 'node:worker_threads'
parentPort.once('message', () => { throw new Error('broken') })`,
  ],
])('where threads %s, the work is done all the same', (name, thread) => {
  const alone = run(whole, 'exact', 'alone')
  expect(run(changed(name, thread), 'exact')).toEqual(alone)
})
