import { type Agent, request } from 'node:http'

export type AskedOfGateway = {
  readonly url: string
  readonly agent: Agent
  /** Tells the gateway, and its receipts, which request this is. */
  readonly session: string
  readonly user: string
  /** Of `POST /v1/chat/completions`. */
  readonly body: string
  readonly streams: boolean
  /** Half of the body is sent, and no more. */
  readonly isCut?: boolean
  /** So long after sending it the client goes away, whatever it has by then; null: it stays to the end. */
  readonly leavesAfterMs?: number | null
  /** It waits so long before it reads on, after each 256 kB; null: it reads as fast as it can. */
  readonly pauseMs?: number | null
}

/**
 * `whole`: a 200 with everything. `invalid`: refused for what was sent. `refused`: any other error that a status tells.
 * `broken`: the connection or the answer ended before its end. `left`: by the client. `hung`: no end in half a minute.
 */
export type AskEnd = 'whole' | 'invalid' | 'refused' | 'broken' | 'left' | 'hung'

const path = '/v1/chat/completions'
const longestMs = 30_000
/** What a slow reader takes at once, characters. */
const pausedEvery = 256_000

/** Sends one request and waits for its end, whatever that is. */
export const askGateway = (asked: AskedOfGateway): Promise<AskEnd> =>
  new Promise((resolve) => {
    const { isCut = false, leavesAfterMs = null, pauseMs = null } = asked
    const bytes = Buffer.from(asked.body)
    const sent = request(`${asked.url}${path}`, {
      method: 'POST',
      agent: asked.agent,
      headers: {
        'content-type': 'application/json',
        'content-length': bytes.length,
        authorization: 'Bearer sk-test',
        'x-llmcost-session': asked.session,
        'x-llmcost-user': asked.user,
      },
    })
    let leaving: NodeJS.Timeout | undefined
    const end = (how: AskEnd) => {
      clearTimeout(hanging)
      clearTimeout(leaving)
      if (how === 'left' || how === 'hung') sent.destroy()
      resolve(how)
    }
    const hanging = setTimeout(() => end('hung'), longestMs)
    sent.on('error', () => end('broken'))
    sent.on('response', (response) => {
      let [text, unpaused] = ['', 0]
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        unpaused += chunk.length
        if (pauseMs === null || unpaused < pausedEvery) return
        unpaused = 0
        response.pause()
        setTimeout(() => response.resume(), pauseMs)
      })
      response.on('error', () => end('broken'))
      response.on('end', () => end(endOf(response.statusCode ?? 0, text, asked.streams)))
    })
    if (isCut) sent.write(bytes.subarray(0, bytes.length >> 1))
    else sent.end(bytes)
    // Only once all is sent: what the gateway has not read cannot be receipted.
    if (leavesAfterMs !== null)
      sent.once(isCut ? 'socket' : 'finish', () => {
        leaving = setTimeout(() => end('left'), leavesAfterMs)
      })
  })

function endOf(status: number, text: string, streams: boolean): AskEnd {
  if (status >= 400 && status < 500 && status !== 429) return 'invalid'
  if (status !== 200) return 'refused'
  if (streams) return text.trimEnd().endsWith('data: [DONE]') ? 'whole' : 'broken'
  try {
    const { choices } = JSON.parse(text) as { readonly choices?: unknown }
    return Array.isArray(choices) ? 'whole' : 'broken'
  } catch {
    return 'broken'
  }
}
