import { request } from 'node:http'
import { placeholder } from './wire.ts'

export type Probed = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
}

export type ProbeRequest = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const longestMs = 30_000

/** One request, with its whole answer. */
export const probe = ({ url, headers, body }: ProbeRequest): Promise<Probed> =>
  new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        agent: false,
        timeout: longestMs,
        headers: { 'content-type': 'application/json', ...headers },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        )
      },
    )
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${longestMs} ms`)))
    sent.once('error', reject)
    sent.end(body.replace(placeholder, '0'.repeat(placeholder.length)))
  })

/** The words of an answer, streamed or not. Throws where it has none. */
export function wordsIn({ status, text }: Probed, streams: boolean): string {
  if (status !== 200) throw new Error(`answered ${status}: ${text.slice(0, 200)}`)
  if (!streams) return contentOf(JSON.parse(text) as WireAnswer, 'message')
  const events = text.split('\n\n').flatMap((event) => /^data: ?(.*)/.exec(event)?.[1] ?? [])
  if (events.at(-1) !== '[DONE]') throw new Error('a stream without an end')
  return events
    .slice(0, -1)
    .map((json) => contentOf(JSON.parse(json) as WireAnswer, 'delta'))
    .join('')
}

type WireAnswer = {
  readonly choices?: readonly {
    readonly message?: { readonly content?: string | null }
    readonly delta?: { readonly content?: string | null }
  }[]
}

const contentOf = ({ choices }: WireAnswer, part: 'message' | 'delta'): string =>
  choices?.[0]?.[part]?.content ?? ''
