import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSuite } from '../../src/ingest/suite.ts'
import {
  allPattern,
  anyCasePattern,
  literalPattern,
  noPattern,
} from '../../src/ingest/suite-pattern.ts'

const fixture = (name: string) => readSuite(name, readFileSync(`fixtures/suites/${name}`, 'utf8'))
const lines = (...rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n')
const rowOf = (row: object) => readSuite('s.jsonl', lines(row)).rows[0]
const user = (content: string) => [{ role: 'user', content }]

describe('a suite of JSON lines', () => {
  it('is read with a byte order mark and Windows line ends, and located by line', () => {
    const { rows, problems } = fixture('questions.jsonl')
    expect(rows).toEqual([
      {
        id: 'capital',
        line: 1,
        system: null,
        messages: user('What is the capital of Italy?'),
        expected: 'Rome',
        scorer: 'contains',
        model: null,
        feature: 'geography',
        params: {},
      },
      {
        id: 'sum',
        line: 2,
        system: 'Only the number.',
        messages: user('17 + 25?'),
        expected: '42',
        scorer: null,
        model: null,
        feature: '',
        params: { temperature: 0 },
      },
      {
        id: 'sum-2',
        line: 4,
        system: null,
        messages: user('6 * 7?'),
        expected: null,
        scorer: 'regex:^\\s*(?:42|forty-two)\\s*$',
        model: 'gpt-4o',
        feature: '',
        params: {},
      },
      {
        id: 'object',
        line: 7,
        system: null,
        messages: user('Ada, 36, as JSON'),
        expected: '{"name":"Ada","age":36}',
        scorer: 'json',
        model: null,
        feature: '',
        params: { max_tokens: 50 },
      },
    ])
    expect(problems).toEqual([
      { line: 4, level: 'warning', reason: 'the id "sum" is taken: it is called "sum-2"' },
      {
        line: 5,
        level: 'error',
        reason: 'has no prompt: it is looked for under messages, prompt, input, question, query',
      },
      { line: 6, level: 'error', reason: 'is no JSON object' },
    ])
  })

  it.each([
    ['input', 'ideal'],
    ['question', 'reference'],
    ['Prompt', 'expected_output'],
    ['query', 'ground-truth'],
  ])('knows "%s" and "%s"', (asked, expected) => {
    const row = rowOf({ [asked]: 'why?', [expected]: 'because' })
    expect(row).toMatchObject({ id: 'line-1', messages: user('why?'), expected: 'because' })
  })

  it('may be a JSON list, or one object', () => {
    const list = readSuite('s.json', '[\n{"prompt": "a"},\n{"prompt": "b", "expected": "c"}\n]')
    expect(list.rows.map(({ line }) => line)).toEqual([2, 3])
    expect(readSuite('s.json', '{\n"prompt": "a",\n"expected": "b"\n}').rows).toHaveLength(1)
  })

  it('leaves instructions in the middle of a conversation where they are', () => {
    const messages = [...user('a'), { role: 'system', content: 'b' }, ...user('c')]
    expect(rowOf({ messages, expected: 'd' })).toMatchObject({ system: null, messages })
  })

  it('names lists of answers that a scorer cannot be held to', () => {
    const text = lines(
      { prompt: 'a', expected: ['b', 'c'], scorer: 'similarity:0.9' },
      { prompt: 'd', expected: 'e' },
    )
    expect(readSuite('s.jsonl', text).problems).toEqual([
      {
        line: 1,
        level: 'error',
        reason: 'expects one of 2 answers, which similarity:0.9 cannot be held to',
      },
    ])
  })

  it('says when nothing is expected anywhere', () => {
    const [problem] = readSuite('s.jsonl', lines({ prompt: 'a' }, { prompt: 'b' })).problems
    expect(problem).toEqual({
      line: null,
      level: 'warning',
      reason: 'no row says what is expected: only a judge can compare the answers',
    })
  })

  it('never gives two rows one id', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'a-2', 'a-3', 'b')), (ids) => {
        fc.pre(ids.length > 0)
        const { rows, problems } = readSuite(
          's.jsonl',
          lines(...ids.map((id) => ({ id, prompt: 'x', expected: 'y' }))),
        )
        expect(new Set(rows.map(({ id }) => id)).size).toBe(ids.length)
        expect(problems).toHaveLength(ids.length - new Set(ids).size)
      }),
    )
  })
})

