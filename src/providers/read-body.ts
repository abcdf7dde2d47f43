import type { Fault } from '../domain/fault.ts'
import { transportFault } from './transport-fault.ts'

/** Chunks of a response as they come. */
export type BodyReader = {
  /** The next chunk; null at the end, a fault where the connection broke or the body is larger than allowed. */
  next(): Promise<Uint8Array | Fault | null>
}

/** Reads a body, after decompression, up to so many bytes. */
export function openBodyReader(response: Response, mostBytes: number): BodyReader {
  const reader = response.body?.getReader()
  let bytes = 0
  return {
    async next() {
      if (reader === undefined) return null
      try {
        const { value } = await reader.read()
        bytes += value?.byteLength ?? 0
        return bytes > mostBytes ? tooLarge(mostBytes) : (value ?? null)
      } catch (error) {
        return transportFault(error)
      }
    },
  }
}

export const isFault = (value: Uint8Array | Fault | null): value is Fault =>
  value !== null && 'kind' in value

const tooLarge = (mostBytes: number): Fault => ({
  kind: 'too-large',
  message: `the answer is larger than ${mostBytes} bytes`,
  status: null,
  retryAfterMs: null,
})

/** The whole of a body as text, or what came of it and why no more. */
export async function readText(
  body: BodyReader,
  onChunk: () => void,
): Promise<{ readonly text: string; readonly fault: Fault | null }> {
  const decoder = new TextDecoder()
  const pieces: string[] = []
  for (;;) {
    const chunk = await body.next()
    const isEnd = chunk === null || isFault(chunk)
    pieces.push(isEnd ? decoder.decode() : decoder.decode(chunk, { stream: true }))
    if (isEnd) return { text: pieces.join(''), fault: chunk }
    onChunk()
  }
}
