import { partitionLength, type RequestKeys } from '../domain/keys.ts'
import type { Request } from '../domain/request.ts'
import { type KeyHash, requestKeys } from '../engine/cache-key.ts'
import { compileCacheText } from '../engine/cache-text.ts'
import { compileKeyIgnore, coveredIgnores } from '../engine/key-ignore.ts'
import type { CachePolicy, CacheText, KeyIgnore } from '../policy/caching.ts'
import { textOf } from '../store/request-lookup.ts'
import { bareRequest } from './ignored-keys.ts'

/** What a live cache tells requests apart by: what a history numbers, as text. */
export type LiveKeys = {
  /** Equal for requests that one answer may serve, namespace apart; null without a prompt. */
  readonly exactKey: string | null
  /** Operation, model, parameters, document version, tools and system prompt: texts are compared inside one alone. */
  readonly group: string
  /** Equal for the same text in the same group; null where there is nothing to compare. */
  readonly semanticKey: string | null
  readonly text: string | null
  /** System prompt and messages, tools not counted. */
  readonly messages: number
}

/** `keys` are the request's own, where somebody has made them already. */
export type LiveKeysOf = (request: Request, keys?: RequestKeys) => LiveKeys

/**
 * Makes the keys of live requests ready: equal where `historyKeys`, `questionsOf` and `withoutIgnored` number requests
 * alike. What another `cacheText` or `keyIgnore` left is like nothing.
 */
export function compileLiveKeys(cache: CachePolicy, hash: KeyHash): LiveKeysOf {
  const ignores = coveredIgnores(cache)
  const counted = ignores.length === 0 ? wholeKeys : keysWithout(ignores, hash)
  const compared = compileCompared(cache.semantic.cacheText, hash)
  return (request, keys = requestKeys(request, hash)) => {
    if (keys.exactKey === null) return noKeys
    const { exactKey, around } = counted(request, keys, keys.exactKey)
    const { group, textKey, text } = compared(request, keys, around)
    return {
      exactKey,
      group,
      semanticKey: textKey === null ? null : `${group} ${textKey}`,
      text,
      messages: keys.chain.length - (hasTools(request) ? 1 : 0),
    }
  }
}

const noKeys: LiveKeys = {
  exactKey: null,
  group: '',
  semanticKey: null,
  text: null,
  messages: 0,
}

const hasTools = ({ prompt }: Request): boolean =>
  Array.isArray(prompt?.tools) && prompt.tools.length > 0

/** The exact key, and what is equal where texts may be compared. */
type Counted = { readonly exactKey: string; readonly around: string }
type CountedKeys = (request: Request, keys: RequestKeys, exactKey: string) => Counted

const wholeKeys: CountedKeys = (_, keys, exactKey) => ({
  exactKey,
  around: aroundOf(exactKey, keys),
})

/** What the policy ignores is dropped from the prompt; the rest of the key is as it was. */
function keysWithout(ignores: readonly KeyIgnore[], hash: KeyHash): CountedKeys {
  const name = hash(JSON.stringify(ignores))
  const drop = compileKeyIgnore(ignores)
  return (request, keys, exactKey) => {
    const { prompt } = request
    const left =
      prompt === undefined ? keys : requestKeys(bareRequest(drop(prompt, request).prompt), hash)
    return {
      exactKey: `${name} ${exactKey.slice(0, partitionLength)} ${left.exactKey}`,
      around: `${name} ${aroundOf(exactKey, left)}`,
    }
  }
}

const aroundOf = (exactKey: string, { prefix }: RequestKeys): string =>
  `${exactKey.slice(0, partitionLength)} ${prefix.systemKey ?? ''}`

type Compared = {
  readonly group: string
  readonly textKey: string | null
  readonly text: string | null
}

/** The text that is compared; other kinds of text than the usual one stay among themselves. */
function compileCompared(
  cacheText: CacheText,
  hash: KeyHash,
): (request: Request, keys: RequestKeys, around: string) => Compared {
  if (cacheText.kind === 'last-user')
    return (_, keys, group) => ({ group, textKey: keys.questionKey, text: lastUserTextOf(keys) })
  const kind = hash(JSON.stringify(cacheText))
  const textOfRequest = compileCacheText(cacheText)
  return (request, _, around) => {
    const text = textOfRequest(request)
    return { group: `${around} ${kind}`, textKey: text && hash(text), text }
  }
}

/** As the store would give it back: a history compares nothing else. */
function lastUserTextOf({ chain }: RequestKeys): string | null {
  const link = chain.findLast(({ role }) => role === 'user')
  return link === undefined ? null : textOf(link)
}
