import type { PartWriter } from '../dialects/dialect.ts'
import { dialectOf } from '../dialects/dialects.ts'
import type { Fault } from '../domain/fault.ts'
import { isObject, listOf } from '../domain/json.ts'
import type { Step } from '../domain/receipt.ts'
import type { Part } from '../domain/reply.ts'
import type { LiveSend } from './attempt.ts'
import type { Exchange } from './exchange.ts'
import { returnedHeaders } from './forward-headers.ts'
import type { GatewayState } from './gateway-state.ts'
import { headersOfStream } from './our-headers.ts'
import { asksForUsage, type Outgoing } from './outgoing.ts'
import { streamHeaders } from './send-answer.ts'
import type { Frame } from './sse-frames.ts'

/** How an answer is handed to the caller while it comes: in the provider's bytes, or translated part by part. */
export function liveSendOf(
  state: GatewayState,
  exchange: Exchange,
  outgoing: Outgoing,
  steps: readonly Step[],
): LiveSend {
  const { outlet, inbound } = exchange
  const writer = outgoing.isSameDialect ? null : openWriter(state, exchange)
  let isPaused = false
  // Until it begins another attempt may take its place: nobody is shown anything of it.
  let unseen: Part[] | null = []
  const show = (parts: readonly Part[]) => {
    exchange.isBroken ||= parts.some(({ kind }) => kind === 'error')
    exchange.show(parts)
  }
  outlet.onDrain(() => {
    if (isPaused) for (const forwarding of exchange.forwardings) forwarding.resume()
    isPaused = false
  })
  return {
    begin(status, headers) {
      exchange.servedStatus = status
      const ours = headersOfStream(exchange, steps, outgoing.target)
      const added = inbound.endpoint.dialect === null ? ours : [...streamHeaders, ...ours]
      outlet.begin(status, returnedHeaders(writer === null ? headers : [], added))
      if (unseen !== null) show(unseen)
      unseen = null
    },
    frame(frame, parts) {
      if (unseen === null) show(parts)
      else unseen.push(...parts)
      if (writer !== null) return translated(writer, parts)
      return outgoing.addsUsage && isUsageOnly(frame) ? null : frame.bytes
    },
    broken(fault) {
      show([{ kind: 'error', fault, usage: null }])
      return brokenEvent(exchange, fault)
    },
    write(bytes) {
      const isWritable = outlet.write(bytes)
      isPaused ||= !isWritable
      return isWritable
    },
  }
}

function openWriter({ now }: GatewayState, { inbound }: Exchange): PartWriter {
  const { endpoint, request, id, body } = inbound
  return dialectOf(endpoint.dialect ?? 'openai-chat').openPartWriter({
    id,
    model: request.requestedModel ?? request.model,
    createdAt: Math.floor(now() / 1000),
    usageInStream: body !== null && asksForUsage(body),
  })
}

function translated(writer: PartWriter, parts: readonly Part[]): string | null {
  const text = parts.map((part) => writer.write(part)).join('')
  return text === '' ? null : text
}

/** The chunk that OpenAI sends because usage was asked for: it holds nothing else. */
function isUsageOnly({ event }: Frame): boolean {
  if (event === null || !event.data.includes('"usage"')) return false
  try {
    const chunk: unknown = JSON.parse(event.data)
    return isObject(chunk) && isObject(chunk['usage']) && listOf(chunk['choices']).length === 0
  } catch {
    return false
  }
}

/** An error in the caller's words, as the last event of a stream that has begun. */
function brokenEvent({ inbound }: Exchange, fault: Fault): string {
  return dialectOf(inbound.endpoint.dialect ?? 'openai-chat')
    .openPartWriter({ id: inbound.id, model: inbound.request.model, createdAt: 0 })
    .write({ kind: 'error', fault, usage: null })
}
