import { readAnyUsage } from '../dialects/usage.ts'
import { isObject, objectOf } from '../domain/json.ts'
import type { Usage } from '../domain/usage.ts'
import { openFrameReader } from './sse-frames.ts'

/** What is known of a stream that is passed on unread. */
export type Tapped = {
  /** The last that it told; null: it told none. */
  readonly usage: Usage | null
  /** Events that are not its end: about one for each token. */
  readonly events: number
}

export type UsageTap = { read(bytes: Buffer): void; end(): Tapped }

/** Listens for usage in a stream of events of a format that nobody here reads. */
export function openUsageTap(): UsageTap {
  const frames = openFrameReader()
  let usage: Usage | null = null
  let events = 0
  const note = (data: string): void => {
    if (data === '[DONE]') return
    events++
    if (data.includes('"usage"')) usage = usageIn(data) ?? usage
  }
  return {
    read(bytes) {
      for (const { event } of frames.read(bytes)) if (event !== null) note(event.data)
    },
    end() {
      const last = frames.end()?.event ?? null
      if (last !== null) note(last.data)
      return { usage, events }
    },
  }
}

function usageIn(data: string): Usage | null {
  try {
    const body = objectOf(JSON.parse(data))
    const usage = body['usage'] ?? objectOf(body['response'])['usage']
    return isObject(usage) ? (readAnyUsage(usage).usage ?? null) : null
  } catch {
    return null
  }
}
