import type { Block, Call, Turn } from '../domain/call.ts'
import type { JsonObject } from '../domain/json.ts'
import type { TuningFormat } from '../domain/tuning-format.ts'
import { chatDialect } from './chat/chat-dialect.ts'

/** An example to learn from; a sentence where the format cannot say it. */
export type TuningExample = JsonObject | string

/** A prompt and the answer that a model is to learn, as a line of a fine-tuning file. */
export function writeTuningExample(
  format: TuningFormat,
  call: Call,
  answer: string,
): TuningExample {
  if (call.turns.at(-1)?.role !== 'user') return 'the prompt does not end with what a user says'
  return format === 'openai' ? openAiExample(call, answer) : anthropicExample(call, answer)
}

function openAiExample(call: Call, answer: string): TuningExample {
  const said: Turn = { role: 'assistant', blocks: [{ kind: 'text', text: answer }] }
  const { body, losses } = chatDialect.writeCall({ ...call, turns: [...call.turns, said] })
  const lost = losses.find(({ level }) => level === 'refused')
  if (lost !== undefined) return `OpenAI chat has no ${lost.field}`
  const { messages, tools } = body
  return { messages, ...(tools !== undefined && { tools }) }
}

/** Text alone, the two sides in turn, beginning with the user. */
function anthropicExample(call: Call, answer: string): TuningExample {
  if (call.tools.length > 0) return 'fine-tuning on Bedrock knows no tools'
  const system = textOf(call.system)
  const messages: { role: string; content: string }[] = []
  for (const { role, blocks } of call.turns) {
    const content = textOf(blocks)
    if (content === null || role === 'system') return 'fine-tuning on Bedrock takes text alone'
    const last = messages.at(-1)
    if (last?.role === role) last.content += `\n\n${content}`
    else messages.push({ role, content })
  }
  if (system === null) return 'fine-tuning on Bedrock takes text alone'
  if (messages[0]?.role !== 'user') return 'the prompt does not begin with what a user says'
  messages.push({ role: 'assistant', content: answer })
  return { ...(system !== '' && { system }), messages }
}

/** Null where there is more than text. */
function textOf(blocks: readonly Block[]): string | null {
  const texts = blocks.flatMap((block) => (block.kind === 'text' ? [block.text] : []))
  return texts.length === blocks.length ? texts.join('\n\n') : null
}
