import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Dialect, PartReader } from '../../../src/dialects/dialect.ts'
import { openEventReader } from '../../../src/dialects/sse.ts'
import type { Fault } from '../../../src/domain/fault.ts'
import { type JsonObject, listOf, numberOf, objectOf } from '../../../src/domain/json.ts'
import type { Part } from '../../../src/domain/reply.ts'
import { noUsage, type Usage } from '../../../src/domain/usage.ts'
import type { HasDefect } from './defects.ts'
import { openToyFrames, type ToyFrame } from './toy-frames.ts'
import { objectIn, type ToyRequest } from './toy-request.ts'
import { wantsUsage } from './toy-upstream.ts'

export type ToyRelay = {
  readonly asked: ToyRequest
  readonly dialect: Dialect
  readonly upstream: IncomingMessage
  readonly headers: OutgoingHttpHeaders
  readonly response: ServerResponse
  readonly has: HasDefect
}

/** How a stream went. */
export type Relayed = {
  /** What was sent; null: nothing, so that another model can still answer. */
  readonly sent: Buffer | null
  /** Null: it came to its end. */
  readonly fault: Fault | null
  /** Null: nobody told. */
  readonly usage: Usage | null
  /** Characters of what was said. */
  readonly said: number
}

type State = {
  readonly relay: ToyRelay
  readonly reader: PartReader
  readonly sent: Buffer[]
  /** What waits for the first content; null: that has come. */
  held: Buffer[] | null
  fault: Fault | null
  usage: Usage | null
  said: number
}

/** Passes a stream on, from its first content until its end or the first thing that is wrong with it. */
export async function relayStream(relay: ToyRelay): Promise<Relayed> {
  const { dialect, upstream, has } = relay
  const reader = dialect.openPartReader()
  const state: State = { relay, reader, sent: [], held: [], fault: null, usage: null, said: 0 }
  if (has('begins with the headers')) await commit(state)
  await readAll(state)
  upstream.destroy()
  for (const part of reader.end()) takePart(state, part)
  const { fault, usage, said } = state
  if (fault !== null && state.held !== null) return { sent: null, fault, usage, said }
  await commit(state)
  if (fault !== null && !has('ends in silence') && !has('goes on with another model'))
    await write(state, Buffer.from(errorText(relay, fault)))
  return { sent: Buffer.concat(state.sent), fault, usage, said }
}

/** Until its end; how it broke, the reader tells. */
async function readAll(state: State): Promise<void> {
  const { upstream, has } = state.relay
  const frames = openToyFrames()
  const isOver = () => state.fault !== null && !has('goes on after an error')
  try {
    for await (const chunk of upstream as AsyncIterable<Buffer>) {
      for (const frame of frames.read(chunk)) if (!isOver()) await takeFrame(state, frame)
      if (isOver()) return
    }
    await takeFrame(state, { bytes: frames.rest(), isCut: false })
  } catch {}
}

async function takeFrame(state: State, { bytes, isCut }: ToyFrame): Promise<void> {
  const { relay, reader } = state
  const [event] = openEventReader().read(bytes)
  const isRead = event !== undefined && !(isCut && relay.has('reads usage out of single chunks'))
  const parts = isRead ? reader.read(event) : []
  for (const part of parts) takePart(state, part)
  const data = objectIn(Buffer.from(event?.data ?? ''))
  if (data['type'] === 'message_delta' && relay.has('lets later counts overwrite'))
    state.usage = countsOf(data)
  const isGoodSoFar = state.fault === null || relay.has('goes on after an error')
  if (!isGoodSoFar || isUnasked(relay, data)) return
  if (parts.some(isContent)) await commit(state)
  if (state.held === null) await write(state, bytes)
  else state.held.push(bytes)
}

const isContent = ({ kind }: Part): boolean => kind !== 'start' && kind !== 'error'

function takePart(state: State, part: Part): void {
  if (part.kind === 'text' || part.kind === 'reasoning') state.said += part.text.length
  if (part.kind === 'error') state.fault ??= part.fault
  if (part.kind === 'error' || part.kind === 'finish') state.usage ??= part.usage
}

const countsOf = ({ usage }: JsonObject): Usage => ({
  ...noUsage,
  inputTokens: numberOf(objectOf(usage)['input_tokens']) ?? 0,
  outputTokens: numberOf(objectOf(usage)['output_tokens']) ?? 0,
})

/** The chunk with the usage that this client has not asked for. */
const isUnasked = ({ asked, dialect }: ToyRelay, data: JsonObject): boolean =>
  dialect.name === 'openai-chat' &&
  data['usage'] !== undefined &&
  data['usage'] !== null &&
  listOf(data['choices']).length === 0 &&
  !wantsUsage(asked.body)

async function commit(state: State): Promise<void> {
  const { held, relay } = state
  if (held === null) return
  state.held = null
  const { response, headers } = relay
  if (!response.destroyed && !response.headersSent) response.writeHead(200, headers).flushHeaders()
  for (const bytes of held) await write(state, bytes)
}

async function write({ sent, relay }: State, bytes: Buffer): Promise<void> {
  const { response, has } = relay
  sent.push(bytes)
  if (response.destroyed || response.write(bytes) || has('reads ahead without end')) return
  await new Promise<void>((resolve) => {
    const goOn = () => {
      response.off('drain', goOn).off('close', goOn)
      resolve()
    }
    response.on('drain', goOn).on('close', goOn)
  })
}

function errorText({ asked, dialect }: ToyRelay, fault: Fault): string {
  const stamp = { id: 'toy', model: asked.model ?? '', createdAt: 0 }
  return dialect.openPartWriter(stamp).write({ kind: 'error', fault, usage: null })
}