describe('a suite as CSV', () => {
  it('is read by the same names, quotes and line breaks included', () => {
    const { rows, problems } = fixture('questions.csv')
    expect(rows).toEqual([
      {
        id: 'greet',
        line: 3,
        system: 'Be brief.',
        messages: user('Say "hello",\nin French'),
        expected: 'Bonjour',
        scorer: 'contains',
        model: null,
        feature: 'translation',
        params: { max_tokens: 20 },
      },
      expect.objectContaining({ id: 'count', line: 4, expected: '7', scorer: null, params: {} }),
    ])
    expect(problems.map(({ line, level }) => [line, level])).toEqual([[5, 'error']])
  })

  it('may have one column, and any of the usual delimiters', () => {
    expect(readSuite('s.csv', 'prompt\na\nb\n').rows).toHaveLength(2)
    expect(readSuite('s.txt', 'prompt;expected\na;b\n').rows[0]).toMatchObject({ expected: 'b' })
  })
})

describe('a promptfoo configuration', () => {
  it('becomes a row for each prompt with each test, and names what it leaves out', () => {
    const { rows, problems } = fixture('promptfoo.yaml')
    const cost = 'cost: a replay measures it by itself'
    expect(
      rows.map(({ id, line, messages, expected, scorer }) => [
        id,
        line,
        messages[0]?.['content'],
        expected,
        scorer,
      ]),
    ).toEqual([
      [
        'greeting',
        11,
        'Translate to French: Hello',
        null,
        'regex:^(?=[\\s\\S]*(?:[Bb][Oo][Nn][Jj][Oo][Uu][Rr]))(?=[\\s\\S]*(?:^(?![\\s\\S]*(?:Hello))))',
      ],
      ['test-2 (1)', 18, 'Translate to German: Yes', 'Ja', 'exact'],
      ['test-2 (2)', 18, 'Translate to Dutch: Yes', 'Ja', 'exact'],
      [
        'test-3',
        20,
        'Translate to Latin: I came',
        'It is correct Latin for I came',
        'judge:openai:gpt-5-mini',
      ],
    ])
    expect(problems.map(({ line, level, reason }) => [line, level, reason])).toEqual([
      [5, 'error', 'the prompt "file://prompts/other.txt" is in another file: write it here'],
      [11, 'warning', cost],
      [18, 'warning', cost],
      [18, 'warning', cost],
      [20, 'warning', cost],
      [20, 'warning', 'javascript: code is not run; a scorer command:PROGRAM can do the same'],
      [27, 'error', 'nothing is known of {{text}}'],
    ])
  })

  const assertion = (assert: object | readonly object[]) => {
    const tests = [{ vars: { prompt: 'a' }, assert: [assert].flat() }]
    const { rows, problems } = readSuite(
      'p.json',
      JSON.stringify({ prompts: ['{{prompt}}'], tests }),
    )
    return {
      scorer: rows[0]?.scorer,
      expected: rows[0]?.expected,
      reasons: problems.map((each) => each.reason),
    }
  }

  it.each([
    [{ type: 'equals', value: 'x' }, 'exact', 'x'],
    [{ type: 'equals', value: { a: 1 } }, 'json', '{"a":1}'],
    [{ type: 'contains', value: 'x' }, 'contains', 'x'],
    [{ type: 'regex', value: 'x+' }, 'regex:x+', null],
    [{ type: 'starts-with', value: 'x.' }, 'regex:^x\\.', null],
    [{ type: 'contains-any', value: ['x', 'y'] }, 'regex:(?:x|y)', null],
    [{ type: 'is-json' }, 'json', null],
    [{ type: 'similar', value: 'x' }, 'similarity:0.75', 'x'],
    [{ type: 'llm-rubric', value: 'is polite' }, 'judge', 'is polite'],
  ])('holds an answer to %j', (assert, scorer, expected) => {
    expect(assertion(assert)).toEqual({ scorer, expected, reasons: [] })
  })

  it.each([
    [{ type: 'is-json', value: { type: 'object' } }, 'schema:FILE'],
    [{ type: 'python', value: 'x' }, 'code is not run'],
    [{ type: 'not-similar', value: 'x' }, 'no scorer says so'],
    [{ type: 'contains', value: 'file://x.txt' }, 'in another file'],
    [{ type: 'rouge-n', value: 'x' }, 'no scorer does the same'],
    [{ type: 'regex', value: '(?P<x>a)' }, '"(?P<x>a)" is no pattern here'],
    [{ type: 'not-regex', value: '(' }, '"(" is no pattern here'],
    [{ value: 'x' }, 'has no type'],
  ])('names %j as what no scorer does', (assert, reason) => {
    const { scorer, reasons } = assertion(assert)
    expect(scorer).toBe(null)
    expect(reasons.join()).toContain(reason)
  })

  it('takes the first of assertions that no one scorer can do together', () => {
    const found = assertion([
      { type: 'similar', value: 'x' },
      { type: 'equals', value: 'y' },
    ])
    expect(found).toEqual({
      scorer: 'similarity:0.75',
      expected: 'x',
      reasons: ['exact: only the first assertion counts, similarity'],
    })
  })

  it.each([
    ['{% if a %}', 'only {{name}}'],
    ['{{ prompt | upper }}', 'only {{name}}'],
  ])('leaves out a test whose prompt is %s', (prompt, reason) => {
    const tests = [{ vars: { prompt: 'a' } }]
    const read = () => readSuite('p.json', JSON.stringify({ prompts: [prompt], tests }))
    expect(read).toThrow('no question in p.json')
    expect(() => read()).toThrow(expect.objectContaining({ at: expect.stringContaining(reason) }))
  })

  it('fills variables into every message of a chat, whatever is in them', () => {
    const prompts = [
      JSON.stringify([{ role: 'system', content: 'Be {{tone}}.' }, ...user('{{q}}')]),
    ]
    const tests = [{ vars: { tone: 'kind', q: '"quoted" {{q}} $&' }, assert: [] }]
    const { rows } = readSuite('p.json', JSON.stringify({ prompts, tests }))
    expect(rows[0]).toMatchObject({ system: 'Be kind.', messages: user('"quoted" {{q}} $&') })
  })
})

