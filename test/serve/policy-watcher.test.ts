import { mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadPolicy } from '../../src/cli/policy-file.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { policyFingerprint } from '../../src/policy/policy-fingerprint.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import type { GatewayState, PolicyInForce } from '../../src/serve/gateway-state.ts'
import {
  openPolicyWatcher,
  type PolicyWatcher,
  type PolicyWatcherOptions,
} from '../../src/serve/policy-watcher.ts'

const book = openPriceBook()
let folder = ''
let path = ''
const open: PolicyWatcher[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-policy-'))
  path = join(folder, 'llmcost.yaml')
})
afterEach(() => {
  for (const watcher of open.splice(0)) watcher.close()
  rmSync(folder, { recursive: true, force: true })
})

const threshold = (value: number) =>
  `cache: { namespace: [user], semantic: { threshold: ${value} } }\n`
const lookMs = 20

/** What the watcher touches of a policy in force. */
const madeOf = (policy: Policy) =>
  ({ compiled: compilePolicy(policy), fingerprint: policyFingerprint(policy) }) as PolicyInForce

/** A gateway that runs the policy of the file, and what it is told. */
function started(parts: Partial<PolicyWatcherOptions> = {}) {
  const read = () => loadPolicy(path, book).policy
  let state = madeOf(read()) as GatewayState
  const inForce: number[] = []
  const said: string[] = []
  const levels: string[] = []
  let wake = () => {}
  const watcher = openPolicyWatcher({
    gateway: {
      state: () => state,
      replace(next) {
        state = { ...state, ...next }
        inForce.push(next.compiled.policy.cache.semantic.threshold)
      },
    },
    path,
    read,
    inForceOf: madeOf,
    say(sentence, level) {
      said.push(sentence)
      levels.push(level)
      wake()
    },
    lookMs,
    ...parts,
  })
  open.push(watcher)
  return {
    watcher,
    inForce,
    said,
    levels,
    current: () => state,
    /** The next thing that is said; what was said before counts. */
    async next(): Promise<string> {
      while (said.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      return said.shift() ?? ''
    },
  }
}

describe('a file that changes', () => {
  beforeEach(() => writeFileSync(path, threshold(0.9)))

  test('is taken when it is written anew', async () => {
    const { next, inForce, current } = started()
    const before = current().fingerprint
    writeFileSync(path, threshold(0.91))
    expect(await next()).toBe(`policy: ${current().fingerprint} is in force, in place of ${before}`)
    writeFileSync(path, threshold(0.92))
    await next()
    expect(inForce).toEqual([0.91, 0.92])
  })

  test('is taken when an editor puts another one in its place', async () => {
    const { next, inForce } = started()
    for (const value of [0.91, 0.92]) {
      writeFileSync(`${path}.new`, threshold(value))
      renameSync(`${path}.new`, path)
      await next()
    }
    expect(inForce).toEqual([0.91, 0.92])
  })

  test('is taken when the link to it leads elsewhere', async () => {
    const link = join(folder, 'link.yaml')
    symlinkSync(path, link)
    const { next, inForce } = started({ path: link, read: () => loadPolicy(link, book).policy })
    writeFileSync(join(folder, 'other.yaml'), threshold(0.91))
    symlinkSync(join(folder, 'other.yaml'), `${link}.new`)
    renameSync(`${link}.new`, link)
    await next()
    expect(inForce).toEqual([0.91])
  })

  // Where the machine stops for longer than between two looks, a piece may be taken for the whole.
  test('is left alone while it is written piece by piece', { retry: 3 }, async () => {
    writeFileSync(path, threshold(0.9))
    const { next, inForce } = started({ lookMs: 150 })
    for (let piece = 1; piece <= 30; piece++) {
      writeFileSync(path, threshold(0.9 + piece / 1000))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await next()
    expect(inForce).toEqual([0.93])
  })

  test('is not taken again when it says the same', async () => {
    const { next, inForce, said, watcher } = started()
    utimesSync(path, 1, 1)
    expect(await watcher.reload()).toMatchObject({ kind: 'unchanged' })
    writeFileSync(path, `# a comment\n${threshold(0.91)}`)
    await next()
    writeFileSync(path, threshold(0.91))
    expect(await watcher.reload()).toMatchObject({ kind: 'unchanged' })
    expect([inForce, said]).toEqual([[0.91], []])
  })

  test('is no longer watched after the end', async () => {
    const { watcher, inForce } = started()
    watcher.close()
    writeFileSync(path, threshold(0.91))
    const other = started()
    writeFileSync(path, threshold(0.92))
    await other.next()
    expect(inForce).toEqual([])
  })
})

describe('a file that is broken', () => {
  beforeEach(() => writeFileSync(path, threshold(0.9)))

  test('leaves the last good one in force, and is told with line and hint until it is mended', async () => {
    const { next, levels, inForce, current, watcher } = started()
    const good = current().fingerprint
    writeFileSync(path, `${threshold(0.91)}cach: {}\n`)
    const sentence = await next()
    expect(levels.at(-1)).toBe('warn')
    expect(sentence).toContain(`not in force, ${good} stays`)
    expect(sentence).toMatch(/llmcost\.yaml:2 \(cach\) \(did you mean "cache"\?\)/)
    expect(watcher.problems()).toEqual([sentence])
    expect([current().fingerprint, inForce]).toEqual([good, []])

    writeFileSync(path, threshold(0.92))
    expect(await next()).toContain('in place of')
    expect(levels).toEqual(['warn', 'info'])
    expect([watcher.problems(), inForce]).toEqual([[], [0.92]])
  })

  test('is forgotten when it says what is in force', async () => {
    const { next, watcher, inForce } = started()
    writeFileSync(path, 'cache: [')
    await next()
    expect(watcher.problems()).toHaveLength(1)
    writeFileSync(path, threshold(0.9))
    expect(await next()).toContain('says the same again')
    expect([watcher.problems(), inForce]).toEqual([[], []])
  })

  test('may also be gone', async () => {
    const { next, watcher } = started()
    rmSync(path)
    expect(await next()).toContain('no such file')
    writeFileSync(path, threshold(0.91))
    expect(await next()).toContain('in place of')
    expect(watcher.problems()).toEqual([])
  })
})

describe('a policy that cannot be taken', () => {
  beforeEach(() => writeFileSync(path, threshold(0.9)))

  test('for a key that needs a restart is refused by name, with all else that it changes', async () => {
    const { watcher, current, inForce } = started()
    writeFileSync(path, `${threshold(0.91)}serve: { port: 9, adminHost: ::1, durability: power }\n`)
    expect(await watcher.reload()).toEqual({
      kind: 'refused',
      problem: {
        message:
          'serve.port, serve.adminHost, serve.durability cannot change while the gateway runs',
        at: null,
        hint: expect.stringContaining('restart it'),
      },
    })
    expect(current().compiled.policy.cache.semantic.threshold).toBe(0.9)
    expect(inForce).toEqual([])
  })

  test('for another embedder, or another place for the cache, which both are opened once', async () => {
    const { watcher, inForce } = started()
    const cache = (more: string) => `cache: { namespace: shared, semantic: { ${more} } }\n`
    const problem = (names: string) => ({
      kind: 'refused',
      problem: { message: `${names} cannot change while the gateway runs` },
    })
    writeFileSync(path, cache('embedder: lexical'))
    expect(await watcher.reload()).toMatchObject(problem('cache.semantic.embedder'))
    writeFileSync(path, 'cache: { namespace: shared, storage: memory }\n')
    expect(await watcher.reload()).toMatchObject(problem('cache.storage'))
    // What compares nothing needs none.
    writeFileSync(path, cache('on: false, embedder: lexical'))
    expect(await watcher.reload()).toMatchObject({ kind: 'replaced' })
    expect(inForce).toHaveLength(1)
  })

  test('because it cannot be built leaves the one before as it was', async () => {
    const { watcher, current, inForce } = started({
      inForceOf: () => Promise.reject(new Error('no memory')),
    })
    const before = current()
    writeFileSync(path, threshold(0.91))
    expect(await watcher.reload()).toMatchObject({ kind: 'refused' })
    expect(current()).toBe(before)
    expect(inForce).toEqual([])
    expect(watcher.problems()).toEqual([expect.stringContaining('no memory')])
  })
})

test('reloads that come while one is being built wait for it, and share the next', async () => {
  writeFileSync(path, threshold(0.9))
  const builds: (() => void)[] = []
  const { watcher, inForce } = started({
    path: null,
    inForceOf: (policy) =>
      new Promise((resolve) => {
        builds.push(() => resolve(madeOf(policy)))
      }),
  })
  writeFileSync(path, threshold(0.91))
  const first = watcher.reload()
  expect(builds).toHaveLength(1)
  writeFileSync(path, threshold(0.92))
  const second = watcher.reload()
  const third = watcher.reload()
  expect([builds.length, third === second]).toEqual([1, true])
  builds[0]?.()
  await first
  while (builds.length < 2) await new Promise((resolve) => setImmediate(resolve))
  builds[1]?.()
  expect(await second).toMatchObject({ kind: 'replaced' })
  expect(inForce).toEqual([0.91, 0.92])
})

test('what is built takes over from what is in force', async () => {
  writeFileSync(path, threshold(0.9))
  const previous: number[] = []
  const { watcher } = started({
    path: null,
    inForceOf(policy, before) {
      previous.push(before.compiled.policy.cache.semantic.threshold)
      return madeOf(policy)
    },
  })
  for (const value of [0.91, 0.92]) {
    writeFileSync(path, threshold(value))
    await watcher.reload()
  }
  expect(previous).toEqual([0.9, 0.91])
})
