import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for moments of one answer, counted from its request; returns early when the caller has left. */
export type Pacer = { until(ms: number): Promise<void> }

/** `isWaiting` false: no moment is waited for. */
export function openPacer(left: AbortSignal, isWaiting: boolean): Pacer {
  const start = performance.now()
  return {
    async until(ms) {
      const rest = start + ms - performance.now()
      if (!isWaiting || rest <= 0 || left.aborted) return
      await sleep(rest, undefined, { signal: left }).catch(() => {})
    },
  }
}

/** Waits until the caller has left. */
export async function departure(left: AbortSignal): Promise<void> {
  if (!left.aborted) await once(left, 'abort')
}

/** Writes, and waits while the caller reads more slowly than it is written to. */
export async function writeTo(response: Writable, text: string, left: AbortSignal): Promise<void> {
  if (left.aborted || response.write(text)) return
  await once(response, 'drain', { signal: left }).catch(() => {})
}

/** Breaks the connection as a crash does, once what was written is on its way. */
export async function breakOff(response: ServerResponse): Promise<void> {
  const { socket } = response
  await new Promise<void>((resolve) => {
    if (socket === null || socket.destroyed || !response.headersSent) resolve()
    else socket.write('', () => setImmediate(resolve))
  })
  socket?.resetAndDestroy()
}

/** Bytes of an answer that is larger than any. */
const hugeBytes = 128e6
const filler = 'x'.repeat(64 * 1024)
/** Between two fillers of an endless answer, which must not take the whole machine. */
const floodPauseMs = 5

/** Writes 128 MB, or on and on, until the caller leaves. */
export async function flood(
  write: (filler: string) => Promise<void>,
  isEndless: boolean,
  left: AbortSignal,
): Promise<void> {
  for (let sent = 0; !left.aborted && (isEndless || sent < hugeBytes); sent += filler.length) {
    await write(filler)
    if (isEndless) await sleep(floodPauseMs, undefined, { signal: left }).catch(() => {})
  }
}
