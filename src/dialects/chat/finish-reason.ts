import { inTable } from '../../domain/json.ts'
import type { Finish } from '../../domain/reply.ts'

/** OpenAI's words, and those of servers that pass on the words of the model behind them. */
const finishWords: Readonly<Record<string, Finish>> = {
  stop: 'stop',
  eos: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  max_tokens: 'length',
  model_length: 'length',
  tool_calls: 'tool',
  tool_use: 'tool',
  function_call: 'tool',
  content_filter: 'filtered',
  safety: 'filtered',
  refusal: 'filtered',
}

/**
 * Why an answer ended. An answer that calls tools wants them called, also where the wire says "stop": OpenAI itself does
 * so when the caller names the function; one that refuses is filtered.
 */
export function readFinishReason(
  reason: unknown,
  saw: { readonly calls: boolean; readonly refusal: boolean },
): Finish {
  const finish = typeof reason === 'string' ? inTable(finishWords, reason.toLowerCase()) : undefined
  if (saw.refusal && finish !== 'length') return 'filtered'
  if (saw.calls && (finish === 'stop' || finish === undefined)) return 'tool'
  return finish ?? 'other'
}

/** The wire has no word for a pause nor for anything else: both are its plain end. */
export function writeFinishReason(finish: Finish): string {
  if (finish === 'tool') return 'tool_calls'
  if (finish === 'filtered') return 'content_filter'
  return finish === 'length' ? 'length' : 'stop'
}
