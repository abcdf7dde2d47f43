import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SimulateResult, SweepPoint } from '../../src/simulate/result.ts'
import { canonicalRecord, fixtures, newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import { hasRealData, realData } from '../support/real-data.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
let log: string
beforeEach(() => {
  terminal = newTerminal()
  log = join(terminal.folder, 'log.jsonl')
})
afterEach(removeTerminals)

async function simulated(...argv: readonly string[]): Promise<SimulateResult> {
  const { code, out, err } = await runIn(terminal, 'simulate', ...argv, '--format', 'json', '-q')
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as SimulateResult
}

const ask = (id: string, text: string, fields: object = {}): string =>
  `${canonicalRecord({
    id,
    prompt: { messages: [{ role: 'user', content: text }] },
    answer: { text: `about ${text}`, finishReason: 'stop' },
    ...fields,
  })}\n`

const story = join(fixtures, 'support-copilot.jsonl')

describe('a simulation', () => {
  test('adds up: the waterfall to the savings, receipts to the spend', async () => {
    const receipts = join(terminal.folder, 'receipts.jsonl')
    const { baseline, policy, savings, waterfall, layers } = await simulated(
      story,
      '--threshold',
      '0.85',
      '--receipts',
      receipts,
    )
    const nano = (usd: number) => Math.round(usd * 1e9)
    const sum = (list: readonly number[]) => list.reduce((all, each) => all + each, 0)
    expect(sum(waterfall.map(({ savingUsd }) => nano(savingUsd)))).toBe(nano(savings.costUsd))
    expect(nano(baseline.costUsd) - nano(policy.costUsd)).toBe(nano(savings.costUsd))
    const lines = readFileSync(receipts, 'utf8').trimEnd().split('\n')
    const written = lines.map(
      (line) =>
        JSON.parse(line) as { costUsd: number; outcome: string; steps: { layer?: string }[] },
    )
    expect(sum(written.map(({ costUsd }) => nano(costUsd)))).toBe(nano(policy.costUsd))
    const hits = written.filter(({ outcome }) => outcome === 'hit')
    expect(hits).toHaveLength(layers.exact.hits + layers.semantic.hits)
  })

  test('of nothing reproduces the log to the nano-dollar', async () => {
    const { baseline, policy, savings } = await simulated(
      story,
      '--no-exact',
      '--no-semantic',
      '--no-coalesce',
    )
    expect([policy.costUsd, policy.avoidedCalls]).toEqual([baseline.costUsd, 0])
    expect(savings.costUsd).toBe(0)
  })

  test('gives the same bytes twice, the second time from kept neighbours', async () => {
    const env = { ...terminal.env, SOURCE_DATE_EPOCH: '1786000000' }
    const run = () => runIn({ ...terminal, env }, 'simulate', story, '--format', 'json', '-q')
    const first = await run()
    expect((await run()).out).toBe(first.out)
  })

  test('gives the same bytes from another store, vectors of the log included', async () => {
    const env = { ...terminal.env, SOURCE_DATE_EPOCH: '1786000000' }
    const vectors = [1, 2, 1].map((x, index) =>
      ask(`r${index}`, `What is widget ${x}?`, {
        at: `2026-08-01T10:0${index}:00Z`,
        embedding: [x, 1],
      }),
    )
    writeFileSync(log, vectors.join(''))
    const argv = ['simulate', log, '--embedder', 'logged', '--format', 'json', '-q']
    const run = (name: string) =>
      runIn({ ...terminal, env }, ...argv, '--db', join(terminal.folder, name))
    const first = await run('a.db')
    expect(first.err).toBe('')
    expect((await run('b.db')).out).toBe(first.out)
  })

  test('shows layers that rules alone switch on', async () => {
    const file = join(terminal.folder, 'own.yaml')
    const rule = '{ when: { feature: support-copilot }, exact: on, semantic: on, threshold: 0.85 }'
    writeFileSync(
      file,
      `cache: { namespace: shared, exact: off, semantic: off, defaultRules: false, rules: [${rule}] }\n`,
    )
    const { exact, semantic } = (await simulated(story, '--policy', file)).layers
    expect([exact.on, exact.hits]).toEqual([true, 6])
    expect(semantic).toMatchObject({ on: true, hits: 2, threshold: 0.92, ruleThresholds: [0.85] })
    expect(semantic.wrongHits).not.toBeNull()
  })

  test('never lets a namespace serve another', async () => {
    writeFileSync(
      log,
      ['a', 'b', 'a', 'b']
        .map((namespace, index) =>
          ask(`r${index}`, 'What is a widget?', {
            at: `2026-08-01T10:0${index}:00Z`,
            namespace,
          }),
        )
        .join(''),
    )
    expect((await simulated(log)).layers.exact.hits).toBe(2)
    expect((await simulated(log, '--namespace', 'shared')).layers.exact.hits).toBe(3)
    const byUser = await simulated(log, '--namespace', 'tenant,user')
    expect(byUser.warnings[0]).toMatchObject({ code: 'namespace-unnamed', count: 4 })
    expect(byUser.warnings[0]?.message).toContain('name no user')
  })

  test('keeps what it was asked to keep in a policy file that runs the same', async () => {
    const file = join(terminal.folder, 'own.yaml')
    const flags = ['--threshold', '0.85', '--ttl', '1h', '--namespace', 'user']
    const asked = await simulated(story, ...flags, '--write', file)
    expect(existsSync(file)).toBe(true)
    const again = await simulated(story, '--policy', file)
    expect(again.fingerprints).toEqual(asked.fingerprints)
    expect(again.layers).toEqual(asked.layers)
  })

  test('compares what the policy says: here the question in a prompt with its documents', async () => {
    const prompts = ['cats', 'dogs'].map((animal, day) =>
      ask(`r${day}`, `Documents: all about ${animal}\nQuestion: What does it eat?`, {
        at: `2026-08-01T1${day}:00:00Z`,
        feature: 'documents',
      }),
    )
    writeFileSync(log, prompts.join(''))
    const hitsWith = async (cacheText: string): Promise<number> => {
      const file = join(terminal.folder, 'text.yaml')
      writeFileSync(
        file,
        `cache:\n  namespace: shared\n  semantic:\n    on: true\n    threshold: 0.99\n    cacheText: ${cacheText}\n`,
      )
      return (await simulated(log, '--policy', file)).layers.semantic.hits
    }
    expect(await hitsWith('last-user')).toBe(0)
    expect(await hitsWith("{ pattern: 'Question: (.*)' }")).toBe(1)
    expect(await hitsWith('{ template: "{feature}" }')).toBe(1)
  })

  test('leaves out of keys what the policy ignores, where the store holds the prompts', async () => {
    const file = join(terminal.folder, 'own.yaml')
    const ignore = (coveredBy: string) =>
      writeFileSync(
        file,
        `cache:\n  namespace: user\n  keyIgnore:\n    - { pattern: 'Today is \\w+', coveredBy: ${coveredBy} }\n`,
      )
    const days = ['Monday', 'Tuesday'].map((day, index) =>
      ask(`r${index}`, '', {
        at: `2026-08-01T10:0${index}:00Z`,
        user: 'u1',
        latencyMs: 500,
        prompt: {
          messages: [
            { role: 'system', content: `Today is ${day}` },
            { role: 'user', content: 'What is a widget?' },
          ],
        },
      }),
    )
    writeFileSync(log, days.join(''))
    ignore('user')
    const honoured = await simulated(log, '--policy', file)
    expect([honoured.layers.exact.hits, honoured.warnings]).toEqual([1, []])
    const shared = await simulated(log, '--policy', file, '--namespace', 'shared')
    expect(shared.layers.exact.hits).toBe(0)
    expect(shared.warnings).toMatchObject([{ code: 'key-ignore-uncovered', count: 1 }])
    ignore('documentVersion')
    const hashed = await simulated(log, '--policy', file, '--content', 'hash')
    expect(hashed.layers.exact.hits).toBe(0)
    expect(hashed.warnings).toMatchObject([{ code: 'key-ignore-without-text', count: 2 }])
  })

  test('serves nobody who is not named what another was told of themselves', async () => {
    const file = join(terminal.folder, 'own.yaml')
    const entry = "{ pattern: 'I am \\w+', coveredBy: user }"
    writeFileSync(file, `cache: { namespace: user, keyIgnore: [${entry}] }\n`)
    const asked = ['Ada', 'Bob'].map((name, index) =>
      ask(`r${index}`, '', {
        at: `2026-08-01T10:0${index}:00Z`,
        latencyMs: 500,
        prompt: {
          messages: [
            { role: 'system', content: `I am ${name}` },
            { role: 'user', content: 'What is a widget?' },
          ],
        },
      }),
    )
    writeFileSync(log, asked.join(''))
    const unnamed = await simulated(log, '--policy', file)
    expect(unnamed.layers.exact.hits).toBe(0)
    expect(unnamed.warnings).toMatchObject([
      { code: 'namespace-unnamed', count: 2 },
      { code: 'key-ignore-without-cover', count: 2 },
    ])
  })

  test('judges by labels that a home-made log has beside its bodies', async () => {
    const pair = (minute: number, label: string) =>
      `${JSON.stringify({
        timestamp: `2026-08-01T10:0${minute}:00Z`,
        answer_label: label,
        request: { model: 'gpt-4o', messages: [{ role: 'user', content: 'What is a widget?' }] },
        response: {
          id: `chatcmpl-${minute}`,
          choices: [{ message: { content: `answer ${minute}` }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 10, completion_tokens: 2 },
        },
      })}\n`
    writeFileSync(log, pair(0, 'tools') + pair(1, 'tools') + pair(2, 'toys'))
    const { semantic } = (await simulated(log, '--no-exact', '--threshold', '0.99')).layers
    expect([semantic.hits, semantic.wrongHits, semantic.rungs]).toEqual([
      2,
      { low: 1, high: 1 },
      { label: 2 },
    ])
  })

  describe('with --answer-label', () => {
    const asked = (minute: number, labels: { field?: string; metadata?: object }) =>
      `${JSON.stringify({
        timestamp: `2026-08-01T10:0${minute}:00Z`,
        ...(labels.field !== undefined && { review: { intent: labels.field } }),
        ...(labels.metadata !== undefined && { metadata: labels.metadata }),
        request: { model: 'gpt-4o', messages: [{ role: 'user', content: 'What is a widget?' }] },
        response: {
          id: `chatcmpl-${minute}`,
          choices: [{ message: { content: `answer ${minute}` }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 10, completion_tokens: 2 },
        },
      })}\n`
    const semantic = ['--no-exact', '--threshold', '0.99']
    const judged = async (...argv: readonly string[]) => {
      const { layers } = await simulated(...argv, ...semantic)
      const { hits, wrongHits, rungs } = layers.semantic
      return { hits, wrongHits, rungs }
    }
    const oneOfTwoWrong = { hits: 2, wrongHits: { low: 1, high: 1 }, rungs: { label: 2 } }

    test('judges by a tag that the store has kept', async () => {
      const of = (minute: number, intent: string) => asked(minute, { metadata: { intent } })
      writeFileSync(log, of(0, 'tools') + of(1, 'tools') + of(2, 'toys'))
      expect((await judged(log)).rungs).not.toHaveProperty('label')
      expect(await judged('--answer-label', 'intent')).toEqual(oneOfTwoWrong)
      expect(await judged('--answer-label', 'tag:intent')).toEqual(oneOfTwoWrong)
      expect((await judged()).rungs).not.toHaveProperty('label')
    })

    test('judges by tags of which there is another one for every request', async () => {
      const of = (minute: number, intent: string) =>
        asked(minute, { metadata: { intent, nonce: `n${minute}` } })
      const others = Array.from({ length: 3000 }, (_, at) =>
        ask(`r${at}`, `question ${at}`, {
          tags: { nonce: `other ${at}` },
        }),
      ).join('')
      writeFileSync(log, others + of(0, 'tools') + of(1, 'tools') + of(2, 'toys'))
      expect((await judged(log, '--answer-label', 'intent')).rungs).toMatchObject({ label: 2 })
    })

    test('judges by a field of the records that no reader knows, reading the log again for it', async () => {
      const of = (minute: number, field: string) => asked(minute, { field })
      writeFileSync(log, of(0, 'tools') + of(1, 'tools') + of(2, 'toys'))
      await simulated(log, ...semantic)
      expect(await judged(log, '--answer-label', 'review.intent')).toEqual(oneOfTwoWrong)
      expect(await judged('--answer-label', 'review.intent')).toEqual(oneOfTwoWrong)
    })

    test('leaves requests without the label to the other rungs', async () => {
      const of = (minute: number, intent?: string) =>
        asked(minute, intent === undefined ? {} : { metadata: { intent } })
      writeFileSync(log, of(0, 'tools') + of(1, 'toys') + of(2))
      expect((await judged(log, '--answer-label', 'intent')).rungs).toMatchObject({ label: 1 })
    })

    test('says which fields there are where no request has it', async () => {
      writeFileSync(log, asked(0, { metadata: { intent: 'tools' } }))
      const { code, err } = await runIn(terminal, 'simulate', log, '--answer-label', 'intend')
      expect(code).toBe(2)
      expect(err).toContain('no request has the field "intend"')
      expect(err).toContain('intent')
    })
  })

  test('says the same of a threshold in the headline and in the sweep', async () => {
    const { savings, sweep } = await simulated(story, '--threshold', '0.873')
    expect(sweep.find(({ threshold }) => threshold === 0.873)?.savingsUsd).toBe(savings.costUsd)
    expect(sweep.map(({ threshold }) => threshold)).toEqual(
      expect.arrayContaining([0.92, 0.85, 0.8]),
    )
  })

  describe('of every threshold', () => {
    const names = ['Anna', 'Ben', 'Cleo', 'Dora', 'Emil', 'Fred', 'Gina', 'Hans']
    const manyAsks = () =>
      names
        .flatMap((name, index) => [
          `Please reset the password of ${name.toLowerCase()} for me`,
          `Could you reset the password of ${names.at(index - 1)?.toLowerCase()}?`,
          `How much is the shipping of a ${name.toLowerCase()} doll`,
        ])
        .map((text, index) => ask(`r${index}`, text))
        .join('')

    test.each([
      ['a log whose caches are all that saves', manyAsks],
      ['a log with prompt caches', () => readFileSync(story, 'utf8')],
    ])('has each step of the curve that a grid walks over: %s', async (_, textOf) => {
      writeFileSync(log, textOf())
      const flags = [log, '--guards', 'none', '--sweep']
      const { sweep, warnings } = await simulated(...flags, '0.6:1:every')
      const grid = await simulated(...flags, '0.6:1:0.01')
      const isOfCache = warnings.some(({ code }) => code === 'sweep-of-cache')
      const whatCounts = ({ threshold: _, savingsUsd, ...point }: SweepPoint) =>
        isOfCache ? point : { ...point, savingsUsd }
      const steps = grid.sweep.map(({ threshold }) =>
        sweep.findLast((point) => point.threshold >= threshold),
      )
      expect(steps.map((point) => point && whatCounts(point))).toEqual(grid.sweep.map(whatCounts))
      expect(new Set(sweep.map(({ hits }) => hits)).size).toBeGreaterThan(3)
      expect(sweep.map(({ threshold }) => threshold)).toEqual(
        [...new Set(sweep.map(({ threshold }) => threshold))].sort((a, b) => b - a),
      )
      expect(isOfCache).toBe(textOf !== manyAsks)
    })

    test('has a grid, and says why, where each threshold takes a run of its own', async () => {
      const { sweep, warnings } = await simulated(story, '--sweep', 'every', '--max-entries', '3')
      expect(sweep.map(({ threshold }) => threshold)).toEqual(
        (await simulated(story, '--max-entries', '3')).sweep.map(({ threshold }) => threshold),
      )
      expect(warnings.map(({ code }) => code)).toContain('sweep-by-grid')
    })
  })

  test('takes what budgets refuse for refused, not for saved', async () => {
    const file = join(terminal.folder, 'own.yaml')
    writeFileSync(
      file,
      'cache:\n  namespace: shared\nbudgets:\n  - { scope: all, window: day, limit: $0.05, action: block }\n',
    )
    const { limits, policy } = await simulated(story, '--policy', file)
    const nano = (usd = 0) => Math.round(usd * 1e9)
    expect(limits?.refusedRequests).toBeGreaterThan(0)
    const parts = [limits?.refusedUsd, limits?.downgradedUsd, limits?.othersUsd].map(nano)
    expect(nano(limits?.costUsd)).toBe(
      nano(policy.costUsd) - parts.reduce((sum, part) => sum + part, 0),
    )
  })

  test('says how many go on one account of a budget that none of them names', async () => {
    const file = join(terminal.folder, 'own.yaml')
    const named = [{ user: 'u1', team: 't1' }, { user: 'u1' }, { user: 'u2' }, { user: 'u3' }]
    const asked = named.map((who, index) => ask(`r${index}`, `question ${index}`, who))
    writeFileSync(log, asked.join(''))
    const { baseline } = await simulated(log)
    // Enough for one request, with what is held back for it, and not for two.
    const enough = (1.5 * baseline.costUsd) / named.length
    const limit = `window: day, limit: $${enough.toFixed(9)}, action: block`
    writeFileSync(file, `budgets: [{ scope: team, ${limit} }, { scope: user, ${limit} }]\n`)
    const { limits, warnings } = await simulated(log, '--policy', file)
    // The first uses up what u1 has, the third what is there for those without a team.
    expect(limits?.refusedRequests).toBe(2)
    expect(warnings.filter(({ code }) => code === 'budget-unnamed')).toMatchObject([
      { message: expect.stringContaining('name no team'), count: 3 },
    ])
  })

  test('sets machines of one’s own beside a month of the log, and into no cost', async () => {
    const file = join(terminal.folder, 'own.yaml')
    writeFileSync(
      file,
      [
        'routes: [{ name: home, when: { feature: [home] }, ladder: ["local:small"] }]',
        'selfHosted: [{ target: "local:small", gpuHour: $2, outputTokensPerSecond: 1000, utilisation: 50% }]',
      ].join('\n'),
    )
    const usage = { inputTokens: 1000, outputTokens: 100 }
    const days = [3, 4, 5].flatMap((date) =>
      ['00:00', '23:30'].map((time) =>
        ask(`${date} ${time}`, `question ${date} ${time}`, {
          at: `2026-08-0${date}T${time}:00Z`,
          model: 'gpt-4o',
          usage,
          feature: 'home',
        }),
      ),
    )
    writeFileSync(log, days.join(''))
    const { layers, policy } = await simulated(log, '--policy', file)
    // $2 × 24 × 30.4375; 200 tokens a day; $3.50 a thousand requests of 100 tokens.
    expect(layers.selfHosted).toEqual([
      {
        target: 'local:small',
        requests: 6,
        outputTokens: 600,
        outputTokensPerMonth: 6087.5,
        usdPerMonth: 1461,
        usdPerMillion: 240_000,
        usdPerMillionFilled: expect.closeTo(1461 / (0.5 * 30.4375 * 86.4), 9),
        filledShare: expect.closeTo(200 / (500 * 86_400), 12),
        elsewhereUsdPerMillion: expect.closeTo(35, 9),
        breakEvenTokensPerMonth: expect.closeTo(1461e6 / 35, 3),
        policyUsdPerMonth: 0,
      },
    ])
    expect(policy.costUsd).toBe(0)
  })

  test('sets policies side by side', async () => {
    const file = join(terminal.folder, 'own.yaml')
    writeFileSync(file, 'cache:\n  exact: off\n  namespace: shared\n')
    const other = join(terminal.folder, 'other.yaml')
    writeFileSync(other, 'cache:\n  namespace: shared\n')
    const { beside, layers } = await simulated(story, '--policy', file, '--policy', other)
    expect(layers.exact.hits).toBe(0)
    expect(beside.find(({ name }) => name === other)?.hits).toBeGreaterThan(0)
  })
})

describe('a hard log', () => {
  test('of one request', async () => {
    writeFileSync(log, ask('only', 'What is a widget?'))
    const { policy, layers } = await simulated(log)
    expect([policy.calls, policy.avoidedCalls, layers.semantic.hitRate]).toEqual([1, 0, 0])
  })

  test('of identical requests', async () => {
    const times = Array.from({ length: 50 }, (_, minute) =>
      ask(`r${minute}`, 'What is a widget?', {
        at: `2026-08-01T10:${String(minute).padStart(2, '0')}:00Z`,
      }),
    )
    writeFileSync(log, times.join(''))
    const { layers, policy } = await simulated(log)
    expect([layers.exact.hits, layers.semantic.hits, policy.calls]).toEqual([49, 0, 1])
    const semantic = await simulated(log, '--no-exact', '--threshold', '1')
    expect(semantic.layers.semantic.hits).toBe(49)
  })

  test('of empty prompts and one of a megabyte', async () => {
    writeFileSync(
      log,
      ask('empty', '') + ask('again', '   ') + ask('long', 'word '.repeat(200_000)),
    )
    const { policy } = await simulated(log)
    expect(policy.calls).toBe(3)
  })

  test('without text bypasses the semantic layer and still runs the others', async () => {
    const { layers, bypasses } = await simulated(story, '--content', 'hash')
    expect(layers.exact.hits).toBeGreaterThan(0)
    expect(layers.semantic.hits).toBe(0)
    expect(bypasses).toContainEqual(
      expect.objectContaining({ layer: 'semantic', reason: 'no-text' }),
    )
  })

  test('without times says that all count as of one moment', async () => {
    writeFileSync(
      log,
      ask('a', 'Hello there', { at: null }) + ask('b', 'Hello there', { at: null }),
    )
    const { warnings, layers } = await simulated(log)
    expect(warnings.map(({ code }) => code)).toContain('no-times')
    expect(layers.exact.hits).toBe(1)
  })

  test('without times but with latencies can still be served', async () => {
    const row = { at: null, latencyMs: 900 }
    writeFileSync(log, ask('a', 'Hello there', row) + ask('b', 'Hello there', row))
    expect((await simulated(log)).layers.exact.hits).toBe(1)
  })
})

describe('a wrong flag', () => {
  test.each([
    [['--threshold', '92'], 'did you mean 0.92?'],
    [['--embedder', 'sttic'], 'did you mean "static"?'],
    [['--sweep', '0.9:0.8:0.01'], 'write FROM:TO:STEP'],
    [['--sweep', '0:1:0.0001'], 'take a step'],
    [['--sweep', '0.8:every:0.01'], 'every is a step too'],
    [['--namespace', 'tennant'], 'tenant'],
    [['--explain', '999999'], 'by their number in the store'],
    [['--embedder', 'logged'], 'vectors'],
    [['--policy', 'missing.yaml'], 'missing.yaml'],
    [['--interactive'], 'leave it out to print the report'],
    [['--write', join(fixtures, 'README.md', 'x.yaml')], 'cannot be written'],
    [['--write', story], 'is there already'],
    [['--baseline', 'gpt-4o'], 'all:gpt-4o'],
    [['--baseline', 'all:gpt-5o-mimi'], 'llmcost prices'],
  ])('%j is explained', async (flags, hint) => {
    const { code, out, err } = await runIn(terminal, 'simulate', story, ...flags, '-q')
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(hint)
    expect(err).not.toMatch(/^\s+at /m)
  })
})

type Known = Record<string, { readonly hits: number; readonly wrong: number }>

describe.runIf(hasRealData)('4,000 support questions, from the raw log', () => {
  const file = realData('semantic/clinc_4000.jsonl')
  const mapped = [
    ...['at=timestamp:s', 'namespace=tenant', 'user=user', 'prompt=prompt', 'id=id'],
    ...['answerLabel=answer_class', 'embedding=embedding'],
  ].flatMap((pair) => ['--map', pair])
  const semanticOnly = ['--guards', 'none', '--no-exact', '--no-coalesce', '--no-default-rules']
  const knownOf = (path: string, name: string): Known =>
    hasRealData
      ? ((JSON.parse(readFileSync(realData(path), 'utf8')) as Record<string, Known>)[name] ?? {})
      : {}

  test.each([
    ['logged', knownOf('semantic/clinc_4000.expected.json', 'expected')],
    ['static', knownOf('embedding/static-v1.expected.json', 'clinc_4000')],
  ])(
    'by the embedder %s gives the known hits and wrong hits',
    async (embedder, known) => {
      const simulatedWith = (namespace: string, ttl: string, insert: string) =>
        simulated(
          file,
          ...mapped,
          ...['--set', 'model=gpt-4o-mini', '--embedder', embedder, ...semanticOnly],
          ...['--namespace', namespace, '--ttl', ttl, '--insert', insert],
          ...['--sweep', '0.70:0.99:0.01'],
        )
      const rows = Object.entries(known).map(([name, expected]) => {
        const settings = Object.fromEntries(name.split(' ').map((word) => word.split('=')))
        return { settings, expected }
      })
      const cases = rows.filter(({ settings }) => !('lru' in settings) && !('latency' in settings))
      const runs = new Map<string, SimulateResult>()
      for (const { settings, expected } of cases) {
        const key = [settings.namespace ?? 'shared', settings.ttl ?? 'off', settings.insert].join(
          ' ',
        )
        const run =
          runs.get(key) ?? (await simulatedWith(...(key.split(' ') as [string, string, string])))
        runs.set(key, run)
        const point = run.sweep.find(({ threshold }) => threshold === Number(settings.threshold))
        expect({ settings, hits: point?.hits, wrong: point?.wrongHits?.low ?? 0 }).toEqual({
          settings,
          ...expected,
        })
      }
      expect(cases.length).toBeGreaterThanOrEqual(embedder === 'logged' ? 28 : 12)
    },
    120_000,
  )
})
