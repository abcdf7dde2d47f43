import type { Request } from '../domain/request.ts'
import type { CacheText } from '../policy/caching.ts'
import { compilePattern } from '../policy/pattern.ts'
import { lastUserText, spokenText, systemText } from './spoken-text.ts'

/** The text of a request that the semantic layer compares; null where it has none, which bypasses the layer. */
export type TextOf = (request: Request) => string | null

/** What a policy compares requests by, made ready. */
export function compileCacheText(cacheText: CacheText): TextOf {
  switch (cacheText.kind) {
    case 'last-user':
      return ({ prompt }) => lastUserText(prompt)
    case 'conversation':
      return ({ prompt }) =>
        prompt === undefined
          ? null
          : prompt.messages.map(({ role, content }) => `${role}: ${spokenText(content)}`).join('\n')
    case 'pattern': {
      const pattern = compilePattern(cacheText.pattern)
      return ({ prompt }) => {
        const match = pattern.exec(lastUserText(prompt) ?? '')
        return match === null ? null : (match[1] ?? match[0])
      }
    }
    case 'template':
      return (request) => filled(cacheText.template, request)
  }
}

/** Null where the request lacks a field of the template: half a text would be like too many others. */
function filled(template: string, request: Request): string | null {
  let isWhole = true
  const text = template.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const value = fieldOf(request, name.trim())
    if (value === null) isWhole = false
    return value ?? ''
  })
  return isWhole ? text : null
}

const wordFields = [
  'user',
  'session',
  'trace',
  'feature',
  'plan',
  'team',
  'namespace',
  'task',
  'agentRole',
  'documentVersion',
  'promptVersion',
  'model',
] as const

/** `{prompt.last-user}`, `{prompt.system}`, `{metadata.NAME}` for tags, or a field of the request. */
function fieldOf(request: Request, name: string): string | null {
  if (name === 'prompt.last-user') return lastUserText(request.prompt)
  if (name === 'prompt.system') return systemText(request.prompt)
  const tag = /^(?:metadata\.|tag:)(.+)$/.exec(name)?.[1]
  if (tag !== undefined) return request.tags?.get(tag) ?? null
  const field = wordFields.find((each) => each === name)
  return field === undefined ? null : (request[field] ?? null)
}
