import fc from 'fast-check'
import type { Block } from '../../src/domain/call.ts'
import type { Reply } from '../../src/domain/reply.ts'

const text = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
const id = fc.stringMatching(/^[a-z]{2,6}_[A-Za-z0-9]{4,10}$/)
const count = fc.nat(100_000)

/** Arguments as models write them: objects. */
export const toolInputs = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 })
  .map((input) => JSON.stringify(JSON.parse(JSON.stringify(input))))

const blocks: fc.Arbitrary<readonly Block[]> = fc
  .array(
    fc.oneof(
      fc.record({ kind: fc.constant('text' as const), text }),
      fc.record({ kind: fc.constant('reasoning' as const), text, signature: text }),
      fc.record({
        kind: fc.constant('reasoning' as const),
        text: fc.constant(''),
        signature: text,
        isEncrypted: fc.constant(true),
      }),
      fc.record({
        kind: fc.constant('tool-call' as const),
        id,
        name: fc.stringMatching(/^[a-z_]{1,10}$/),
        input: toolInputs,
      }),
    ),
    { maxLength: 6 },
  )
  // Streams do not tell two texts in a row from one.
  .map((list) => list.filter((block, at) => block.kind !== 'text' || list[at - 1]?.kind !== 'text'))

const usage = fc
  .record({
    inputTokens: count.map((tokens) => tokens + 1),
    cacheReadTokens: count,
    cacheWrite5mTokens: count,
    cacheWrite1hTokens: count,
    outputTokens: count,
    reasoningTokens: fc.constant(0),
  })
  .chain((counts) =>
    fc.nat(counts.outputTokens).map((reasoningTokens) => ({ ...counts, reasoningTokens })),
  )

/** Answers such as a stream can carry. */
export const replies: fc.Arbitrary<Reply> = fc.record({
  id,
  model: fc.constantFrom('claude-sonnet-4-5', 'gpt-5'),
  blocks,
  finish: fc.constantFrom('stop', 'length', 'tool', 'filtered', 'pause', 'other'),
  usage,
})
