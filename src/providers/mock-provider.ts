import { partsOfReply } from '../dialects/fold-parts.ts'
import type { Block, Call } from '../domain/call.ts'
import type { Fault, TimeLimit } from '../domain/fault.ts'
import type { CallLimits, Provider, ProviderAnswer } from '../domain/provider.ts'
import type { Part, Reply } from '../domain/reply.ts'
import { mockFaults } from './mock-faults.ts'
import { type ExpectedOf, type MockAnswer, openMockModel } from './mock-model.ts'
import type { MockSettings } from './mock-settings.ts'
import { usageOf } from './mock-usage.ts'

/**
 * The mock in this process. Times are told, not waited for: limits of time are held against what the mock says, and an
 * answer that would never end is a timeout, at the first limit it meets or else at once.
 */
export function openMockProvider(settings: MockSettings, expectedOf?: ExpectedOf): Provider {
  const model = openMockModel(settings, expectedOf)
  return {
    name: 'mock',
    ask: async (call, { limits, signal, onPart, turn = 0 }) => {
      if (signal?.aborted === true) return cancelled
      const answer = providerAnswer(model(call, turn), call, limits)
      if (call.streamed && onPart !== undefined) for (const part of partsOf(answer)) onPart(part)
      return answer
    },
  }
}

const cancelled: ProviderAnswer = {
  kind: 'failed',
  fault: {
    kind: 'cancelled',
    message: 'the caller went away',
    status: null,
    retryAfterMs: null,
  },
  partial: null,
  latencyMs: 0,
  firstTokenMs: null,
}

function providerAnswer(answer: MockAnswer, call: Call, limits: CallLimits): ProviderAnswer {
  const course = courseOf(answer)
  const { fault, endMs } = course
  const met = limitMet(course, call.streamed, limits)
  const cutMs = met?.atMs ?? (endMs === never ? answer.latencyMs : endMs)
  const hasBegun = call.streamed && course.firstMs !== null && course.firstMs <= cutMs
  const firstTokenMs = hasBegun ? course.firstMs : null
  const times = { latencyMs: cutMs, firstTokenMs }
  const isTimeout = met !== null || endMs === never
  if (!isTimeout && fault === null) return { kind: 'answered', reply: answer.reply, ...times }
  const partial = hasBegun ? halfOf(answer.reply) : null
  const late = met === null ? timeout : { ...timeout, limit: met.limit }
  return { kind: 'failed', fault: isTimeout || fault === null ? late : fault, partial, ...times }
}

/** How an attempt goes if nobody limits its time, milliseconds. */
type Course = {
  /** The first content; null: none comes. */
  readonly firstMs: number | null
  /** The longest silence after it. */
  readonly gapMs: number
  readonly endMs: number
  readonly fault: Fault | null
}

const never = Number.POSITIVE_INFINITY

function courseOf(answer: MockAnswer): Course {
  const { firstTokenMs: firstMs, latencyMs, chunkMs: gapMs } = answer
  const whole = { firstMs, gapMs, endMs: latencyMs, fault: null }
  if (answer.kind === 'answered' || answer.name === 'slow') return whole
  const { name, fault } = answer
  if (name === 'stall') return { ...whole, gapMs: never, endMs: never }
  if (name === 'endless') return { ...whole, endMs: never }
  return mockFaults[name].stage === 'instead'
    ? { firstMs: null, gapMs: 0, endMs: firstMs, fault }
    : { ...whole, endMs: (firstMs + latencyMs) / 2, fault }
}

/** The first limit of time that is passed, and when; null: none is before the end. */
function limitMet(
  { firstMs, gapMs, endMs }: Course,
  streamed: boolean,
  limits: CallLimits,
): { readonly limit: TimeLimit; readonly atMs: number } | null {
  const met: { limit: TimeLimit; atMs: number }[] = []
  const note = (limit: TimeLimit, tookMs: number, sinceMs: number) => {
    const ms = limits[limit]
    if (ms !== null && tookMs > ms) met.push({ limit, atMs: sinceMs + ms })
  }
  if (streamed) note('firstTokenMs', firstMs ?? endMs, 0)
  if (streamed && firstMs !== null) note('idleMs', gapMs, firstMs)
  note('totalMs', endMs, 0)
  return met.toSorted((one, other) => one.atMs - other.atMs)[0] ?? null
}

const timeout: Fault = {
  kind: 'timeout',
  message: 'a limit of time was reached',
  status: null,
  retryAfterMs: null,
}

/** What had come of an answer when it broke off in the middle. */
function halfOf(reply: Reply): Reply {
  const blocks = reply.blocks.flatMap((block): readonly Block[] =>
    block.kind === 'text'
      ? [{ ...block, text: block.text.slice(0, Math.ceil(block.text.length / 2)) }]
      : [],
  )
  const { usage } = reply
  const outputTokens = usageOf(0, blocks, 0).outputTokens
  return { ...reply, blocks, finish: 'other', usage: usage && { ...usage, outputTokens } }
}

function partsOf(answer: ProviderAnswer): readonly Part[] {
  if (answer.kind === 'answered') return partsOfReply(answer.reply)
  const { partial, fault } = answer
  if (partial === null) return []
  return [...partsOfReply(partial).slice(0, -1), { kind: 'error', fault, usage: partial.usage }]
}
