import { disjointUsage } from '../../dialects/usage.ts'
import {
  countOf,
  defined,
  firstText,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import type { Answer, Request } from '../../domain/request.ts'
import { timeOf } from '../fields.ts'
import { providerIdOf } from '../provider.ts'
import type { Ignored, Reader, Reading, RecordReader } from '../reader.ts'

/**
 * Codex CLI's session files (`~/.codex/sessions/YYYY/MM/DD/rollout-….jsonl`). A token_count event is one call; its
 * model is in the turn_context before it. The prompt, all of the conversation each time, is not taken.
 */
export const codex: Reader = {
  name: 'codex',
  title: 'Codex CLI session',
  resumable: false,
  recognise: (records) => records.filter(isRow).length / records.length,
  start: ({ path }) => new Session(path),
}

const rowTypes = new Set([
  'session_meta',
  'turn_context',
  'event_msg',
  'response_item',
  'compacted',
])

const isRow = (record: JsonObject): boolean =>
  rowTypes.has(String(record['type'])) && isObject(record['payload'])

/** The model of sessions from before turn_context named it. */
const assumedModel = 'gpt-5'

type Call = { readonly request: Request; readonly second: number }

class Session implements RecordReader {
  #meta: JsonObject | null = null
  #id: string | undefined
  #feature: string | undefined
  #provider: string | undefined = 'openai'
  #model: string | undefined
  #totals: Totals = noTotals
  #replays = false
  #held: Call | null = null
  #replaySecond: number | null = null
  #firstSecond: number | null = null
  #text: string[] = []
  #toolCalls: Json[] = []

  constructor(path: string) {
    this.#id = /([0-9a-f]{8}-[0-9a-f-]{27})\.jsonl/.exec(path)?.[1]
  }

  read(record: JsonObject): Reading {
    const payload = objectOf(record['payload'])
    switch (record['type']) {
      case 'session_meta':
        this.#begin(payload, timeOf(record['timestamp']))
        return { ignored: 'session-meta' }
      case 'turn_context':
        this.#turn(payload)
        return { ignored: 'turn-context' }
      case 'response_item':
        this.#collect(payload)
        return { ignored: 'response-item' }
      case 'compacted':
        return { ignored: 'compacted' }
      case 'event_msg':
        return payload['type'] === 'token_count'
          ? this.#count(record, payload)
          : { ignored: 'other-event' }
      default:
        return { rejected: 'not-a-session-row' }
    }
  }

  end(): readonly Request[] {
    return this.#release()
  }

  /** Files of sub-agents and forks hold the parent's meta row again, after their own. */
  #begin(payload: JsonObject, at: number | undefined): void {
    if (this.#meta !== null) return
    this.#meta = payload
    this.#id = textOf(payload['id']) ?? this.#id
    this.#turn(payload)
    this.#provider = providerIdOf(textOf(payload['model_provider'])) ?? 'openai'
    this.#replays =
      'forked_from_id' in payload ||
      JSON.stringify(payload['source'] ?? '').includes('thread_spawn')
    // No model answers within the second in which its session begins: such a call is the parent's.
    if (this.#replays && at !== undefined) this.#firstSecond = Math.floor(at / 1000)
  }

  #turn(payload: JsonObject): void {
    this.#model = firstText(payload['model'], objectOf(payload['info'])['model']) ?? this.#model
    const folders = textOf(payload['cwd'])?.split(/[\\/]/)
    this.#feature ??= folders?.findLast((part) => part !== '')
  }

  /** What the model wrote since the last call. */
  #collect(item: JsonObject): void {
    if (item['type'] === 'message' && item['role'] === 'assistant') {
      for (const part of listOf(item['content'])) {
        const text = textOf(objectOf(part)['text'])
        if (text !== undefined) this.#text.push(text)
      }
    } else if (/^(?:function|custom_tool|local_shell)_call$/.test(String(item['type']))) {
      this.#toolCalls.push(item)
    }
  }

  #answer(): Answer | undefined {
    const [text, toolCalls] = [this.#text.join(''), this.#toolCalls]
    this.#text = []
    this.#toolCalls = []
    if (text === '' && toolCalls.length === 0) return undefined
    const finishReason = toolCalls.length > 0 ? 'tool' : 'stop'
    return { text, finishReason, ...(toolCalls.length > 0 && { toolCalls }) }
  }

  #count(record: JsonObject, payload: JsonObject): Reading {
    const info = objectOf(payload['info'])
    const counts = this.#countsOf(info)
    if ('ignored' in counts) return counts
    const answer = this.#answer()
    const { usage, rejected } = disjointUsage(counts, 'included')
    if (rejected !== undefined) return { rejected }
    const at = timeOf(record['timestamp'])
    if (at === undefined) return { rejected: 'no-time' }
    const model = firstText(payload['model'], info['model'], this.#model)
    const request = {
      ...defined({
        id: `${this.#id ?? ''}:${at}:${this.#totals.total}`,
        at,
        provider: this.#provider,
        session: this.#id,
        feature: this.#feature,
        usage,
        answer,
        warnings: model === undefined ? ['model-assumed'] : undefined,
      }),
      model: model ?? assumedModel,
      operation: 'chat',
      status: 'ok',
    } as Request
    return this.#replays ? this.#afterReplay({ request, second: Math.floor(at / 1000) }) : request
  }

  /** The counts of the last call, or what the session's totals grew by. */
  #countsOf(info: JsonObject): Totals | Ignored {
    const last = isObject(info['last_token_usage']) ? totalsOf(info['last_token_usage']) : null
    const totals = isObject(info['total_token_usage']) ? totalsOf(info['total_token_usage']) : null
    const before = this.#totals
    if (totals !== null) this.#totals = totals
    const counts = last ?? (totals === null ? noTotals : difference(totals, before))
    if (isSame(counts, noTotals)) return { ignored: 'no-usage' }
    // The event is written again with every new state of the rate limits.
    if (totals !== null && isSame(totals, before)) return { ignored: 'repeated-total' }
    return counts
  }

  /**
   * A sub-agent's file begins with the parent's history, written at once: where the first two calls share a second,
   * all calls of that second are the parent's.
   */
  #afterReplay(call: Call): Reading {
    if (this.#replaySecond === call.second) return { ignored: 'replayed-history' }
    if (this.#replaySecond !== null) {
      this.#replays = false
      return call.request
    }
    if (this.#firstSecond === call.second) {
      this.#replaySecond = call.second
      return { ignored: 'replayed-history' }
    }
    if (this.#held === null) {
      this.#held = call
      return []
    }
    if (this.#held.second === call.second) {
      this.#held = null
      this.#replaySecond = call.second
      return { ignored: 'replayed-history' }
    }
    this.#replays = false
    return [...this.#release(), call.request]
  }

  #release(): readonly Request[] {
    const held = this.#held
    this.#held = null
    return held === null ? [] : [held.request]
  }
}

