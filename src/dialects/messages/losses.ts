import type { Call, DialectName, Loss } from '../../domain/call.ts'
import type { Json, JsonObject } from '../../domain/json.ts'

/** What a call loses on the way to this wire, under the names of the wire that it comes from. */
export type Losses = {
  /** The call comes from this wire: what only it knows goes back as it came. */
  readonly isHome: boolean
  readonly names: WireNames
  readonly found: readonly Loss[]
  warn(field: string, why: string): void
  refuse(field: string, why: string): void
}

export function openLosses({ origin }: Pick<Call, 'origin'>): Losses {
  const found: Loss[] = []
  return {
    isHome: origin === 'anthropic-messages',
    names: wireNames[origin],
    found,
    warn: (field, why) => found.push({ level: 'warned', field, why }),
    refuse: (field, why) => found.push({ level: 'refused', field, why }),
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

/** Fields of other dialects without which the answer is of the same kind: bookkeeping, hints, wishes of style. */
const dispensable = new Set([
  'client_metadata',
  'include',
  'include_reasoning',
  'metadata',
  'models',
  'prediction',
  'prompt_cache_key',
  'prompt_cache_retention',
  'provider',
  'reasoning',
  'safety_identifier',
  'store',
  'stream_options',
  'text',
  'transforms',
  'usage',
  'verbosity',
])

/** Values that ask for what happens anyway. */
const defaults: Readonly<Record<string, Json>> = {
  n: 1,
  best_of: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  top_logprobs: 0,
  truncation: 'disabled',
}

/** Names each field that only another dialect knows. */
export function loseMore(more: JsonObject, losses: Losses): void {
  for (const [name, value] of Object.entries(more)) {
    if (isNothing(name, value)) continue
    if (dispensable.has(name)) losses.warn(name, 'Anthropic has no such field')
    else losses.refuse(name, 'Anthropic has no such field, and the answer may depend on it')
  }
}

function isNothing(name: string, value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '') return true
  if (Object.hasOwn(defaults, name) && defaults[name] === value) return true
  if (name === 'modalities' && JSON.stringify(value) === '["text"]') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
