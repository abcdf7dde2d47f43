import fc from 'fast-check'
import { type Fault, faultKinds } from '../../src/domain/fault.ts'
import type { Part } from '../../src/domain/reply.ts'
import type { Usage } from '../../src/domain/usage.ts'

const tokens = fc.nat(100_000)
/** Usage that an OpenAI wire can tell: it knows one class of cache writes. */
export const openAiUsage: fc.Arbitrary<Usage> = fc
  .tuple(tokens, tokens, tokens, tokens, tokens)
  .map(([input, read, written, output, reasoning]) => ({
    inputTokens: input,
    cacheReadTokens: read,
    cacheWrite5mTokens: written,
    cacheWrite1hTokens: 0,
    outputTokens: output,
    reasoningTokens: Math.min(reasoning, output),
  }))

export const streamFault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom(...faultKinds),
  message: fc.constantFrom('it broke', 'überlastet', 'no'),
  status: fc.constant(null),
  retryAfterMs: fc.constant(null),
})

const said = fc.string({ minLength: 1 })
const text: fc.Arbitrary<Part> = said.map((one) => ({ kind: 'text', text: one }))
const reasoning: fc.Arbitrary<Part> = said.map((one) => ({ kind: 'reasoning', text: one }))

/** Parts of tool calls in any order in which each call begins before its arguments. */
const calls: fc.Arbitrary<readonly Part[]> = fc
  .array(fc.tuple(said, fc.array(said, { maxLength: 3 })), { maxLength: 3 })
  .chain((all) => {
    const begun = all.map(
      ([name], index): Part => ({ kind: 'tool-call', index, id: `id-${index}`, name }),
    )
    const deltas = all.flatMap(([, jsons], index) =>
      jsons.map((json): Part => ({ kind: 'tool-delta', index, json })),
    )
    const count = deltas.length
    return fc
      .shuffledSubarray([...deltas.keys()], { minLength: count, maxLength: count })
      .map((order) => [...begun, ...order.flatMap((at) => deltas[at] ?? [])])
  })

/** The parts of one stream, as the reader of an OpenAI format gives them. */
export const streamedParts: fc.Arbitrary<readonly Part[]> = fc
  .record({
    thoughts: fc.array(reasoning, { maxLength: 3 }),
    texts: fc.array(text, { maxLength: 4 }),
    calls,
    usage: fc.option(openAiUsage),
    fault: fc.option(streamFault),
    ending: fc.constantFrom('stop', 'length', 'filtered'),
    tier: fc.constantFrom('default', null),
  })
  .map(({ thoughts, texts, calls: called, usage, fault, ending, tier }): readonly Part[] => {
    const finish = ending === 'stop' && called.length > 0 ? 'tool' : ending
    return [
      { kind: 'start', id: 'r-1', model: 'm-1' },
      ...thoughts,
      ...texts,
      ...called,
      fault === null
        ? ({
            kind: 'finish',
            finish,
            usage,
            ...(tier !== null && { serviceTier: tier }),
          } as Part)
        : ({ kind: 'error', fault, usage } as Part),
    ]
  })