type Totals = {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly output: number
  readonly reasoning: number
  readonly total: number
}

const noTotals: Totals = {
  input: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  output: 0,
  reasoning: 0,
  total: 0,
}

function totalsOf(wire: JsonObject): Totals {
  const input = countOf(wire['input_tokens']) ?? 0
  const output = countOf(wire['output_tokens']) ?? 0
  return {
    input,
    cacheRead: countOf(wire['cached_input_tokens'] ?? wire['cache_read_input_tokens']) ?? 0,
    cacheWrite5m: countOf(wire['cache_write_input_tokens']) ?? 0,
    output,
    reasoning: countOf(wire['reasoning_output_tokens']) ?? 0,
    total: countOf(wire['total_tokens']) ?? input + output,
  }
}

const isSame = (a: Totals, b: Totals): boolean =>
  a.total === b.total && a.input === b.input && a.output === b.output

/** Cumulative totals start again when a session does. */
function difference(totals: Totals, before: Totals): Totals {
  const from = totals.input < before.input || totals.output < before.output ? noTotals : before
  return {
    input: totals.input - from.input,
    cacheRead: Math.max(0, totals.cacheRead - from.cacheRead),
    cacheWrite5m: Math.max(0, totals.cacheWrite5m - from.cacheWrite5m),
    output: totals.output - from.output,
    reasoning: Math.max(0, totals.reasoning - from.reasoning),
    total: totals.total - from.total,
  }
}
