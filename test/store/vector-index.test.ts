import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type NewerNode, newerNode } from '../support/newer-node.ts'
import { vectorIndexContract } from './vector-index-contract.ts'

const root = resolve(import.meta.dirname, '../..')
/** Outside the checkout, so that nothing there can be imported by accident. */
const work = mkdtempSync(join(tmpdir(), 'llmcost-vector-index-'))
afterAll(() => rmSync(work, { recursive: true, force: true, maxRetries: 3 }))

const checks = Object.keys(vectorIndexContract)

/** sqlite-vec has binaries for the common platforms only. */
const isInstalled = (() => {
  try {
    createRequire(import.meta.url)('sqlite-vec').getLoadablePath()
    return true
  } catch {
    return false
  }
})()

describe.skipIf(!isInstalled)('better-sqlite3', () => {
  test.each(checks)('%s', async (name) => {
    await vectorIndexContract[name]?.('better', mkdtempSync(join(work, 'better-')))
  })
})

describe('node:sqlite', () => {
  type Told = { readonly outcome: Readonly<Record<string, string | null>>; readonly reason: string }
  let node: NewerNode = { missing: 'not looked for yet' }
  let script = ''

  const tell = (environment: Readonly<Record<string, string>>): Told => {
    if ('missing' in node) throw new Error(node.missing)
    const { stdout, stderr } = spawnSync(node.path, [script], {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
    })
    expect(stderr).toBe('')
    return JSON.parse(stdout) as Told
  }

  beforeAll(async () => {
    node = newerNode()
    script = join(work, 'main.mjs')
    await build({
      entryPoints: [join(root, 'test/store/vector-index-main.ts')],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'error',
    })
  }, 200_000)

  test.skipIf(!isInstalled)('does all of it', ({ skip }) => {
    if ('missing' in node) return skip(node.missing)
    const { outcome } = tell({ NODE_PATH: join(root, 'node_modules') })
    expect(outcome).toEqual(Object.fromEntries(checks.map((name) => [name, null])))
  })

  test('without sqlite-vec there is no index but a reason', ({ skip }) => {
    if ('missing' in node) return skip(node.missing)
    const { reason } = tell({ NODE_PATH: '' })
    expect(reason).toMatch(/^sqlite-vec is not available here: Cannot find module 'sqlite-vec'/)
  })
})
