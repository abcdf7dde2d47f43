import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { dialectOf } from '../../src/dialects/dialects.ts'
import { type Call, dialectNames, type Loss, type ReasoningWish } from '../../src/domain/call.ts'
import { calls } from '../support/common-calls.ts'
import { bare, holdsDialectContract } from '../support/dialect-contract.ts'

const dialects: readonly Dialect[] = dialectNames.map(dialectOf)

test.each(dialectNames)('%s is spoken by the dialect of that name', (name) => {
  expect(dialectOf(name).name).toBe(name)
})

describe.each(dialects)('$name', holdsDialectContract)

/** Which losses may excuse that a field of a call arrives as another one. */
const excuses: Readonly<Partial<Record<keyof Call, RegExp>>> = {
  system: /^system/,
  turns: /^(?:messages|input|turns)\b/,
  tools: /^tools\b/,
  toolChoice: /^tool_choice/,
  parallelToolCalls: /^parallel_tool_calls/,
  format: /format/,
  maxOutputTokens: /^max_/,
  temperature: /^temperature/,
  stop: /^stop/,
  reasoning: /reasoning|effort|thinking|budget/,
  user: /^(?:user|metadata)/,
  serviceTier: /^service_tier/,
}

const wishes: readonly (ReasoningWish | null)[] = [
  null,
  { effort: 'low', budgetTokens: null },
  { effort: 'none', budgetTokens: null },
  { effort: null, budgetTokens: 6000 },
]

const richCalls = (origin: Call['origin']): fc.Arbitrary<Call> =>
  fc
    .record({
      call: calls(origin, { isMarked: true }),
      reasoning: fc.constantFrom(...wishes),
      isJson: fc.boolean(),
      isOpen: fc.boolean(),
    })
    .map(({ call, reasoning, isJson, isOpen }) => ({
      ...call,
      reasoning,
      ...(isJson && { format: { kind: 'json' as const } }),
      ...(isOpen && { maxOutputTokens: null }),
    }))

const without = (left: string, call: Call): Call =>
  JSON.parse(JSON.stringify(call, (name, held) => (name === left ? undefined : held)))

/** A tool that is not held to its schema may say so or not: what goes without saying differs between wires. */
const meant = (call: Call): Call => ({
  ...bare(call),
  tools: bare(call.tools).map((tool) => {
    if (tool.kind !== 'function' || tool.strict !== false) return tool
    const { strict, ...rest } = tool
    return rest
  }),
})

const pairs = dialects.flatMap((from) =>
  dialects.filter((to) => to !== from).map((to) => ({ from, to })),
)

const isExcused = (field: string, losses: readonly Loss[]): boolean => {
  const excuse = excuses[field as keyof Call]
  return excuse !== undefined && losses.some((loss) => excuse.test(loss.field))
}

test.each(pairs)('$from.name → $to.name: what a call says arrives, or is named', ({ from, to }) => {
  fc.assert(
    fc.property(richCalls(from.name), (call) => {
      const { body, losses } = to.writeCall(call)
      const isUnmarked = losses.some((loss) => loss.field === 'cache_control')
      const seen = (held: Call) => meant(isUnmarked ? without('cache', held) : held)
      const arrived = seen(to.readCall(JSON.parse(JSON.stringify(body))))
      const { more, origin, ...said } = seen(call)
      for (const [field, value] of Object.entries(said)) {
        if (isExcused(field, losses)) continue
        expect({ [field]: arrived[field as keyof Call] }).toEqual({ [field]: value })
      }
    }),
  )
})

test.each(pairs)('$from.name → $to.name: a plain call with tools arrives whole', ({ from, to }) => {
  fc.assert(
    fc.property(calls(from.name, { isMarked: false }), (call) => {
      const { losses } = to.writeCall(call)
      expect(losses.filter((loss) => loss.level === 'refused' && loss.field !== 'stop')).toEqual([])
      expect(
        losses.map((loss) => loss.field).filter((field) => /messages|tools/.test(field)),
      ).toEqual([])
    }),
  )
})

test.each(pairs)('$from.name → $to.name: what only one of them knows is named', ({ from, to }) => {
  const [plain] = fc.sample(calls(from.name, { isMarked: false }), 1)
  if (plain === undefined) throw new Error('no call')
  const strange: Call = {
    ...plain,
    more: { strange_field: 7 },
    tools: [{ kind: 'foreign', wire: { type: 'strange_tool' } }],
    toolChoice: null,
    parallelToolCalls: null,
    turns: [{ role: 'user', blocks: [{ kind: 'foreign', wire: { type: 'strange_block' } }] }],
  }
  const { body, losses } = to.writeCall(strange)
  expect(JSON.stringify(body)).not.toContain('strange')
  for (const name of ['strange_field', 'strange_tool', 'strange_block'])
    expect(losses).toContainEqual(
      expect.objectContaining({ level: 'refused', field: expect.stringContaining(name) }),
    )
  expect(from.writeCall(strange).losses).toEqual([])
})

test('the thinking of newer Claude models and its cache marks keep no call from another wire', () => {
  const { losses } = dialectOf('openai-chat').writeCall(
    dialectOf('anthropic-messages').readCall({
      model: 'm',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'Hi' }],
      thinking: { type: 'adaptive' },
      output_config: { effort: 'high', task_budget: { type: 'tokens', total: 9 } },
      cache_control: { type: 'ephemeral' },
    }),
  )
  expect(losses.map(({ level, field }) => [level, field])).toEqual([
    ['warned', 'cache_control'],
    ['warned', 'thinking'],
    ['warned', 'output_config.task_budget'],
  ])
})
