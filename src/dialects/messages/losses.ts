import type { Call, DialectName } from '../../domain/call.ts'
import { lose, openWriting, type Writing } from '../openai-losses.ts'

/** What a call loses on the way to this wire, under the names of the wire that it comes from. */
export type Losses = {
  /** The call comes from this wire: what only it knows goes back as it came. */
  readonly isHome: boolean
  readonly names: WireNames
  readonly writing: Writing
  warn(field: string, why: string): void
  refuse(field: string, why: string): void
}

export function openLosses(call: Call): Losses {
  const writing = openWriting(call, 'anthropic-messages')
  return {
    isHome: writing.home,
    names: wireNames[call.origin],
    writing,
    warn: (field, why) => lose(writing, 'warned', field, why),
    refuse: (field, why) => lose(writing, 'refused', field, why),
  }
}

type WireNames = {
  readonly turns: string
  readonly maxOutputTokens: string
  readonly stop: string
  readonly format: string
  readonly effort: string
}

const wireNames: Readonly<Record<DialectName, WireNames>> = {
  'openai-chat': {
    turns: 'messages',
    maxOutputTokens: 'max_completion_tokens',
    stop: 'stop',
    format: 'response_format',
    effort: 'reasoning_effort',
  },
  'openai-responses': {
    turns: 'input',
    maxOutputTokens: 'max_output_tokens',
    stop: 'stop',
    format: 'text.format',
    effort: 'reasoning.effort',
  },
  'anthropic-messages': {
    turns: 'messages',
    maxOutputTokens: 'max_tokens',
    stop: 'stop_sequences',
    format: 'output_config.format',
    effort: 'output_config.effort',
  },
}
