import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Request } from '../../src/domain/request.ts'
import { matchRule } from '../../src/engine/match-rule.ts'
import { RequestFacts, type Surroundings } from '../../src/engine/request-facts.ts'
import type { When } from '../../src/policy/when.ts'

const around: Surroundings = {
  countTokens: (text) => Math.ceil(text.length / 4),
  contextTokens: (request) => request.usage?.inputTokens,
  label: () => 'unasked',
}

const asking = (text: string, rest: Partial<Request> = {}): Request => ({
  model: 'gpt-4o',
  operation: 'chat',
  status: 'ok',
  prompt: { system: 'You review code.', messages: [{ role: 'user', content: text }] },
  ...rest,
})

const factsOf = (request: Request, more: Partial<Surroundings> = {}) =>
  new RequestFacts(request, { ...around, ...more })

const facts = factsOf(
  asking('Please fix the login page, it is slow', {
    requestedModel: 'gpt-4o-2024-08-06',
    provider: 'openai',
    feature: 'review',
    plan: 'free',
    user: 'user-17',
    team: 'web',
    key: 'ci',
    task: 'classify',
    namespace: 'acme',
    agentRole: 'worker',
    promptVersion: 'v3',
    documentVersion: '2026-01',
    session: 's1',
    streamed: false,
    requiresReasoning: true,
    diffLines: 40,
    paths: ['src/auth/login.ts', 'README.md'],
    tags: new Map([['env', 'prod']]),
    usage: {
      inputTokens: 900,
      cacheReadTokens: 0,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 5,
      reasoningTokens: 0,
    },
  }),
  {
    at: Date.UTC(2026, 2, 4, 22, 30),
    hint: 'simple',
    timeoutClass: () => 'batch',
    burstPerMinute: () => 12,
    target: (name) =>
      name === 'openai:gpt-4o'
        ? { breaker: 'open', p95LatencyMs: 900, inputUsdPerMillion: 2.5, outputUsdPerMillion: null }
        : undefined,
    label: (classifier) => (classifier === 'length' ? 'simple' : 'unasked'),
  },
)

describe('a condition', () => {
  it.each<[string, When, When]>([
    ['characters', { characters: { below: 38, above: 36 } }, { characters: { above: 37 } }],
    ['words', { words: { atLeast: 8, atMost: 8 } }, { words: { below: 8 } }],
    ['input tokens', { inputTokens: { atLeast: 10 } }, { inputTokens: { above: 10 } }],
    ['context tokens', { contextTokens: { atMost: 900 } }, { contextTokens: { below: 900 } }],
    ['keywords', { keywords: ['design', 'LOGIN  page'] }, { keywords: ['log', 'pages'] }],
    ['patterns', { patterns: ['^please\\b.*slow$'] }, { patterns: ['fast', 'slow\\?$'] }],
    ['the system prompt', { systemPatterns: ['reviews? code'] }, { systemPatterns: ['login'] }],
    ['code', { hasCode: false }, { hasCode: true }],
    ['tools', { hasTools: false }, { hasTools: true }],
    ['images', { hasImages: false }, { hasImages: true }],
    ['sessions', { hasSession: true }, { hasSession: false }],
    ['streaming', { streamed: false }, { streamed: true }],
    ['the operation', { operation: ['chat', 'embedding'] }, { operation: ['embedding'] }],
    ['the provider', { provider: ['openai'] }, { provider: ['OpenAI'] }],
    ['the model asked for', { model: ['gpt-4o-*'] }, { model: ['gpt-4o'] }],
    ['the feature', { feature: ['search', 'review'] }, { feature: ['rev'] }],
    ['the task', { task: ['classify'] }, { task: [] }],
    ['the plan', { plan: ['f*e'] }, { plan: ['pro'] }],
    ['the user', { user: ['user-*'] }, { user: ['*-18'] }],
    ['the team', { team: ['web'] }, { team: ['ops'] }],
    ['the key', { key: ['ci'] }, { key: ['c'] }],
    ['the tenant', { tenant: ['acme'] }, { tenant: ['other'] }],
    ['the agent role', { agentRole: ['worker'] }, { agentRole: ['planner'] }],
    ['versions', { promptVersion: ['v*'], documentVersion: ['2026*'] }, { promptVersion: ['v'] }],
    ['tags', { tags: { env: ['prod'] } }, { tags: { env: ['prod'], region: ['*'] } }],
    ['diff size', { diffLines: { below: 50 } }, { diffLines: { atLeast: 41 } }],
    ['paths', { paths: ['src/auth/**'] }, { paths: ['src/*', 'auth/**'] }],
    ['the hint', { hint: ['simple'] }, { hint: ['hard', 'medium'] }],
    ['reasoning', { requiresReasoning: true }, { requiresReasoning: false }],
    [
      'the label',
      { label: { classifier: 'length', is: ['simple'] } },
      { label: { classifier: 'length', is: ['hard'] } },
    ],
    ['the timeout class', { timeoutClass: ['batch'] }, { timeoutClass: ['interactive'] }],
    ['bursts', { burstPerMinute: { above: 10 } }, { burstPerMinute: { above: 12 } }],
    [
      'the time',
      { time: { timezone: 'UTC', from: '22:00', to: '06:00', days: ['wed'] } },
      { time: { timezone: 'UTC', from: '08:00', to: '20:00' } },
    ],
    [
      'a target',
      { targets: [{ target: 'openai:gpt-4o', breaker: ['open'], p95LatencyMs: { above: 800 } }] },
      { targets: [{ target: 'openai:gpt-4o', outputUsdPerMillion: { below: 99 } }] },
    ],
    [
      'all of its targets',
      { targets: [{ target: 'openai:gpt-4o', inputUsdPerMillion: { atMost: 2.5 } }] },
      { targets: [{ target: 'openai:gpt-4o' }, { target: 'nobody:knows' }] },
    ],
    ['one of several', { any: [{ plan: ['pro'] }, { plan: ['free'] }] }, { any: [{ plan: [] }] }],
    ['the opposite', { not: { plan: ['pro'] } }, { not: { feature: ['review'], plan: ['free'] } }],
    ['all of its keys', { plan: ['free'], team: ['web'] }, { plan: ['free'], team: ['ops'] }],
  ])('looks at %s', (_, fits, differs) => {
    expect(matchRule(fits, facts)).toBe(true)
    expect(matchRule(differs, facts)).toBe(false)
  })

  it('holds for every request when it says nothing', () => {
    expect(matchRule({}, facts)).toBe(true)
    expect(matchRule({}, factsOf({ model: 'm', operation: 'chat', status: 'ok' }))).toBe(true)
  })

  it.each<When>([
    { characters: { atLeast: 0 } },
    { words: { atMost: 1e9 } },
    { inputTokens: { atLeast: 0 } },
    { contextTokens: { atLeast: 0 } },
    { keywords: [''] },
    { patterns: [''] },
    { systemPatterns: [''] },
    { hasCode: false },
    { hasTools: false },
    { hasImages: false },
    { streamed: false },
    { requiresReasoning: false },
    { feature: ['*'] },
    { diffLines: { atLeast: 0 } },
    { paths: ['**'] },
    { hint: ['simple', 'medium', 'hard'] },
    { timeoutClass: ['interactive', 'batch', 'passthrough'] },
    { burstPerMinute: { atLeast: 0 } },
    { time: { timezone: 'UTC' } },
    { targets: [{ target: 'openai:gpt-4o' }] },
  ])('does not hold of what the log does not say: %j', (when) => {
    const silent = factsOf({ model: 'm', operation: 'chat', status: 'ok' })
    expect(matchRule(when, silent)).toBe(false)
    expect(matchRule({ not: when }, silent)).toBe(true)
  })

  it('combines as logic does', () => {
    const parts: readonly When[] = [
      { plan: ['free'] },
      { plan: ['pro'] },
      { words: { below: 9 } },
      { keywords: ['slow'] },
      { hasTools: true },
    ]
    const leaf = fc.constantFrom(...parts)
    const tree: fc.Arbitrary<When> = fc.letrec<{ when: When }>((tie) => ({
      when: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaf,
        fc.record({ not: tie('when') }),
        fc.record({ any: fc.array(tie('when'), { minLength: 1, maxLength: 3 }), not: tie('when') }),
      ),
    })).when
    const truth = (when: When): boolean =>
      (when.any === undefined || when.any.some(truth)) &&
      (when.not === undefined || !truth(when.not)) &&
      (!parts.includes(when) || [0, 2, 3].includes(parts.indexOf(when)))
    fc.assert(
      fc.property(tree, (when) => {
        expect(matchRule(when, facts)).toBe(truth(when))
      }),
    )
  })
})

