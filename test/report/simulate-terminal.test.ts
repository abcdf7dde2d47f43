import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatSimulate } from '../../src/report/format-simulate.ts'
import type { View } from '../../src/report/screen.ts'
import { textWidth } from '../../src/report/text-width.ts'
import type { SimulateResult } from '../../src/simulate/result.ts'
import { hostileText } from '../support/hostile-text.ts'
import {
  emptySimulateResult,
  richSimulateResult,
  simulateResultWithText,
  unmeasuredSimulateResult,
} from '../support/simulate-result.ts'

const plain: View = { width: 80, color: false, unicode: true }
const print = (result: SimulateResult, view: Partial<View> = {}) =>
  formatSimulate(result, 'terminal', { ...plain, ...view })

describe('golden reports', () => {
  test.each([
    ['simulate-120', { width: 120 }],
    ['simulate-80', { width: 80 }],
    ['simulate-40-ascii', { width: 40, unicode: false }],
    ['simulate-80-color', { color: true }],
  ])('%s', async (name, view) => {
    await expect(print(richSimulateResult(), view)).toMatchFileSnapshot(`golden/${name}.txt`)
  })

  test.each([
    ['simulate-unmeasured', unmeasuredSimulateResult],
    ['simulate-empty', emptySimulateResult],
  ])('%s', async (name, result) => {
    await expect(print(result())).toMatchFileSnapshot(`golden/${name}.txt`)
  })
})

