import * as crypto from 'node:crypto'
import { type Json, type JsonObject, jsonTextOf, openObject } from '../domain/json.ts'
import {
  type Link,
  noPrefix,
  type PromptPrefix,
  partitionLength,
  type RequestKeys,
} from '../domain/keys.ts'
import type { Answer, Message, Request } from '../domain/request.ts'
import { totalInputTokens } from '../domain/usage.ts'
import { isUnshared } from './unshared.ts'

/** Hashes text under a secret, so that short prompts cannot be guessed from a store that holds only hashes. */
export type KeyHash = (text: string) => string

/** 22 base64url characters: the first 132 bits of SHA-256 over secret and text. */
export function keyHash(secret: string): KeyHash {
  // crypto.hash came with Node 20.12 and costs half of createHash on short texts.
  const oneShot = (crypto as { hash?: (name: string, text: string, encoding: string) => string })
    .hash
  if (oneShot !== undefined)
    return (text) => oneShot('sha256', secret + text, 'base64url').slice(0, 22)
  const seeded = crypto.createHash('sha256').update(secret)
  return (text) => seeded.copy().update(text).digest('base64url').slice(0, 22)
}

/**
 * The canonical keys of a request (docs/methods.md, "Keys"). JSON key order, white space between JSON tokens and
 * cache_control marks do not matter; everything that can change the answer does. The *requested* model counts.
 */
export function requestKeys(request: Request, hash: KeyHash): RequestKeys {
  const { prompt } = request
  if (prompt === undefined) return blockKeys(request, hash)
  const chain: Link[] = []
  let parent = ''
  const append = (link: Link) => {
    chain.push(link)
    parent = link.hash
  }
  const { tools, system, messages } = prompt
  if (tools !== undefined && !isEmpty(tools)) append(firstLink('tools', tools, '', hash))
  if (system !== undefined && !isEmpty(system)) append(firstLink('system', system, parent, hash))
  for (const message of messages) append(linkOf(message, parent, hash))
  const question = lastUserMessage(messages)
  const last = chain[chain.length - 1]
  return {
    chain,
    exactKey: isUnshared(request) ? null : partitionKey(request, hash) + parent,
    questionKey: question === undefined ? null : hash(bodyOf(question).content),
    prefix: prefixOf(chain),
    stepKey:
      last === undefined || request.trace === undefined ? null : hash(stepText(last.content)),
    answer: request.answer === undefined ? null : answerLink(request.answer, parent, hash),
  }
}

/** Longer messages are told apart by their beginnings. */
const longestStep = 4000

/** A message as an agent that goes round in circles repeats it: numbers, case and spacing aside. */
const stepText = (content: string): string =>
  content.slice(0, longestStep).toLowerCase().replace(/\d+/g, '0').replace(/\s+/g, ' ')

/** Tools and system prompts are few and long: their links are remembered, per way of hashing. */
const knownLinks = new WeakMap<KeyHash, Map<string, Link>>()
const mostKnownLinks = 1000

function firstLink(role: string, content: Json, parent: string, hash: KeyHash): Link {
  if (typeof content !== 'string') return linkOf({ role, content }, parent, hash)
  let links = knownLinks.get(hash)
  if (links === undefined) {
    links = new Map()
    knownLinks.set(hash, links)
  }
  const name = `${role}\n${parent}\n${content}`
  const known = links.get(name)
  if (known !== undefined) return known
  if (links.size >= mostKnownLinks) links.clear()
  const link = linkOf({ role, content }, parent, hash)
  links.set(name, link)
  return link
}

/** Prompt caches start at about 1,024 tokens: the first blocks that reach it stand for the shared prefix. */
const leastPrefixTokens = 1024

/** Of a log that holds block hashes in place of text, only the shared prefix has a key. */
const noKeys: RequestKeys = {
  chain: [],
  exactKey: null,
  questionKey: null,
  prefix: noPrefix,
  stepKey: null,
  answer: null,
}

function blockKeys({ promptBlocks, usage }: Request, hash: KeyHash): RequestKeys {
  if (promptBlocks === undefined) return noKeys
  const { tokensPerBlock, ids } = promptBlocks
  const blocks = Math.ceil(leastPrefixTokens / tokensPerBlock)
  if (ids.length < blocks) return noKeys
  const systemKey = hash(ids.slice(0, blocks).join('\n'))
  const promptTokens = Math.max(
    ids.length * tokensPerBlock,
    usage === undefined ? 0 : totalInputTokens(usage),
  )
  const systemBytes = blocks * tokensPerBlock
  return { ...noKeys, prefix: { ...noPrefix, systemKey, systemBytes, promptBytes: promptTokens } }
}

