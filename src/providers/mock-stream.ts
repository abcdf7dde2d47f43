import { partsOfReply } from '../dialects/fold-parts.ts'
import type { Part } from '../domain/reply.ts'
import type { Exchange, Said } from './mock-exchange.ts'
import { breakOff, departure, flood, writeTo } from './mock-pace.ts'
import { billedUsage, tokensOfText } from './mock-usage.ts'

/**
 * Streams an answer in chunks at its pace: the headers and the start at once, the first content when it is due. A
 * fault within it shows after half of the chunks.
 */
export async function sendStream(exchange: Exchange): Promise<Said> {
  const { response, dialect, answer, stamp, pacer, left } = exchange
  const writer = dialect.openPartWriter(stamp)
  const name = answer.kind === 'failed' ? answer.name : 'answered'
  const [start, ...rest] = partsOfReply({ ...answer.reply, id: stamp.id })
  const chunks = rest.flatMap((part) => chunksOf(part, answer.chunkTokens))
  const isWhole = name === 'answered' || name === 'slow'
  const send = async (part: Part) => writeTo(response, writer.write(part), left)
  response.writeHead(200, streamHeaders)
  response.flushHeaders()
  if (start !== undefined) await send(start)
  const shown = isWhole ? chunks : chunks.slice(0, Math.floor(chunks.length / 2))
  let saidTokens = 0
  for (const [at, part] of shown.entries()) {
    // The last part closes the answer: no time passes before it.
    await pacer.until(answer.firstTokenMs + Math.min(at, chunks.length - 2) * answer.chunkMs)
    if (left.aborted) break
    await send(part)
    saidTokens += tokensOfText(contentOf(part))
  }
  if (!isWhole && !left.aborted) await endBadly(exchange, name, send)
  else response.end()
  const isBilledWhole = isWhole && !left.aborted
  const usage = isBilledWhole ? answer.reply.usage : billedUsage(answer.reply, saidTokens)
  return { outcome: name, usage }
}

const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

async function endBadly(
  exchange: Exchange,
  name: string,
  send: (part: Part) => Promise<void>,
): Promise<void> {
  const { response, answer, left } = exchange
  if (name === 'reset-within') return breakOff(response)
  if (name === 'stall') return departure(left)
  if (name === 'endless') {
    await flood(() => send({ kind: 'text', text: 'and so on ' }), true, left)
  } else if (name === 'huge') {
    await writeTo(response, brokenEvent(exchange, '{"pad":"'), left)
    await flood((filler) => writeTo(response, filler, left), false, left)
  } else if (name === 'malformed') {
    await writeTo(response, `${brokenEvent(exchange, '{"choices": [{"delta":')}\n\n`, left)
  } else if (name === 'error-event' && answer.kind === 'failed') {
    await send({ kind: 'error', fault: answer.fault, usage: null })
  }
  response.end()
}

/** The beginning of an event that its reader will not pass over for its name. */
const brokenEvent = ({ dialect }: Exchange, data: string): string =>
  dialect.name === 'anthropic-messages'
    ? `event: content_block_delta\ndata: ${data}`
    : `data: ${data}`

const contentOf = (part: Part): string => {
  if (part.kind === 'text' || part.kind === 'reasoning') return part.text
  if (part.kind === 'tool-delta') return part.json
  return part.kind === 'tool-call' ? part.name : ''
}

/** One part as several of about so many tokens each, none of them with half a character. */
function chunksOf(part: Part, tokens: number): readonly Part[] {
  if (part.kind === 'text') return pieces(part.text, tokens).map((text) => ({ kind: 'text', text }))
  if (part.kind === 'tool-delta')
    return pieces(part.json, tokens).map((json) => ({ ...part, json }))
  return [part]
}

function pieces(text: string, tokens: number): readonly string[] {
  const length = tokens * 4
  const found: string[] = []
  for (let start = 0; start < text.length; ) {
    const isHalf = /[\uDC00-\uDFFF]/.test(text.charAt(start + length))
    const end = start + length + (isHalf ? 1 : 0)
    found.push(text.slice(start, end))
    start = end
  }
  return found
}
