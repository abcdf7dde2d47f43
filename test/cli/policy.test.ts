import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findPolicyFile, policyPath } from '../../src/cli/find-policy.ts'
import { parsePolicy } from '../../src/policy/parse-policy.ts'
import {
  canonicalRecord,
  fixtures,
  newTerminal,
  removeTerminals,
  root,
  runIn,
} from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

function file(name: string, text: string): string {
  const path = join(terminal.folder, name)
  writeFileSync(path, text)
  return path
}

const policies = join(root, 'fixtures/policies')

describe('where the file is', () => {
  test('in this folder or the nearest above, .yaml before .yml', () => {
    const deep = join(terminal.folder, 'a', 'b')
    mkdirSync(deep, { recursive: true })
    expect(findPolicyFile(deep)).toBeNull()
    const above = file('llmcost.yml', '')
    expect(findPolicyFile(deep)).toBe(above)
    const near = file('a/llmcost.yml', '')
    expect(findPolicyFile(deep)).toBe(near)
    expect(findPolicyFile(deep)).not.toBe(file('a/llmcost.yaml', ''))
    expect(findPolicyFile(deep)).toBe(join(terminal.folder, 'a', 'llmcost.yaml'))
  })

  test('the flag goes over LLMCOST_POLICY, that over the search', () => {
    const found = file('llmcost.yaml', '')
    const env = { LLMCOST_POLICY: 'env.yaml' }
    expect(policyPath({ policy: 'flag.yaml' }, { env }, terminal.folder)).toBe('flag.yaml')
    expect(policyPath({}, { env }, terminal.folder)).toBe('env.yaml')
    expect(policyPath({}, { env: {} }, terminal.folder)).toBe(found)
  })
})

describe('llmcost policy check', () => {
  test('a right file has no problems, and a fingerprint', async () => {
    const { code, out, err } = await runIn(
      terminal,
      'policy',
      'check',
      join(policies, 'support.yaml'),
    )
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/support\.yaml: no problems \(policy [0-9a-f]{16}\)\n$/)
  })

  test('one problem is an error with its line, path and hint', async () => {
    const path = file('one.yaml', 'routes:\n  - name: a\n    ladder: [openai:gpt-4o-mimi]\n')
    const { code, out, err } = await runIn(terminal, 'policy', 'check', path)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toBe(
      `error: unknown model "openai:gpt-4o-mimi" at ${path}:3 (routes[0].ladder[0])\n` +
        'hint:  did you mean "openai:gpt-4o-mini"? `llmcost prices` lists every known model.\n',
    )
  })

  test('several are listed, one a line', async () => {
    const { code, err } = await runIn(terminal, 'policy', 'check', join(policies, 'wrong.yaml'))
    expect(code).toBe(2)
    const lines = err.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^error: 18 problems in .*wrong\.yaml$/)
    expect(lines).toHaveLength(20)
    expect(lines[2]).toContain(
      'wrong.yaml:5 (cache.semantic.threshold): 92 is no similarity: a cosine, not a percentage: did you mean 0.92?',
    )
  })

  test('those of prices stand in the JSON as well', async () => {
    const path = join(terminal.folder, 'prices-wrong.yaml')
    writeFileSync(path, 'prices:\n  - { target: mine, rates: { input: -1 } }\n')
    const { code, out } = await runIn(terminal, 'policy', 'check', path, '--format', 'json')
    const { problems, fingerprint } = JSON.parse(out)
    expect({ code, fingerprint }).toEqual({ code: 2, fingerprint: null })
    expect(problems).toHaveLength(1)
    expect(problems[0].path).toMatch(/^prices\[0\]/)
    expect(problems[0].message).not.toBe('')
  })

  test('problems as JSON have exit code 2 too', async () => {
    const path = join(policies, 'wrong.yaml')
    const { code, out } = await runIn(terminal, 'policy', 'check', path, '--format', 'json')
    const result = JSON.parse(out)
    expect(code).toBe(2)
    expect(result).toMatchObject({ kind: 'policy-check', fingerprint: null, warnings: [] })
    expect(result.problems).toHaveLength(18)
    expect(result.problems[0]).toEqual({
      path: 'cache.semantic.treshold',
      value: '"treshold"',
      line: 4,
      message: 'unknown key',
      hint: 'did you mean "threshold"?',
    })
  })

  test('warnings are no problems', async () => {
    const path = file('warned.yaml', 'cache: { semantic: { threshold: 0.9 } }')
    const { code, out, err } = await runIn(terminal, 'policy', 'check', path)
    expect(code).toBe(0)
    expect(out).toContain('no problems, 1 warning')
    expect(err).toMatch(
      /^warning: .*warned\.yaml: cache\.namespace is log, which is not enough for serve/,
    )
  })

  test('prices of the file are read too', async () => {
    const path = file('priced.yaml', 'prices: [{ target: openai:gpt-4o, factr: 0.8 }]')
    const { code, err } = await runIn(terminal, 'policy', 'check', path)
    expect(code).toBe(2)
    expect(err).toContain('prices[0]')
  })

  test('control characters of a file do not reach the terminal', async () => {
    const path = file('hostile.yaml', '"\\e[31mred": 1\n')
    const { err } = await runIn(terminal, 'policy', 'check', path)
    expect(err).toContain('unknown key')
    expect(err).not.toContain('\u001b')
  })

  test('a file that is not there', async () => {
    const { code, err } = await runIn(terminal, 'policy', 'check', join(terminal.folder, 'no.yaml'))
    expect(code).toBe(2)
    expect(err).toContain('no such file')
  })
})