function prefixOf(chain: readonly Link[]): PromptPrefix {
  let promptBytes = 0
  let systemBytes = 0
  let systemKey: string | null = null
  let historyBytes = 0
  let historyKey: string | null = null
  for (const [index, link] of chain.entries()) {
    if (link.role === 'assistant') {
      historyBytes = promptBytes
      historyKey = chain[index - 1]?.hash ?? null
    }
    const leads = systemBytes === promptBytes && isLeading(link)
    promptBytes += Buffer.byteLength(link.content)
    if (leads) {
      systemBytes = promptBytes
      systemKey = link.hash
    }
  }
  return { systemKey, historyKey, systemBytes, historyBytes, promptBytes }
}

const isLeading = (link: Link): boolean => link.role === 'tools' || link.role === 'system'

function linkOf(message: Message, parent: string, hash: KeyHash): Link {
  const { content, isJson } = bodyOf(message)
  const { role } = message
  return {
    hash: hash(`${parent}\n${role}\n${isJson ? 'json' : 'text'}\n${content}`),
    parent,
    role,
    content,
    isJson,
  }
}

/** 60 bits of what must be equal besides the conversation; the namespace joins where keys are compared. */
const knownPartitions = new WeakMap<KeyHash, Map<string, string>>()

function partitionKey(request: Request, hash: KeyHash): string {
  let keys = knownPartitions.get(hash)
  if (keys === undefined) {
    keys = new Map()
    knownPartitions.set(hash, keys)
  }
  const partition = partitionOf(request)
  const known = keys.get(partition)
  if (known !== undefined) return known
  if (keys.size >= mostKnownLinks) keys.clear()
  const key = hash(partition).slice(0, partitionLength)
  keys.set(partition, key)
  return key
}

function partitionOf(request: Request): string {
  const { operation, requestedModel, model, params, documentVersion } = request
  const canonical = params === undefined ? '' : paramsText(params)
  return `${operation}\n${requestedModel ?? model}\n${canonical}\n${documentVersion ?? ''}`
}

/** Few sets of parameters are in use at a time: their canonical form is remembered. */
const knownParams = new Map<string, string>()
const mostKnownParams = 1000

function paramsText(params: JsonObject): string {
  const written = jsonTextOf(params)
  const known = knownParams.get(written)
  if (known !== undefined) return known
  if (knownParams.size >= mostKnownParams) knownParams.clear()
  const kept = keyParams(params)
  const text = isEmpty(kept) ? '' : canonicalJson(kept)
  knownParams.set(written, text)
  return text
}

/** Parameters that say how an answer travels or who asked, not what it says. */
const transportParams = new Set([
  'stream',
  'stream_options',
  'user',
  'metadata',
  'store',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
])

function keyParams(params: JsonObject): JsonObject {
  const kept = openObject<Json | undefined>()
  for (const name of Object.keys(params)) if (!transportParams.has(name)) kept[name] = params[name]
  return kept
}

function answerLink(answer: Answer, parent: string, hash: KeyHash): Link | null {
  const { text, toolCalls = [] } = answer
  if (text === undefined && toolCalls.length === 0) return null
  const rest = toolCalls.length > 0 ? { rest: { tool_calls: toolCalls } } : {}
  return linkOf({ role: 'assistant', content: text ?? '', ...rest }, parent, hash)
}

/** A message's content as text, or with anything beside plain text as canonical JSON. */
function bodyOf({ content, rest }: Message): {
  readonly content: string
  readonly isJson: boolean
} {
  const text = typeof content === 'string' ? content : plainText(content)
  const plain = rest === undefined || isEmpty(rest)
  if (plain && text !== null) return { content: text, isJson: false }
  return {
    content: canonicalJson(plain ? { content } : { ...rest, content: text ?? content }),
    isJson: true,
  }
}

/** A content value as one text: its text parts joined, or canonical JSON where there are none. */
export function contentOf(content: Json): string {
  if (typeof content === 'string') return content
  return plainText(content) ?? canonicalJson(content)
}

/** The text of a content value when it is nothing but text, else null. */
function plainText(content: Json): string | null {
  if (!Array.isArray(content)) return null
  if (content.length !== 1) return null
  const [part] = content as readonly Json[]
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return null
  const { type, text } = part as JsonObject
  return typeof text === 'string' && (type === 'text' || type === 'input_text') ? text : null
}

/** JSON with sorted keys, no white space and no cache_control marks (they steer the prompt cache, not the answer). */
export function canonicalJson(value: Json | undefined): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const entries = Object.keys(value)
    .filter((key) => key !== 'cache_control' && (value as JsonObject)[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson((value as JsonObject)[key])}`)
  return `{${entries.join(',')}}`
}

function lastUserMessage(messages: readonly Message[]): Message | undefined {
  for (let at = messages.length - 1; at >= 0; at--) {
    if (messages[at]?.role === 'user') return messages[at]
  }
  return undefined
}

const isEmpty = (value: Json): boolean =>
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value as object).length === 0)
