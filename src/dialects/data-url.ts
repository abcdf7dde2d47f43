import type { MediaSource } from '../domain/call.ts'

const dataUrl = /^data:([^;,]+);base64,/

/** A "data:" URL as the bytes it holds, any other URL as one. */
export function readUrl(url: string): MediaSource {
  const head = dataUrl.exec(url)
  if (head === null) return { kind: 'url', url }
  return { kind: 'base64', mediaType: head[1] ?? '', base64: url.slice(head[0].length) }
}

export const writeDataUrl = (source: Extract<MediaSource, { kind: 'base64' }>): string =>
  `data:${source.mediaType};base64,${source.base64}`
