import fc from 'fast-check'
import type { Block, Call, DialectName, Tool, Turn } from '../../src/domain/call.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { plainCall as callOf } from '../../src/score/plain-call.ts'

/** A call that says nothing but a question, for tests to change. */
export const plainCall = (changes: Partial<Call> = {}): Call => ({
  ...callOf('m', '', 'Hi', null),
  ...changes,
})

const word = fc.string({ minLength: 1, maxLength: 8 })
const base64 = fc.constantFrom('aGk=', 'iVBORw0KGgo=', '')
const text: fc.Arbitrary<Block> = fc.string().map((said) => ({ kind: 'text', text: said }))
const schema = fc.constantFrom<JsonObject>(
  { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  { type: 'object' },
)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
const optional = <T>(name: string, value: fc.Arbitrary<T>) =>
  fc.option(value, { nil: undefined }).map((one) => (one === undefined ? {} : { [name]: one }))

const image: fc.Arbitrary<Block> = fc
  .tuple(
    fc.oneof(
      fc.constant({ kind: 'url', url: 'https://example.org/a.png' } as const),
      base64.map((bytes) => ({ kind: 'base64', mediaType: 'image/png', base64: bytes }) as const),
    ),
    optional('detail', fc.constantFrom('low', 'high')),
  )
  .map(([source, detail]) => ({ kind: 'image', source, ...detail }))

const document: fc.Arbitrary<Block> = fc
  .tuple(
    fc.oneof(
      fc.constant({ kind: 'file', id: 'file-1' } as const),
      base64.map(
        (bytes) => ({ kind: 'base64', mediaType: 'application/pdf', base64: bytes }) as const,
      ),
    ),
    optional('name', fc.constantFrom('a.pdf', 'b.pdf')),
  )
  .map(([source, name]) => ({ kind: 'document', source, ...name }))

const toolCall: fc.Arbitrary<Block> = fc.record({
  kind: fc.constant('tool-call' as const),
  id: word,
  name: word,
  input: fc.constantFrom('{}', '{"city":"Rome"}', 'no json', ''),
})
const toolResult: fc.Arbitrary<Block> = fc.record({
  kind: fc.constant('tool-result' as const),
  id: word,
  blocks: fc.array(text, { minLength: 1, maxLength: 2 }),
})

const userTurn = fc
  .array(fc.oneof(text, image, document), { minLength: 1, maxLength: 3 })
  .map((blocks): Turn => ({ role: 'user', blocks }))
const systemTurn = text.map((block): Turn => ({ role: 'system', blocks: [block] }))
/** Calls follow what was said, as both OpenAI formats have them. */
const assistantTurn = fc
  .tuple(fc.array(text, { maxLength: 2 }), fc.array(toolCall, { maxLength: 2 }))
  .filter(([said, calls]) => said.length + calls.length > 0)
  .map(([said, calls]): Turn => ({ role: 'assistant', blocks: [...said, ...calls] }))
const resultsTurn = fc
  .array(toolResult, { minLength: 1, maxLength: 3 })
  .map((blocks): Turn => ({ role: 'user', blocks }))

/** Turns in which tool results and an answer are each followed by what the user says, so that none run together. */
const turns = fc
  .tuple(
    userTurn,
    fc.array(fc.tuple(assistantTurn, fc.option(resultsTurn), fc.oneof(userTurn, systemTurn)), {
      maxLength: 3,
    }),
    fc.array(userTurn, { maxLength: 2 }),
  )
  .map(([first, rounds, last]) => [
    first,
    ...rounds.flatMap(([said, results, after]) => [said, ...(results ? [results] : []), after]),
    ...last,
  ])

const tool: fc.Arbitrary<Tool> = fc
  .tuple(word, optional('description', fc.string()), schema, optional('strict', fc.boolean()))
  .map(([name, description, shape, strict]) => ({
    kind: 'function',
    name,
    ...description,
    schema: shape,
    ...strict,
  }))

/** Calls in the normal form in which a dialect reads them, of what both OpenAI formats can say. */
export const callsOf = (origin: DialectName, more: fc.Arbitrary<JsonObject>): fc.Arbitrary<Call> =>
  fc.record({
    model: fc.constantFrom('gpt-4o-mini', 'gpt-5-nano', 'o3', 'llama3.1', 'openai/gpt-5'),
    system: fc.array(text, { maxLength: 2 }),
    turns,
    tools: fc.array(
      fc.oneof(tool, fc.constant<Tool>({ kind: 'foreign', wire: { type: 'web_search' } })),
      { maxLength: 3 },
    ),
    toolChoice: fc.oneof(
      fc.constantFrom(
        null,
        { kind: 'auto' as const },
        { kind: 'required' as const },
        { kind: 'none' as const },
      ),
      word.map((name) => ({ kind: 'tool' as const, name })),
    ),
    parallelToolCalls: maybe(fc.boolean()),
    format: fc.oneof(
      fc.constantFrom({ kind: 'text' as const }, { kind: 'json' as const }),
      fc.record({ kind: fc.constant('schema' as const), name: word, schema, strict: fc.boolean() }),
    ),
    maxOutputTokens: maybe(fc.nat()),
    temperature: maybe(fc.double({ min: 0, max: 2, noNaN: true }).map((value) => value + 0)),
    topP: maybe(fc.constantFrom(0.1, 1)),
    topK: fc.constant(null),
    seed: fc.constant(null),
    stop: fc.constant([]),
    reasoning: maybe(
      fc.constantFrom('low', 'high').map((effort) => ({ effort, budgetTokens: null })),
    ),
    user: maybe(fc.string()),
    serviceTier: maybe(fc.constantFrom('auto', 'flex')),
    streamed: fc.boolean(),
    more,
    origin: fc.constant(origin),
  })