describe('the text that rules look at', () => {
  const textOf = (messages: readonly { role: string; content: unknown }[]) =>
    factsOf(asking('', { prompt: { messages: messages as never } })).text

  it('is the last thing a user said, and no result of a tool', () => {
    expect(
      textOf([
        { role: 'user', content: 'first' },
        { role: 'assistant', content: 'answer' },
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: 'data:…' } },
            { type: 'text', text: 'what is' },
            { type: 'text', text: 'this?' },
          ],
        },
        { role: 'assistant', content: 'I look it up' },
        { role: 'user', content: [{ type: 'tool_result', content: 'rows' }] },
        { role: 'tool', content: 'more rows' },
      ]),
    ).toBe('what is\nthis?')
    expect(textOf([{ role: 'assistant', content: 'x' }])).toBe('')
  })

  it('may hold images, tools and code', () => {
    const image = { role: 'user', content: [{ type: 'input_image', image_url: 'https://…' }] }
    const request = asking('', { prompt: { messages: [image], tools: [{ name: 'search' }] } })
    expect(matchRule({ hasImages: true, hasTools: true }, factsOf(request))).toBe(true)
    expect(factsOf(asking('', { prompt: { messages: [], tools: [] } })).hasTools).toBe(false)
  })

  it.each([
    ['```\nx\n```', true],
    ['def add(a, b):\n  return a + b', true],
    ['why?\nconst x = 3', true],
    ['from os import path', true],
    ['public static void main(String[] args)', true],
    ['int x = 3;\nreturn x;\n', true],
    ['From there, import duties apply.', false],
    ['The class will let you; really', false],
    ['A function of time', false],
    ['One; two;\nthree', false],
  ])('holds code or not: %j', (text, expected) => {
    expect(factsOf(asking(text)).hasCode).toBe(expected)
  })
})

describe('facts', () => {
  it('are found out once, and only when a rule wants them', () => {
    const asked: string[] = []
    const counting = factsOf(asking('hello there', { feature: 'chat' }), {
      countTokens: (text) => asked.push(text),
      contextTokens: () => asked.push('context'),
      burstPerMinute: () => asked.push('burst'),
    })
    const tokens: When = { inputTokens: { above: 0 }, contextTokens: { above: 0 } }
    expect(matchRule({ feature: ['other'], ...tokens }, counting)).toBe(false)
    expect(asked).toEqual([])
    expect(matchRule({ ...tokens, burstPerMinute: { above: 0 } }, counting)).toBe(true)
    expect(matchRule({ ...tokens, burstPerMinute: { above: 0 } }, counting)).toBe(true)
    expect(asked).toEqual(['hello there', 'context', 'burst'])
  })
})
