import type { Json, JsonObject } from '../domain/json.ts'
import type { Message, Prompt, Request } from '../domain/request.ts'
import type { CachePolicy, KeyIgnore, Namespace } from '../policy/caching.ts'
import { namespaceFieldOf } from './cache-terms.ts'

/**
 * The parts of prompts that a policy's keys may leave out: only what every namespace in force tells apart, its rules'
 * own included. Flags may have changed the namespace that the file was checked with, and an answer made from one
 * user's context must not reach another.
 */
export const coveredIgnores = ({ keyIgnore, namespace, rules }: CachePolicy) => {
  const inForce = [namespace, ...rules.flatMap((rule) => rule.namespace ?? [])]
  return keyIgnore.filter(({ coveredBy }) => inForce.every((each) => tellsApart(each, coveredBy)))
}

/** The document version is in every key, whatever the namespace. */
function tellsApart(namespace: Namespace, field: KeyIgnore['coveredBy']): boolean {
  if (field === 'documentVersion') return true
  if (namespace.kind === 'log') return field === 'tenant'
  return namespace.kind === 'fields' && namespace.fields.includes(field)
}

/** A prompt as keys count it. */
export type CountedPrompt = {
  readonly prompt: Prompt
  /** Whether an entry was left out, since nothing tells whose its match is. */
  readonly lacksCover: boolean
}

/**
 * Drops from prompts what does not count for keys: every match, in text alone. A request without the field that covers
 * an entry keeps what it would drop: those who lack it share a namespace, and are not known to be one and the same.
 */
export function compileKeyIgnore(
  ignores: readonly KeyIgnore[],
): (prompt: Prompt, request: Request) => CountedPrompt {
  const entries = ignores.map((entry) => ({ ...entry, pattern: everywhere(entry.pattern) }))
  return (prompt, request) => {
    const covered = entries.filter(({ coveredBy }) => hasField(request, coveredBy))
    const patternsOf = (name: KeyIgnore['field']) =>
      covered.filter(({ field }) => field === name).map(({ pattern }) => pattern)
    const [system, messages] = [patternsOf('system'), patternsOf('messages')]
    const without = (message: Message): Message => {
      const patterns = isSystem(message) ? system : messages
      return { ...message, content: dropped(message.content, patterns) }
    }
    return {
      prompt: {
        ...prompt,
        ...(prompt.system !== undefined && { system: dropped(prompt.system, system) }),
        messages: prompt.messages.map(without),
      },
      lacksCover: covered.length < entries.length,
    }
  }
}

const hasField = (request: Request, field: KeyIgnore['coveredBy']): boolean =>
  (namespaceFieldOf(request, field) ?? '') !== ''

/** As `compilePattern` reads it, but for all places at once. */
const everywhere = (pattern: string): RegExp => new RegExp(pattern, 'giu')

const isSystem = ({ role }: Message): boolean => role === 'system' || role === 'developer'

/** A text, or the texts of a list of parts, without what the patterns match. */
function dropped(content: Json, patterns: readonly RegExp[]): Json {
  if (typeof content === 'string')
    return patterns.reduce((text, pattern) => text.replace(pattern, ''), content)
  return Array.isArray(content) ? content.map((part) => droppedPart(part, patterns)) : content
}

function droppedPart(part: Json, patterns: readonly RegExp[]): Json {
  if (typeof part === 'string') return dropped(part, patterns)
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
  const { text } = part as JsonObject
  return typeof text === 'string' ? { ...part, text: dropped(text, patterns) } : part
}
