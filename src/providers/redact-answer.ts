import type { Block } from '../domain/call.ts'
import type { Json } from '../domain/json.ts'
import type { ProviderAnswer } from '../domain/provider.ts'
import type { Reply } from '../domain/reply.ts'

export type RedactText = (text: string) => string

/** An answer whose every text of a model or a provider has gone through a redaction. */
export function redactedAnswer(answer: ProviderAnswer, redact: RedactText): ProviderAnswer {
  if (answer.kind === 'answered') return { ...answer, reply: redactedReply(answer.reply, redact) }
  const { fault, partial } = answer
  return {
    ...answer,
    fault: { ...fault, message: redact(fault.message) },
    partial: partial === null ? null : redactedReply(partial, redact),
  }
}

const redactedReply = (reply: Reply, redact: RedactText): Reply => ({
  ...reply,
  blocks: reply.blocks.map((block) => redactedBlock(block, redact)),
})

function redactedBlock(block: Block, redact: RedactText): Block {
  switch (block.kind) {
    case 'text':
    case 'reasoning':
      return { ...block, text: redact(block.text) }
    case 'tool-call':
      return { ...block, input: redact(block.input) }
    case 'tool-result':
      return { ...block, blocks: block.blocks.map((each) => redactedBlock(each, redact)) }
    case 'foreign':
      return { ...block, wire: mapTexts(block.wire, redact) }
    case 'image':
    case 'document':
      return block
  }
}

/** The same with every text in it, names aside, gone through a function. */
export function mapTexts(value: Json, redact: RedactText): Json {
  if (typeof value === 'string') return redact(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each: Json) => mapTexts(each, redact))
  const entries = Object.entries(value)
  return Object.fromEntries(
    entries.map(([name, each]) => [name, each === undefined ? each : mapTexts(each, redact)]),
  )
}