describe('llmcost policy check --checklist', () => {
  const answersIn = async (...argv: readonly string[]) => {
    const { code, out } = await runIn(
      terminal,
      'policy',
      'check',
      ...argv,
      '--checklist',
      '--format',
      'json',
    )
    expect(code).toBe(0)
    const result = JSON.parse(out)
    const checklist = result.checklist as { item: string; answer: string; advice: string | null }[]
    return {
      log: result.log,
      checklist,
      of: (item: string) => checklist.find((each) => each.item === item)?.answer,
    }
  }

  test('without a log, what only a log tells is unknown', async () => {
    const { log, of } = await answersIn(join(policies, 'support.yaml'))
    expect(log).toMatch(/^none/)
    expect(of('spend is known by feature')).toBe('unknown')
    expect(of('spend has a limit')).toBe('partly')
    expect(of('users get no answers made for others')).toBe('yes')
  })

  test('with a log the answers are counted, and what is no yes has advice', async () => {
    await runIn(terminal, 'ingest', join(fixtures, 'support-copilot.jsonl'))
    const { log, of, checklist } = await answersIn(join(policies, 'code-review.yaml'))
    expect(log).toBe('307 requests')
    expect(of('spend is known by feature')).toBe('yes')
    expect(of('a loop is stopped')).toBe('yes')
    expect(of('another model answers when one fails')).toBe('yes')
    for (const { answer, advice } of checklist) expect(advice === null).toBe(answer === 'yes')
  })

  test('the same questions in a table', async () => {
    const { code, out } = await runIn(
      terminal,
      'policy',
      'check',
      join(policies, 'support.yaml'),
      '--checklist',
    )
    expect(code).toBe(0)
    expect(out).toMatch(/every path has a timeout +yes/)
  })
})

describe('llmcost policy show', () => {
  test('in sentences, the environment over the file', async () => {
    const changed = newTerminal({ env: { LLMCOST_THRESHOLD: '0.99' } })
    const { code, out } = await runIn(
      changed,
      'policy',
      'show',
      '--policy',
      join(policies, 'support.yaml'),
    )
    expect(code).toBe(0)
    expect(out).toContain('Requests of similarity 0.99 or more by the static embedder')
    expect(out).toContain('Answers are shared within the same tenant.')
  })

  test('as a file that shows the same', async () => {
    const argv = ['policy', 'show', '--format']
    const first = await runIn(
      terminal,
      ...argv,
      'yaml',
      '--policy',
      join(policies, 'code-review.yaml'),
    )
    const again = await runIn(terminal, ...argv, 'yaml', '--policy', file('again.yaml', first.out))
    expect(again.out).toBe(first.out)
    const json = await runIn(
      terminal,
      ...argv,
      'json',
      '--policy',
      join(policies, 'code-review.yaml'),
    )
    const { fingerprint, policy } = JSON.parse(json.out)
    const copy = await runIn(
      terminal,
      ...argv,
      'json',
      '--policy',
      join(terminal.folder, 'again.yaml'),
    )
    expect(JSON.parse(copy.out)).toMatchObject({ fingerprint, policy })
  })
})

