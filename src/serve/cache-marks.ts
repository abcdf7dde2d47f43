import { isObject, type Json, type JsonObject, listOf } from '../domain/json.ts'
import type { PrefixPolicy } from '../policy/caching.ts'
import type { BodyEdit } from './edit-body.ts'

/**
 * Sets prompt-cache marks in a body of Anthropic Messages where the policy asks for them. Marks of the caller's own
 * stay as they are, and none is added to them: only the caller knows why they stand there.
 */
export function cacheMarkEdits(
  body: JsonObject,
  { mode, breakpoints, ttl }: Pick<PrefixPolicy, 'mode' | 'breakpoints' | 'ttl'>,
): readonly BodyEdit[] {
  if (mode !== 'inject' || isMarked(body)) return []
  const mark = ttl === '1h' ? { type: 'ephemeral', ttl } : { type: 'ephemeral' }
  const edits: BodyEdit[] = []
  const add = (name: string, value: Json | null) => {
    if (value !== null) edits.push({ name, value })
  }
  for (const breakpoint of breakpoints) {
    if (breakpoint === 'tools') add('tools', lastMarked(listOf(body['tools']), mark))
    if (breakpoint === 'system') add('system', contentMarked(body['system'], mark))
    if (breakpoint === 'history') add('messages', historyMarked(listOf(body['messages']), mark))
  }
  return edits
}

const isMarked = ({ system, tools, messages, cache_control: whole }: JsonObject): boolean =>
  whole !== undefined || JSON.stringify([system, tools, messages]).includes('"cache_control"')

function lastMarked(items: readonly Json[], mark: JsonObject): Json | null {
  const last = items.at(-1)
  return isObject(last) ? [...items.slice(0, -1), { ...last, cache_control: mark }] : null
}

/** Blocks that a mark may stand on; thoughts are none. */
const markable: ReadonlySet<unknown> = new Set([
  'text',
  'image',
  'document',
  'tool_use',
  'tool_result',
])

function contentMarked(content: Json | undefined, mark: JsonObject): Json | null {
  if (typeof content === 'string' && content !== '')
    return [{ type: 'text', text: content, cache_control: mark }]
  const last = Array.isArray(content) ? (content as readonly Json[]).at(-1) : undefined
  if (!isObject(last) || !markable.has(last['type']) || last['text'] === '') return null
  return lastMarked(content as readonly Json[], mark)
}

/** The last message: everything up to it is read again with the next turn. */
function historyMarked(messages: readonly Json[], mark: JsonObject): Json | null {
  const last = messages.at(-1)
  if (!isObject(last)) return null
  const content = contentMarked(last['content'], mark)
  return content === null ? null : [...messages.slice(0, -1), { ...last, content }]
}
