import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { zeroNanoUsd } from '../../src/domain/money.ts'
import { UserError } from '../../src/domain/user-error.ts'
import type { ProgramEnd } from '../../src/score/command-scorer.ts'
import { parseScorer, type ScorerMeans, scorerForms } from '../../src/score/scorers.ts'

const means: ScorerMeans = {
  readFile: () => '{"type": "object", "required": ["city"]}',
  similarity: () => null,
  run: async () => ({ exitCode: 0, stdout: '' }),
  judgeOf: () => async () => ({ text: null, costNanoUsd: zeroNanoUsd }),
}

async function scoreOf(
  scorer: string,
  answer: string,
  expected: string | null,
  other: Partial<ScorerMeans> = {},
): Promise<number | null> {
  const made = parseScorer(scorer, { ...means, ...other })
  return (await made.score({ question: 'Which city?', answer, expected })).value
}

describe('a scorer says whether an answer is right', () => {
  it.each([
    ['exact', 'Paris', 'Paris', 1],
    ['exact', 'Paris ', 'Paris', 0],
    ['exact', '', '', 1],
    ['exact', 'e\u0301', '\u00e9', 0],
    ['exact', 'Paris', null, null],
    ['normalised', '  PARIS.\n', 'paris', 1],
    ['normalised', 'e\u0301', '\u00c9', 1],
    ['normalised', 'Paris, France', 'Paris', 0],
    ['normalised', '', 'Paris', 0],
    ['json', '{"b": [1e2, null], "a": "x"}', '{"a":"x","b":[100.0,null]}', 1],
    ['json', '```json\n{"a": 1}\n```', '{"a": 1}', 1],
    ['json', 'Here it is: {"a": 1}', '{"a": 1}', 0],
    ['json', '[1, 2]', '[2, 1]', 0],
    ['json', '3.0', '3', 1],
    ['json', '"yes"', '"yes"', 1],
    ['json', 'NaN', '1', 0],
    ['json', '', '{}', 0],
    ['json', '{}', 'not JSON', null],
    ['json', '{"__proto__": 1}', '{"__proto__": 2}', 0],
    ['schema:city.json', '{"city": "Paris"}', null, 1],
    ['schema:city.json', '```json\n{"city": "Paris"}\n```', null, 1],
    ['schema:city.json', '{"town": "Paris"}', null, 0],
    ['schema:city.json', 'Paris', null, 0],
    ['schema:city.json', '', null, 0],
    ['regex:^\\d{3}$', '123', null, 1],
    ['regex:^\\d{3}$', '1234', null, 0],
    ['regex:^.$', '😀', null, 1],
    ['regex:a:b', 'xa:by', null, 1],
    ['regex: b', 'ab', null, 0],
    ['regex:paris', 'Paris', null, 0],
    ['iregex:paris', 'Paris', null, 1],
    ['regex', 'Paris', '^P', 1],
    ['regex:', 'Paris', '^p', 0],
    ['regex', 'Paris', '(', null],
    ['regex', 'Paris', null, null],
    ['contains', 'It is Paris.', 'Paris', 1],
    ['contains', 'It is paris.', 'Paris', 0],
    ['icontains', 'It is paris.', 'Paris', 1],
    ['contains', 'cafe\u0301', 'caf\u00e9', 1],
    ['contains', 'It is Lyon.', '["Paris", "Lyon"]', 1],
    ['contains', 'In 1984.', '[1984]', 1],
    ['contains', 'It is Nice.', '["Paris", "Lyon"]', 0],
    ['contains', 'Paris', '[]', null],
    ['contains', 'Paris', '', null],
    ['contains', '', 'Paris', 0],
  ] as const)('%s: %j against %j is %j', async (scorer, answer, expected, value) => {
    expect(await scoreOf(scorer, answer, expected)).toBe(value)
  })

  it.each([
    ['numeric', 'So it is 42.', '42', 1],
    ['numeric', '6 times 7 makes 42', '42', 1],
    ['numeric', '42 is 6 times 7', '42', 0],
    ['numeric', 'Some sums.\n#### 42\n', '#### 42', 1],
    ['numeric', '#### 42\n(as 6 is less than 7)', '42', 1],
    ['numeric', '#### Step 1\nIt is 42', '42', 1],
    ['numeric', '9', 'First 3 * 3 = 9.\n#### 9', 1],
    ['numeric', 'It costs $1,234.50.', '1234.5', 1],
    ['numeric', "1'234'567", '1,234,567', 1],
    ['numeric', '12,34,567', '1234567', 1],
    ['numeric', 'one of 1, 2, 3', '3', 1],
    ['numeric', '-5', '-5', 1],
    ['numeric', '\u22125 degrees', '-5', 1],
    ['numeric', '-$5', '-5', 1],
    ['numeric', '8-5', '-5', 0],
    ['numeric', '8-5', '5', 1],
    ['numeric', '\uff14\uff12', '42', 1],
    ['numeric', '6.02e23', '602000000000000000000000', 1],
    ['numeric', '.5', '0.5', 1],
    ['numeric', '1e999', '1', 0],
    ['numeric', 'NaN', '1', 0],
    ['numeric', '', '0', 0],
    ['numeric', '4', '3/4', null],
    ['numeric', '4', 'four', null],
    ['numeric', '4', '', null],
    ['numeric', '41', '42', 0],
    ['numeric:0.1', '1.1', '1', 1],
    ['numeric:0.1', '1.11', '1', 0],
    ['numeric:1%', '101', '100', 1],
    ['numeric:1%', '-101', '-100', 1],
    ['numeric:1%', '101.1', '100', 0],
    ['numeric:1%', '0.001', '0', 0],
    ['numeric:1%', '0', '0', 1],
  ] as const)('%s: %j against %j is %j', async (scorer, answer, expected, value) => {
    expect(await scoreOf(scorer, answer, expected)).toBe(value)
  })

  it.each([
    ['exact', 'word ', '', 0],
    ['normalised', 'word. ', '', 0],
    ['json', '[', '[]', 0],
    ['json', '1', '1', 0],
    ['schema:city.json', '[', null, 0],
    ['contains', 'word ', 'Paris', 0],
    ['contains', 'Paris', 'Paris', 1],
    ['numeric', '1,111,', '7', 0],
    ['numeric', '#### 7 \n', '7', 1],
    ['numeric', '-$ ', '7', 0],
    ['numeric', '  ', '7', 0],
  ] as const)(
    '%s of a million times %j against %j is %j',
    async (scorer, part, expected, value) => {
      expect(await scoreOf(scorer, part.repeat(1_000_000), expected)).toBe(value)
    },
  )

  it('reads a final line in time however many spaces end it', async () => {
    expect(await scoreOf('numeric', `#### 7${' '.repeat(1_000_000)}x`, '7')).toBe(1)
  })

  it('finds any number however it is written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -1e9, max: 1e9 }), async (number) => {
        const written = `After 3 steps the result is ${number.toLocaleString('en-US')}.`
        expect(await scoreOf('numeric', written, String(number))).toBe(1)
        expect(await scoreOf('numeric', written, String(number + 1))).toBe(0)
      }),
    )
  })
})