describe('a suite that cannot be read', () => {
  it.each([
    ['s.jsonl', '', 'is empty'],
    ['s.csv', '\uFEFF\r\n', 'is empty'],
    ['s.txt', 'just words', 'is no suite'],
    ['s.jsonl', '{"id": 1}\n', 'no question in s.jsonl'],
    ['s.csv', 'prompt,expected\n', 'no question in s.csv'],
    ['s.yaml', 'tests: [', 'is not valid YAML'],
    ['s.yaml', 'tests: file://t.csv', 'no question in s.yaml'],
  ])('%s of %j says so', (path, text, message) => {
    expect(() => readSuite(path, text)).toThrow(message)
  })
})

describe('patterns', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 })
  it('find what the assertions they stand for find', () => {
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const said = `${a}${b}${c}`
        expect(new RegExp(literalPattern(b)).test(said)).toBe(true)
        expect(new RegExp(literalPattern(a)).test(c)).toBe(c.includes(a))
        expect(new RegExp(noPattern(literalPattern(a))).test(c)).toBe(!c.includes(a))
        const all = allPattern([a, c].map(literalPattern))
        expect(new RegExp(all).test(said)).toBe(true)
        expect(new RegExp(all).test(b)).toBe(b.includes(a) && b.includes(c))
      }),
    )
    expect(new RegExp(anyCasePattern('Straße 1.')).test('die sTRAßE 1.')).toBe(true)
  })
})
