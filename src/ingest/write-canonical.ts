import type { StoredMessage } from '../domain/columns.ts'
import { defined, isObject, type Json, type JsonObject } from '../domain/json.ts'
import { usdOf } from '../domain/money.ts'
import { flag } from '../domain/row.ts'
import type { StoredRequest } from '../domain/stored-request.ts'
import { totalTokens } from '../domain/usage.ts'

/** A stored request as a canonical record (docs/formats.md), which `canonical` reads back to the same request. */
export function writeCanonical(request: StoredRequest): JsonObject {
  const { profile, extra, flags } = request
  const has = (bit: number): true | undefined => ((flags & bit) === 0 ? undefined : true)
  return present({
    v: 1,
    id: canonicalId(request),
    responseId: request.responseId,
    at: request.at === null ? null : new Date(request.at).toISOString(),
    provider: profile.provider,
    model: profile.model,
    requestedModel: profile.requestedModel,
    operation: profile.operation,
    user: request.user,
    session: request.session,
    trace: request.trace,
    ...contextOf(request),
    prompt: writePrompt(request.prompt),
    promptBlocks: extra['promptBlocks'],
    params: parsed(profile.params) ?? parsed(extra['params']),
    answer: writeAnswer(request),
    answerLabel: extra['answerLabel'],
    embedding: extra['embedding'],
    usage: usageOf(request),
    usageEstimated: usageOf(request) === null ? undefined : has(flag.estimated),
    fees: extra['fees'],
    latencyMs: request.latencyMs,
    firstTokenMs: request.firstTokenMs,
    streamed: has(flag.streamed),
    status: profile.status,
    statusCode: profile.statusCode === null ? null : Number(profile.statusCode),
    error: extra['error'],
    serviceTier: profile.serviceTier,
    speed: profile.speed,
    inferenceGeo: profile.inferenceGeo,
    region: profile.region,
    costUsd: request.loggedCostNanoUsd === null ? null : usdOf(request.loggedCostNanoUsd),
    servedFromCache: has(flag.servedFromCache),
    attempts: extra['attempts'],
    variant: extra['variant'],
    replay: has(flag.replay),
  })
}

function contextOf({ profile, extra, flags }: StoredRequest): Record<string, unknown> {
  const isUnused = (flags & flag.outputUnused) !== 0 && profile.status !== 'cancelled'
  return {
    feature: profile.feature,
    plan: profile.plan,
    team: profile.team,
    namespace: profile.namespace,
    route: profile.route,
    target: profile.target,
    key: profile.key,
    task: profile.task,
    agentRole: profile.agentRole,
    promptVersion: profile.promptVersion,
    documentVersion: profile.documentVersion ?? extra['documentVersion'],
    tags: tagsOf(profile.tags ?? extra['tags']),
    requiresReasoning: (flags & flag.requiresReasoning) === 0 ? undefined : true,
    outputUsed: isUnused ? false : undefined,
    diffLines: extra['diffLines'],
    paths: extra['paths'],
  }
}

/** Ids are unique within a format only, so another format's are told apart by its name. */
const canonicalId = ({ id, profile }: StoredRequest): string | null =>
  id === null || profile.format === 'canonical' ? id : `${profile.format}:${id}`

/** A log without counts and without text to count them by has no usage, which is not a usage of zero. */
const usageOf = ({ usage, flags }: StoredRequest): JsonObject | null =>
  (flags & flag.estimated) !== 0 && totalTokens(usage) === 0 ? null : usage

const tagsOf = (json: unknown): JsonObject | null => {
  const entries = parsed(json)
  return Array.isArray(entries) ? Object.fromEntries(entries as [string, string][]) : null
}

/** Null where any of the text is not kept: a part of a prompt would pass for another prompt. */
function writePrompt(chain: readonly StoredMessage[]): JsonObject | null {
  if (chain.length === 0 || chain.some(({ content }) => content === null)) return null
  const rest = [...chain]
  const tools = rest[0]?.role === 'tools' ? rest.shift() : undefined
  const system = rest[0]?.role === 'system' ? rest.shift() : undefined
  const messages = rest.map(writeMessage)
  // A reader would take a leading system message for the system prompt, so the system prompt goes before it.
  const leads = /^(?:system|developer)$/.test(rest[0]?.role ?? '')
  if (system !== undefined && leads) messages.unshift(writeMessage(system))
  return defined({
    system: system === undefined || leads ? undefined : bodyOf(system).content,
    messages,
    tools: tools === undefined ? undefined : bodyOf(tools).content,
  }) as JsonObject
}

const writeMessage = (message: StoredMessage): JsonObject => ({
  role: message.role,
  ...bodyOf(message),
})

/** The content of a message, with whatever else it holds. Redaction may have broken its JSON: it is text then. */
function bodyOf({ content, isJson }: StoredMessage): JsonObject & { readonly content: Json } {
  const text = content ?? ''
  const body = isJson ? parsed(text) : undefined
  return isObject(body) ? { ...body, content: body['content'] ?? '' } : { content: text }
}

function writeAnswer({ answer, profile, extra }: StoredRequest): JsonObject | null {
  const body = answer === null || answer.content === null ? null : bodyOf(answer)
  const calls = body?.['tool_calls']
  const hasCalls = Array.isArray(calls) && calls.length > 0
  const text = body === null || (hasCalls && body.content === '') ? null : body.content
  const written = present({
    text,
    toolCalls: hasCalls ? calls : null,
    finishReason: profile.finishReason,
    choices: extra['choices'],
  })
  return Object.keys(written).length === 0 ? null : written
}

function parsed(json: unknown): Json | undefined {
  if (typeof json !== 'string') return undefined
  try {
    return JSON.parse(json) as Json
  } catch {
    return undefined
  }
}

/** Without what is unknown. */
const present = (fields: Readonly<Record<string, unknown>>): JsonObject =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  ) as JsonObject
