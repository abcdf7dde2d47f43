import fc from 'fast-check'
import type { Block, BlockBody, Call, MediaSource, Tool } from '../../src/domain/call.ts'
import { defined, type JsonObject } from '../../src/domain/json.ts'
import { toolInputs } from './streamed-replies.ts'

const text = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
const id = fc.stringMatching(/^[a-z]{2,6}_[A-Za-z0-9]{4,10}$/)
const toolName = fc.constantFrom('search', 'get_weather', 'add')
const base64 = fc.constantFrom('iVBORw0KGgo=', 'JVBERi0xLjQK')
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined })

const imageSource: fc.Arbitrary<MediaSource> = fc.oneof(
  fc.record({ kind: fc.constant('url' as const), url: fc.webUrl() }),
  fc.record({
    kind: fc.constant('base64' as const),
    mediaType: fc.constantFrom('image/png', 'image/jpeg'),
    base64,
  }),
)
const image = imageSource.map((source) => ({ kind: 'image' as const, source }))
const textBlock = text.map((words) => ({ kind: 'text' as const, text: words }))
const toolCall = fc.record({
  kind: fc.constant('tool-call' as const),
  id,
  name: toolName,
  input: toolInputs,
})
const toolResult = fc.record({
  kind: fc.constant('tool-result' as const),
  id,
  blocks: textBlock.map((block) => [block]),
})

const marked = (blocks: fc.Arbitrary<BlockBody>): fc.Arbitrary<Block> =>
  fc
    .tuple(blocks, optional(fc.constantFrom('5m' as const, '1h' as const)))
    .map(([block, cache]) => defined({ ...block, cache }) as Block)

/** Schemas that every dialect's strict mode takes. */
export const schemas: fc.Arbitrary<JsonObject> = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 })
  .map((names) => ({
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    required: names,
    additionalProperties: false,
  }))

const tools: fc.Arbitrary<readonly Tool[]> = fc
  .uniqueArray(toolName, { minLength: 1 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc
          .record({ description: optional(text), schema: schemas, strict: optional(fc.boolean()) })
          .map((fields): Tool => defined({ kind: 'function' as const, name, ...fields }) as Tool),
      ),
    ),
  )

type Wishes = { readonly isMarked: boolean }

/** Conversations: questions, calls of tools, and what the tools gave back. */
function turns({ isMarked }: Wishes): fc.Arbitrary<Call['turns']> {
  const of = (blocks: fc.Arbitrary<BlockBody>): fc.Arbitrary<Block> =>
    isMarked ? marked(blocks) : blocks
  const question = fc.array(of(fc.oneof(textBlock, image)), { minLength: 1, maxLength: 3 })
  const said = textBlock.chain((words) =>
    fc.array(of(toolCall), { maxLength: 2 }).map((calls): readonly Block[] => [words, ...calls]),
  )
  const given = fc.array(of(toolResult), { minLength: 1, maxLength: 2 })
  return fc
    .tuple(question, fc.array(fc.tuple(said, fc.oneof(given, question)), { maxLength: 2 }))
    .map(([first, rounds]) => [
      { role: 'user' as const, blocks: first },
      ...rounds.flatMap(([answer, next]) => [
        { role: 'assistant' as const, blocks: answer },
        { role: 'user' as const, blocks: next },
      ]),
    ])
}

const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null })

/** Calls such as several dialects can say, written for one of them. */
export function calls(origin: Call['origin'], wishes: Wishes): fc.Arbitrary<Call> {
  const systemBlock = wishes.isMarked ? marked(textBlock) : textBlock
  return fc
    .record({
      model: fc.constantFrom('claude-sonnet-4-5', 'gpt-5'),
      system: fc.array(systemBlock as fc.Arbitrary<Block>, { maxLength: 1 }),
      turns: turns(wishes),
      tools,
      toolChoice: maybe(
        fc.constantFrom<NonNullable<Call['toolChoice']>>(
          { kind: 'auto' },
          { kind: 'required' },
          { kind: 'tool', name: 'search' },
        ),
      ),
      parallelToolCalls: maybe(fc.boolean()),
      format: fc.oneof(
        fc.constant({ kind: 'text' as const }),
        schemas.map((schema) => ({
          kind: 'schema' as const,
          name: 'answer',
          schema,
          strict: true,
        })),
      ),
      maxOutputTokens: fc.integer({ min: 1, max: 64_000 }),
      temperature: maybe(fc.constantFrom(0, 0.25, 1)),
      topP: maybe(fc.constantFrom(0.5, 1)),
      topK: fc.constant(null),
      seed: fc.constant(null),
      // Responses has no stop sequences.
      stop:
        origin === 'openai-responses'
          ? fc.constant([])
          : fc.uniqueArray(fc.constantFrom('END', '\n\nHuman:'), { maxLength: 2 }),
      reasoning: fc.constant(null),
      user: maybe(id),
      serviceTier: fc.constant(null),
      streamed: fc.boolean(),
      more: fc.constant({}),
      origin: fc.constant(origin),
    })
    .map((call) =>
      call.toolChoice === null && call.parallelToolCalls !== null
        ? { ...call, toolChoice: { kind: 'auto' as const } }
        : call,
    )
}
