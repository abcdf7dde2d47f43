import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseContract } from '../support/database-contract.ts'
import { type NewerNode, newerNode } from '../support/newer-node.ts'

const root = resolve(import.meta.dirname, '../..')
/** Outside the checkout, so that nothing there can be imported by accident. */
const work = mkdtempSync(join(tmpdir(), 'llmcost-drivers-'))
afterAll(() => rmSync(work, { recursive: true, force: true, maxRetries: 3 }))

const checks = Object.keys(databaseContract)

describe('better-sqlite3', () => {
  test.each(checks)('%s', async (name) => {
    await databaseContract[name]?.('better', mkdtempSync(join(work, 'better-')))
  })
})

describe('node:sqlite', () => {
  let node: NewerNode = { missing: 'not looked for yet' }
  let outcome: Readonly<Record<string, string | null>> = {}

  beforeAll(async () => {
    node = newerNode()
    if ('missing' in node) return
    const script = await bundle('test/support/database-contract-main.ts')
    const { stdout, stderr } = spawnSync(node.path, [script, 'node'], { encoding: 'utf8' })
    expect(stderr, 'no warning that it is experimental').toBe('')
    outcome = JSON.parse(stdout) as typeof outcome
  }, 200_000)

  test.for(checks)('%s', (name, { skip }) => {
    if ('missing' in node) skip(node.missing)
    expect(outcome).toHaveProperty([name])
    expect(outcome[name]).toBe(null)
  })
})

describe('where better-sqlite3 came without its binary', () => {
  test('and Node has no SQLite either, the error says what to install', async () => {
    const opener = await openerScript()
    const { status, stdout } = spawnSync(process.execPath, [...withoutSqlite(), opener], {
      encoding: 'utf8',
    })
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      error: 'UserError',
      message: 'no SQLite driver: better-sqlite3 came without its binary',
      hint: expect.stringMatching(/npm rebuild better-sqlite3.*Node 22\.13 or newer/),
    })
  })

  test('and it is asked for by name, the error says so', async () => {
    const opener = await openerScript()
    const { stdout } = spawnSync(process.execPath, [opener, 'better'], { encoding: 'utf8' })
    expect(JSON.parse(stdout)).toMatchObject({ message: 'better-sqlite3 has no binary here' })
  })

  test('and Node has SQLite, that is used', async ({ skip }) => {
    const node = newerNode()
    if ('missing' in node) return skip(node.missing)
    const { stdout, stderr } = spawnSync(node.path, [await openerScript()], { encoding: 'utf8' })
    expect({ ...JSON.parse(stdout), stderr }).toEqual({ driver: 'node:sqlite', stderr: '' })
  }, 200_000)
})

/** Node has had SQLite without a flag since 22.13; the flag that takes it away again is older than that. */
function withoutSqlite(): readonly string[] {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 5) ? ['--no-experimental-sqlite'] : []
}

/** A script that opens a database and prints its driver, or the error. */
async function openerScript(): Promise<string> {
  const source = join(work, 'opener.ts')
  const database = JSON.stringify(join(root, 'src/store/database.ts'))
  writeFileSync(
    source,
    `import { openDatabase } from ${database}
const told = await openDatabase(':memory:', { driver: process.argv[2] }).then(
  ({ driver }) => ({ driver }),
  ({ name, message, hint }) => ({ error: name, message, hint }),
)
process.stdout.write(JSON.stringify(told))`,
  )
  return bundle(source)
}

/** One file of JavaScript, for a Node that cannot read TypeScript. */
async function bundle(source: string): Promise<string> {
  const outfile = join(work, `${source.replaceAll(/\W+/g, '-')}.mjs`)
  await build({
    entryPoints: [resolve(root, source)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
  return outfile
}