describe('by similarity', () => {
  const alike = (cosine: number | null) => ({ similarity: () => cosine })

  it.each([
    [0.9, 1],
    [0.89, 0],
    [null, null],
    [Number.NaN, null],
  ])('a cosine of %j against 0.9 is %j', async (cosine, value) => {
    expect(await scoreOf('similarity:0.9', 'one', 'other', alike(cosine))).toBe(value)
  })

  it('asks for no vector of the same text', async () => {
    expect(await scoreOf('similarity:0.9', 'one', 'one', alike(null))).toBe(1)
  })

  it('goes down the ladder of equal answers', async () => {
    const of = (answer: string, cosine: number | null) =>
      scoreOf('equivalent', answer, 'It costs $20.', alike(cosine))
    expect(await of('it costs $20', null)).toBe(1)
    expect(await of('It costs $30.', 0.99)).toBe(0)
    expect(await of('The price is $20.', 0.99)).toBe(1)
    expect(await of('The price is $20.', 0.6)).toBeNull()
    expect(await of('The price is $20.', 0.1)).toBe(0)
  })

  it('is an estimate, as a judge is; computing is none', () => {
    const estimates = Object.values(scorerForms)
      .map(({ form }) => form.replace('COSINE', '0.9').replace(/\[.*/, ''))
      .filter((form) => parseScorer(form, means).isEstimate)
    expect(estimates).toEqual(['similarity:0.9', 'equivalent', 'judge:MODEL'])
  })
})

describe('by a program', () => {
  const ended = (stdout: string, exitCode: number | null = 0) => ({
    run: async (): Promise<ProgramEnd> => ({ exitCode, stdout }),
  })

  it.each([
    ['0.25\n', 0, 0.25, null],
    ['1', 1, 1, null],
    ['true', 0, 1, null],
    ['{"score": 0.5, "reason": "half of it"}', 0, 0.5, 'half of it'],
    ['{"score": false}', 1, 0, null],
    ['', 0, 1, null],
    ['', 1, 0, 'exit code 1'],
    ['', 2, null, 'the program ended with exit code 2'],
    ['1', 3, null, 'the program ended with exit code 3'],
    ['', null, null, 'the program was stopped before it ended'],
    ['0.7', null, null, 'the program was stopped before it ended'],
    ['1.5', 0, null, 'the program printed no score of 0 to 1'],
    ['-1', 0, null, 'the program printed no score of 0 to 1'],
    ['NaN', 0, null, 'the program printed no score of 0 to 1'],
    ['fine', 0, null, 'the program printed no score of 0 to 1'],
    ['{"score": "0.5"}', 0, null, 'the program printed no score of 0 to 1'],
    ['{}', 0, null, 'the program printed no score of 0 to 1'],
  ])('that prints %j and ends with %j the score is %j', async (stdout, exitCode, value, reason) => {
    const scorer = parseScorer('command:./score', { ...means, ...ended(stdout, exitCode) })
    const score = await scorer.score({ question: '', answer: '', expected: null })
    expect(score).toEqual({ value, reason, costNanoUsd: 0 })
  })

  it('is given its arguments without a shell, and what is scored as JSON', async () => {
    const seen: unknown[] = []
    const run = async (command: readonly string[], input: string, timeoutMs: number) => {
      seen.push(command, JSON.parse(input), timeoutMs)
      return { exitCode: 0, stdout: '' }
    }
    const line = `command:python3 "my scorer.py" --name='a b' $(rm) C:\\x`
    const scorer = parseScorer(line, { ...means, run })
    await scorer.score({ question: 'q', answer: 'a "quoted"\n', expected: null })
    expect(seen).toEqual([
      ['python3', 'my scorer.py', '--name=a b', '$(rm)', 'C:\\x'],
      { question: 'q', answer: 'a "quoted"\n', expected: null },
      60_000,
    ])
  })
})

describe('a scorer that is written wrongly', () => {
  it.each([
    ['exactt', 'did you mean exact?'],
    ['Exact', 'did you mean exact?'],
    ['equals', 'did you mean exact?'],
    ['normalized', 'did you mean normalised?'],
    ['constructor', 'scorers are exact, '],
    ['', 'scorers are exact, '],
    ['exact:x', 'write exact'],
    ['schema', 'write schema:FILE'],
    ['similarity:', 'write similarity:COSINE'],
    ['similarity:1.5', 'similarity:0.9'],
    ['similarity:0', 'similarity:0.9'],
    ['similarity:NaN', 'similarity:0.9'],
    ['numeric:-1', 'numeric:1%'],
    ['numeric:Infinity', 'numeric:1%'],
    ['numeric:%', 'numeric:1%'],
    ['regex:(', 'ECMAScript'],
    ['command: ', 'write command:PROGRAM ARGS'],
    ['command:""', 'command:./score.py'],
    ['command:a "b', 'command:python3'],
    ['judge:', 'write judge:MODEL'],
  ])('%j is refused with a hint', (text, hint) => {
    const error = caught(() => parseScorer(text, means))
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).hint).toContain(hint)
  })

  it('is one whose schema is none', () => {
    const withFile = (text: string) => () =>
      parseScorer('schema:city.json', { ...means, readFile: () => text })
    expect(withFile('{')).toThrow(UserError)
    expect(withFile('{')).toThrow('city.json is no JSON')
    expect(withFile('{"typo": 1}')).toThrow('"typo" is not supported')
  })
})

function caught(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return null
}

it('names itself as it was written', () => {
  expect(parseScorer(' numeric:1% ', means).name).toBe('numeric:1%')
})
