import fc from 'fast-check'
import type { Block } from '../../src/domain/call.ts'
import type { Reply } from '../../src/domain/reply.ts'
import { openAiUsage } from './parts.ts'

const said = fc.string({ minLength: 1 })

/** Replies of what both OpenAI formats can say, in the form in which they are read. */
export const replies: fc.Arbitrary<Reply> = fc
  .record({
    thought: fc.option(said),
    text: fc.option(said),
    calls: fc.array(fc.tuple(said, said, fc.constantFrom('{}', '', '{"a":1}')), { maxLength: 2 }),
    ending: fc.constantFrom('stop', 'length', 'filtered'),
    usage: fc.option(openAiUsage),
    tier: fc.constantFrom('default', null),
  })
  .map(({ thought, text, calls, ending, usage, tier }): Reply => {
    const blocks: Block[] = []
    if (thought !== null) blocks.push({ kind: 'reasoning', text: thought })
    if (text !== null) blocks.push({ kind: 'text', text })
    for (const [id, name, input] of calls) blocks.push({ kind: 'tool-call', id, name, input })
    return {
      id: 'r-1',
      model: 'm-1',
      blocks,
      finish: ending === 'stop' && calls.length > 0 ? 'tool' : (ending as Reply['finish']),
      usage,
      ...(tier !== null && { serviceTier: tier }),
    }
  })
