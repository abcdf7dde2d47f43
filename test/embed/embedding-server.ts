import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Asked = {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly model: string
  readonly input: readonly string[]
}
export type Reply = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** JSON, or text as it stands. */
  readonly body: unknown
}

export type EmbeddingServer = {
  readonly baseUrl: string
  readonly asked: readonly Asked[]
  close(): Promise<void>
}

/** An endpoint on this machine that answers as it is told; null hangs up. */
export async function startEmbeddingServer(
  reply: (asked: Asked, number: number) => Reply | null,
): Promise<EmbeddingServer> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { model, input } = JSON.parse(Buffer.concat(chunks).toString()) as Asked
    const one = { path: request.url ?? '', headers: request.headers, model, input }
    asked.push(one)
    const answer = reply(one, asked.length)
    if (answer === null) {
      request.socket.destroy()
      return
    }
    response.writeHead(answer.status ?? 200, {
      'content-type': 'application/json',
      ...answer.headers,
    })
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** Any vector that depends on the text alone, and is exact in float32. */
export const vectorFor = (text: string): readonly number[] => [text.length + 1, 0.5, -2]

const base64Of = (vector: readonly number[]): string =>
  Buffer.from(Float32Array.from(vector).buffer).toString('base64')

/** What OpenAI answers: one vector for each text as base64, here in reverse order, and the tokens counted. */
export const soundReply = ({ input, model }: Asked): Reply => ({
  body: {
    object: 'list',
    model,
    data: input
      .map((text, index) => ({ object: 'embedding', index, embedding: base64Of(vectorFor(text)) }))
      .reverse(),
    usage: { prompt_tokens: 7 * input.length, total_tokens: 7 * input.length },
  },
})
