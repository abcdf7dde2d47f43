import type { IncomingHttpHeaders } from 'node:http'
import type { Block } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import { inTable } from '../domain/json.ts'
import type { Finish, Reply } from '../domain/reply.ts'
import { noUsage, type Usage } from '../domain/usage.ts'
import { faultOf, type MockFaultName, mockFaultOf } from './mock-faults.ts'
import type { MockAnswer } from './mock-model.ts'

const finishes = ['stop', 'length', 'tool', 'filtered'] as const satisfies readonly Finish[]
type MockFinish = (typeof finishes)[number]

/** What `x-mock-*` headers of a request ask of its answer. */
export type Forced = {
  /** Whose turn it is; null: as often as the question was asked before. */
  readonly turn: number | null
  /** "none": nothing goes wrong; null: as the settings have it. */
  readonly fault: MockFaultName | 'none' | null
  /** A status of 400 or more, in place of an answer. */
  readonly status: number | null
  readonly latencyMs: number | null
  readonly firstTokenMs: number | null
  readonly chunkMs: number | null
  /** What the answer says it used. */
  readonly usage: Usage | null
  /** Which model it says answered. */
  readonly model: string | null
  /** How the answer ends; with "tool" it is the call of one, with others a text. */
  readonly finish: MockFinish | null
}

/** Reads the headers; a text says which of them means nothing. */
export function readForced(headers: IncomingHttpHeaders): Forced | string {
  const broken: string[] = []
  const number = (name: string, least: number, most: number): number | null => {
    const text = headers[name]
    if (text === undefined) return null
    const value = Number(text)
    if (!(value >= least && value <= most)) broken.push(`${name} is from ${least} to ${most}`)
    return value
  }
  const fault = headers['x-mock-fault'] ?? null
  if (fault !== null && fault !== 'none' && mockFaultOf(String(fault)) === undefined)
    broken.push(`x-mock-fault: there is no fault "${fault}"`)
  const finish = headers['x-mock-finish'] ?? null
  if (finish !== null && !finishes.some((name) => name === finish))
    broken.push(`x-mock-finish is one of ${finishes.join(', ')}`)
  const usage = usageIn(headers['x-mock-usage'])
  if (usage === undefined) broken.push(`x-mock-usage is ${usageNames.join(',')}: six whole numbers`)
  const forced = {
    turn: number('x-mock-turn', 0, 1e9),
    fault: fault as Forced['fault'],
    status: number('x-mock-status', 400, 599),
    latencyMs: number('x-mock-latency-ms', 0, longestMs),
    firstTokenMs: number('x-mock-first-token-ms', 0, longestMs),
    chunkMs: number('x-mock-chunk-ms', 0, longestMs),
    usage: usage ?? null,
    model: headers['x-mock-model']?.toString() ?? null,
    finish: finish as Forced['finish'],
  }
  return broken.length === 0 ? forced : broken.join('; ')
}

const usageNames = Object.keys(noUsage) as readonly (keyof Usage)[]

/** "120,0,0,0,45,0"; null: not asked for; undefined: not to be read. */
function usageIn(text: string | string[] | undefined): Usage | null | undefined {
  if (text === undefined) return null
  const counts = String(text).split(',').map(Number)
  const isWhole = counts.every((count) => Number.isSafeInteger(count) && count >= 0)
  if (counts.length !== usageNames.length || !isWhole) return undefined
  return Object.fromEntries(usageNames.map((name, index) => [name, counts[index]])) as Usage
}

const longestMs = 86_400_000

/** The answer as the headers will have it. */
export function forceAnswer(answer: MockAnswer, forced: Forced, settings: Waits): MockAnswer {
  const reply = {
    ...answer.reply,
    ...(forced.finish !== null && finished(answer.reply, forced.finish)),
    ...(forced.usage !== null && { usage: forced.usage }),
    ...(forced.model !== null && { model: forced.model }),
  }
  const timed = { ...answer, reply, ...forcedTimes(answer, forced) }
  const name = forced.fault ?? statusFault(forced.status)
  if (name === null) return timed
  if (name === 'none') return { ...timed, kind: 'answered' }
  if (name === 'status') {
    const fault = { ...faultOf('400', 0), ...faultOfStatus(forced.status ?? 400) }
    return { ...timed, kind: 'failed', name: '400', fault }
  }
  const fault = faultOf(name, settings.retryAfterMs)
  const isSlow = name === 'slow' && forced.firstTokenMs === null
  const late = isSlow
    ? { firstTokenMs: settings.slowMs, latencyMs: settings.slowMs + timed.latencyMs }
    : {}
  return { ...timed, ...late, kind: 'failed', name, fault }
}

type Waits = { readonly retryAfterMs: number; readonly slowMs: number }

/** The answer with another end: the call of a tool, or its text. */
function finished({ blocks }: Reply, finish: MockFinish): Pick<Reply, 'blocks' | 'finish'> {
  const kind = finish === 'tool' ? 'tool-call' : 'text'
  const kept = blocks.filter((block) => block.kind === kind)
  if (kept.length > 0) return { blocks: kept, finish }
  const made: Block =
    finish === 'tool'
      ? { kind: 'tool-call', id: 'call_forced', name: 'tool', input: '{}' }
      : { kind: 'text', text: 'Done.' }
  return { blocks: [made], finish }
}

/** A logged latency is the whole of it: the first content comes no later, and chunks share what remains. */
function forcedTimes(answer: MockAnswer, forced: Forced) {
  const chunks = Math.max(
    1,
    Math.ceil((answer.reply.usage?.outputTokens ?? 0) / answer.chunkTokens),
  )
  const whole = forced.latencyMs
  const first = forced.firstTokenMs ?? (whole === null ? answer.firstTokenMs : whole)
  const firstTokenMs = whole === null ? first : Math.min(first, whole)
  const chunkMs =
    forced.chunkMs ??
    (whole === null ? answer.chunkMs : (whole - firstTokenMs) / Math.max(1, chunks - 1))
  return { firstTokenMs, chunkMs, latencyMs: whole ?? firstTokenMs + (chunks - 1) * chunkMs }
}

/** The fault of that status by its name; "status" where none is named after it. */
function statusFault(status: number | null): MockFaultName | 'status' | null {
  if (status === null) return null
  const name = String(status)
  return mockFaultOf(name) === undefined ? 'status' : (name as MockFaultName)
}

const faultOfStatus = (status: number) => ({
  kind: inTable(kinds, String(status)) ?? (status >= 500 ? 'server' : 'bad-request'),
  status,
  message: `Asked to fail with ${status}.`,
})

const kinds: Readonly<Record<string, Fault['kind']>> = { '402': 'quota', '408': 'timeout' }
