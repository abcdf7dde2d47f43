import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { command, newTerminal, type Ran, removeTerminals, root } from './support/cli.ts'
import type { FakeTerminal } from './support/terminal.ts'

afterEach(removeTerminals)

const examples = join(root, 'examples/check')

describe('a pull request of a repository with a suite, through the gateway in front of the mock', () => {
  let terminal: FakeTerminal
  beforeEach(() => {
    terminal = newTerminal()
    cpSync(join(examples, 'suite'), join(terminal.folder, 'suite'), { recursive: true })
    git('init', '-q', '-b', 'main')
    expect(runSuite('--save', 'baseline.json', '--quiet')).toMatchObject({ code: 0, out: '' })
    git('add', '.')
    git('commit', '-qm', 'Save a baseline')
    git('checkout', '-qb', 'change')
  })

  function git(...argv: readonly string[]): void {
    const author = ['-c', 'user.name=t', '-c', 'user.email=t@example.com']
    const { status } = run('git', [...author, ...argv])
    expect(status).toBe(0)
  }

  function run(program: string, argv: readonly string[]) {
    const { OPENAI_BASE_URL: _, ...outer } = process.env
    return spawnSync(program, argv, {
      cwd: terminal.folder,
      encoding: 'utf8',
      env: { ...outer, ...terminal.env, LLMCOST: command },
    })
  }

  function runSuite(...argv: readonly string[]): Ran {
    const { status, stdout, stderr } = run(process.execPath, ['suite/run.js', ...argv])
    return { code: status ?? -1, out: stdout, err: stderr }
  }

  const checked = () => runSuite('--baseline', 'main:baseline.json', '--max-increase', '0')

  test('that lengthens a prompt fails with the scenario, the amount and the cause', () => {
    const more = 'Never promise more than the terms say; quote them where they matter.\n'
    appendFileSync(join(terminal.folder, 'suite/prompts/refund.md'), more.repeat(3))
    git('commit', '-qam', 'Lengthen a prompt')
    const { code, out } = checked()
    expect(out).toContain('fail     cost increase (cost)')
    expect(out).toContain('compared exactly, 4 scenarios in both')
    // 51 tokens at $0.15 a million, 7,650 nano-dollars.
    expect(out).toContain('~ refund  +$0.0000076\n      +51 input tokens')
    expect(out).not.toContain('opening hours')
    expect(code).toBe(1)
  })

  test('that asks once more fails with the additional call', () => {
    const path = join(terminal.folder, 'suite/scenarios.json')
    const scenarios = JSON.parse(readFileSync(path, 'utf8')) as readonly object[]
    writeFileSync(path, JSON.stringify([...scenarios, scenarios[0]]))
    const { code, out } = checked()
    expect(out).toContain(
      '~ refund  +$0.000014\n      +1 call, +43 input tokens, +12 output tokens',
    )
    expect(code).toBe(1)
  })

  test('that changes no request passes', () => {
    const { code, out } = checked()
    expect(out).toContain('pass: 1 passed of 1 assertion')
    expect(code).toBe(0)
  })
})

describe.skipIf(process.platform === 'win32')('the example of', () => {
  const ran = (name: string) => spawnSync(join(examples, name), { encoding: 'utf8' })

  test('a week against the last passes, compared as two samples', () => {
    const { status, stdout } = ran('production.sh')
    expect(stdout).toContain('pass: 1 passed of 1 assertion')
    expect(stdout).toContain('compared as two samples (62 runs before, 62 now)')
    expect(status).toBe(0)
  })

  test('a policy that serves less from the cache fails for what it costs', () => {
    const { status, stdout } = ran('policy.sh')
    expect(stdout).toContain('fail     cost (costUsd)\n         $0.186 → $0.189, +1.8%')
    expect(stdout).toContain('pass     wrongHitRate')
    expect(status).toBe(1)
  })
})