describe('llmcost policy init', () => {
  const initOf = async (...argv: readonly string[]) => {
    const { code, out } = await runIn(terminal, 'policy', 'init', ...argv, '--out', '-', '--quiet')
    expect(code).toBe(0)
    const parsed = parsePolicy(out)
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems))
    return { text: out, policy: parsed.policy }
  }
  const log = (...models: readonly string[]) =>
    file(
      'log.jsonl',
      models
        .map((model, index) =>
          canonicalRecord({
            id: `r${index}`,
            model,
            provider: model.startsWith('claude') ? 'anthropic' : 'openai',
          }),
        )
        .join('\n'),
    )

  test('without a log writes the default', async () => {
    const { text, policy } = await initOf()
    expect(text).toContain('there was no log to fit it to')
    expect(policy.cache.namespace).toEqual({ kind: 'log' })
    expect(policy.tiers.small).toBe('openai:gpt-6-luna')
  })

  test('takes the cheapest, median and dearest chat model of the main provider', async () => {
    const models = ['gpt-4o', 'gpt-4o-mini', 'o1', 'gpt-4.1', 'gpt-4.1-nano', 'claude-opus-4-1']
    const { policy, text } = await initOf(log(...models))
    expect(policy.tiers).toEqual({
      small: 'openai:gpt-4.1-nano',
      medium: 'openai:gpt-4.1',
      large: 'openai:o1',
    })
    expect(text).toContain('median and the dearest chat model of openai in the log')
  })

  test('takes a dated set of the vendor where the log has fewer than three', async () => {
    const { policy, text } = await initOf(
      log('claude-opus-4-1', 'claude-haiku-4-5', 'nobody-sells-this'),
    )
    expect(policy.tiers.small).toBe('anthropic:claude-haiku-4-5')
    expect(text).toContain('A set of 2026-09-23')
  })

  test('takes the namespace that the log has', async () => {
    const { policy } = await initOf(join(fixtures, 'support-copilot.jsonl'))
    expect(policy.cache.namespace).toEqual({ kind: 'fields', fields: ['tenant'] })
    const user = await initOf(file('users.jsonl', canonicalRecord({ user: 'u1' })))
    expect(user.policy.cache.namespace).toEqual({ kind: 'fields', fields: ['user'] })
  })

  test('what it offers in comments is right as it stands', async () => {
    const { text } = await initOf()
    const [written = '', offered = ''] = text.split('# # To switch a part on')
    const uncommented = offered.replace(/^[^\n]*\n/, '').replace(/^# ?/gm, '')
    const parsed = parsePolicy(`${written}\n${uncommented}`)
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems))
    expect(parsed.policy.budgets).toHaveLength(3)
    expect(parsed.policy.loopGuard).toEqual({
      maxCalls: 40,
      maxNanoUsd: null,
      maxSimilarInRow: 5,
      action: 'block',
    })
    expect(parsed.policy.routes).toHaveLength(1)
  })

  test('does not replace a file unless told to', async () => {
    const out = file('llmcost.yaml', 'coalesce: off\n')
    const first = await runIn(terminal, 'policy', 'init', '--out', out)
    expect(first).toMatchObject({ code: 2, err: expect.stringContaining('is there already') })
    expect(readFileSync(out, 'utf8')).toBe('coalesce: off\n')
    const forced = await runIn(terminal, 'policy', 'init', '--out', out, '--force')
    expect(forced.code).toBe(0)
    expect(readFileSync(out, 'utf8')).toContain('yaml-language-server')
  })
})
