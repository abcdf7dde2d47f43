import type { ReasoningBlock, Wording } from '../../domain/call.ts'
import { type JsonObject, listOf, objectOf, textOf } from '../../domain/json.ts'
import { sparse } from '../wire-fields.ts'

/** What stands between the parts of a summary where it is one text. */
export const summaryBreak = '\n\n'

/**
 * A reasoning item. Its text is the summary, or the thoughts themselves where a server gives them; more than that one
 * text is kept in the wording, so that the item goes back as it came.
 */
export function readReasoning(wire: JsonObject): ReasoningBlock & { readonly wording?: Wording } {
  const { type: _, id, encrypted_content: encrypted, summary, ...others } = wire
  const summaries = listOf(summary).map((part) => textOf(objectOf(part)['text']) ?? '')
  const thoughts = listOf(others['content']).map((part) => textOf(objectOf(part)['text']) ?? '')
  const signature = textOf(encrypted)
  const name = textOf(id)
  const item = sparse({ ...others, ...(summaries.length > 1 && { summary: summary ?? null }) })
  return {
    kind: 'reasoning',
    text: summaries.length > 0 ? summaries.join(summaryBreak) : thoughts.join(''),
    ...(signature !== undefined && { signature, isEncrypted: true }),
    ...(name !== undefined && { id: name }),
    ...(Object.keys(item).length > 0 && {
      wording: { item: thoughts.length > 0 ? { ...item, summary: summary ?? [] } : item },
    }),
  }
}

/** The same item again. */
export const writeReasoning = (block: ReasoningBlock): JsonObject => ({
  type: 'reasoning',
  ...sparse({ id: block.id ?? null }),
  summary: block.text === '' ? [] : [{ type: 'summary_text', text: block.text }],
  ...sparse({ encrypted_content: block.signature ?? null }),
})