test('no text of a log makes a line too wide, adds a line end or reaches the terminal raw', () => {
  const views = fc.record({
    width: fc.integer({ min: 40, max: 130 }),
    color: fc.boolean(),
    unicode: fc.boolean(),
  })
  fc.assert(
    fc.property(hostileText(), views, (text, view) => {
      const printed = print(simulateResultWithText(text), view)
      for (const line of printed.split('\n')) {
        expect(textWidth(line)).toBeLessThanOrEqual(Math.min(120, view.width))
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are taken off, then none may be left.
      const bare = view.color ? printed.replace(/\x1b\[\d+m/g, '') : printed
      expect(bare).not.toMatch(/(?!\n)[\p{Cc}\p{Cs}]|(?!\u200d)\p{Cf}|[\p{Zl}\p{Zp}]/u)
      if (!view.unicode) expect(bare).toMatch(/^[\x20-\x7e\n]*$/)
    }),
    { numRuns: 60 },
  )
})

test('colour changes nothing but colour', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character.
  const bare = print(richSimulateResult(), { color: true }).replace(/\x1b\[\d+m/g, '')
  expect(bare.replace(/ +$/gm, '')).toBe(print(richSimulateResult()))
})

test('every rate stands beside what it is a share of', () => {
  const printed = print(richSimulateResult())
  expect(printed).toContain('41,204 of 398,220 cacheable (10%)')
  expect(printed).toContain('60,112 of 240,118 cacheable (25%)')
  expect(printed).toContain('101,628 of 412,906 avoided (25%)')
  expect(printed).toContain('$4,080 a month, projected')
})

test('waiting for a request in flight is no hit and has a line of its own', () => {
  expect(print(richSimulateResult())).toMatch(/^ {2}coalesced +312 requests waited/m)
})

test('what similarity judged is called an estimate, what labels judged is not', () => {
  const rich = richSimulateResult()
  const semantic = { ...rich.layers.semantic, estimated: false }
  expect(print(rich)).toContain('estimated 2.1% – 3.4% per hit')
  expect(print({ ...rich, layers: { ...rich.layers, semantic } })).not.toContain('estimated')
})

test('without verdicts the rate is unmeasured, and what would settle it is said', () => {
  const printed = print(unmeasuredSimulateResult())
  expect(printed).toMatch(/wrong hits {3}unmeasured: .*\n +labels or a replay would settle it/)
  expect(printed).not.toMatch(/NaN|undefined|\bnull\b/)
})

test('a policy that costs more says so', () => {
  const rich = richSimulateResult()
  const savings = { costUsd: -120.5, share: -0.0081, projectedUsdPerMonth: -118 }
  expect(print({ ...rich, savings })).toContain('$120.50  dearer · 0.8% more · $118 a month')
})

test('of a long sweep the asked, the certified and the usual thresholds are rows', () => {
  const rows = print(richSimulateResult()).match(/^ {2}0\.\d\d +[\d,]+ /gm) ?? []
  expect(rows.map((row) => row.trim().split(/ +/)[0])).toEqual(['0.94', '0.92', '0.85', '0.80'])
})

test('layers that change nothing are left out, and the others still add up', () => {
  const rich = richSimulateResult()
  const idle = { layer: 'output cap', savingUsd: 0 }
  const printed = print({
    ...rich,
    waterfall: [...rich.waterfall, idle],
    alone: [...rich.alone, idle],
  })
  expect(printed).toBe(print(rich))
  expect(printed).toContain('adds up to  $4,214.73')
})

describe('the prompt cache of the provider', () => {
  const withPrefix = (changes: Partial<SimulateResult['layers']['prefix']>) => {
    const rich = richSimulateResult()
    const prefix = { ...rich.layers.prefix, ...changes }
    return print({ ...rich, layers: { ...rich.layers, prefix } })
  }

  test('its cost is that of the calls, and routes have theirs', () => {
    const printed = withPrefix({})
    expect(printed).toContain('calls cost   $3,204 instead of $4,022 without a prompt cache')
    expect(printed).toContain('calls cost   $1,590 – $1,812 if tokens elsewhere differ by 30%')
  })

  test('reads that nothing can be held against are unmeasured, not zero', () => {
    const unknown = { loggedReadTokens: 0, modelledReadTokens: 0, ifUsedSavingUsd: null }
    expect(withPrefix(unknown)).toMatch(/check +unmeasured: no prompt text or blocks$/m)
    expect(withPrefix({ loggedReadTokens: 0 })).toMatch(/check +as logged 0 are read, as modelled/)
  })
})

test('a threshold between two of the grid has its row', () => {
  const rich = richSimulateResult()
  const [first] = rich.sweep
  if (first === undefined) throw new Error('the sweep is empty')
  const asked = { ...first, threshold: 0.8765, hits: 77_777 }
  const semantic = { ...rich.layers.semantic, threshold: 0.8765 }
  const printed = print({
    ...rich,
    layers: { ...rich.layers, semantic },
    sweep: [...rich.sweep, asked],
  })
  expect(printed).toMatch(/^ {2}0\.8765 +77,777 .* asked$/m)
  const rows = printed.match(/^ {2}0\.\d+ +[\d,]+ /gm) ?? []
  expect(rows.map((row) => row.trim().split(/ +/)[0])).toEqual([
    '0.94',
    '0.92',
    '0.8765',
    '0.85',
    '0.80',
  ])
})

describe('the main reasons to pass a cache by', () => {
  test('stand once, whichever layer they kept from, most frequent first', () => {
    const rich = richSimulateResult()
    const of = (layer: 'exact' | 'semantic', reason: string, share: number) => ({
      layer,
      reason,
      requests: Math.round(share * rich.baseline.requests),
      share,
    })
    const bypasses = [
      of('semantic', 'off', 1),
      of('semantic', 'tool-call', 0.3),
      of('exact', 'tool-call', 0.2),
      of('semantic', 'long-conversation', 0.6),
      of('exact', 'no-key', 0.1),
    ]
    const [, line] = /bypassed +(.+)/.exec(print({ ...rich, bypasses }, { width: 120 })) ?? []
    expect(line).toBe('60% of requests: long-conversation   30% of requests: tool-call')
  })

  test('are no line where nothing is passed by', () => {
    expect(print({ ...richSimulateResult(), bypasses: [] })).not.toContain('bypassed')
  })
})

describe('what the embedder is worth', () => {
  const by = (embedder: string, recall: SimulateResult['layers']['semantic']['recall']) => {
    const rich = richSimulateResult()
    const semantic = { ...rich.layers.semantic, embedder, recall }
    return print({ ...rich, layers: { ...rich.layers, semantic } }, { width: 120 })
  }

  test('static is told what a stronger one finds, and how to try it', () => {
    expect(by('static', null)).toContain('--embedder openai:text-embedding-3-small or')
    expect(by('static', null)).toContain('--max-wrong-hits 1% picks one from this log')
    expect(by('openai:text-embedding-3-small', null)).not.toContain('small transformer')
  })

  test('an exact search says so', () => {
    expect(by('static', null)).toMatch(/recall +exact: every pair was compared/)
    expect(by('static', { looked: 9, found: 8, lowerBound: 0.5 })).not.toContain('every pair was')
  })
})

describe('the commands to go on with', () => {
  const further = (paths: readonly string[], on = true) => {
    const rich = richSimulateResult()
    const inputs = paths.map((path) => ({
      path,
      format: 'litellm',
      requests: 1,
      duplicates: 0,
      skipped: {},
    }))
    const semantic = { ...rich.layers.semantic, on }
    const printed = print({ ...rich, inputs, layers: { ...rich.layers, semantic } }, { width: 120 })
    return printed.slice(printed.indexOf('Go on with '))
  }

  test('repeat the file and the threshold', () => {
    expect(further(['logs/a.jsonl'])).toContain(
      'llmcost simulate logs/a.jsonl --threshold 0.92 --write llmcost.yaml',
    )
    expect(further(['logs/a.jsonl'], false)).toContain(
      'llmcost simulate logs/a.jsonl --write llmcost.yaml',
    )
  })

  test.each([
    ["my log's.jsonl", "'my log'\\''s.jsonl'"],
    ['$(rm -rf x).jsonl', "'$(rm -rf x).jsonl'"],
    ['-rf.jsonl', './-rf.jsonl'],
  ])('name %s so that a shell reads it as one word', (path, word) => {
    expect(further([path])).toContain(`llmcost simulate ${word} --threshold`)
    const read = execFileSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' })
    expect(read.replace(/^\.\//, '')).toBe(path)
  })

  test.each([[['a.jsonl', 'b.jsonl', 'c.jsonl']], [['a.jsonl', 'b\u001b[31m.jsonl']], [[]]])(
    'name none of %j',
    (paths) => {
      expect(further(paths)).toMatch(/^Go on with llmcost simulate --threshold 0\.92 --interactive/)
    },
  )
})

test('what was to be certified is answered where the asked threshold has no hits', () => {
  const rich = richSimulateResult()
  const withHits = (hits: number, on: boolean, certified = rich.certified) =>
    print({
      ...rich,
      certified,
      layers: { ...rich.layers, semantic: { ...rich.layers.semantic, hits, on } },
    })
  expect(withHits(0, true)).toMatch(/certificate +0\.94 saves most/)
  const advice = 'wrong hits cannot be certified: the policy has no semantic layer'
  const none = { ...rich.certified, threshold: null, labels: 0, errors: 0, advice }
  expect(withHits(0, false, none)).toMatch(/certificate +not certified/)
  expect(withHits(0, false, { ...none, alpha: null })).not.toContain('certificate')
})

test('a log whose hits are all labelled has a known count', () => {
  const rich = richSimulateResult()
  const thisLog = { hits: 1_204, labels: 1_204, wrong: 18, wrongAtMost: 18 }
  expect(print({ ...rich, certified: { ...rich.certified, thisLog } })).toMatch(
    /this log +18 of 1,204 hits of its second half are wrong: all are/,
  )
})
