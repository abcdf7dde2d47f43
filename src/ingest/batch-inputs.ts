import { closeSync, openSync, readSync } from 'node:fs'
import { isObject, type JsonObject, objectOf, textOf } from '../domain/json.ts'

type Place = { readonly path: string; readonly byteOffset: number; readonly length: number }

const bufferBytes = 1 << 20

/**
 * Looks up the bodies of OpenAI batch input files among the files of this run, by custom_id. Files are indexed at the
 * first question and only their places are kept; an id that two batches use answers nothing.
 */
export function batchInputsOf(
  paths: readonly string[],
): (customId: string) => JsonObject | undefined {
  let index: ReadonlyMap<string, Place | null> | undefined
  return (customId) => {
    index ??= indexOf(paths)
    const place = index.get(customId)
    return place === undefined || place === null ? undefined : bodyAt(place)
  }
}

function indexOf(paths: readonly string[]): ReadonlyMap<string, Place | null> {
  const index = new Map<string, Place | null>()
  for (const path of paths) {
    for (const { text, byteOffset, length } of linesOf(path)) {
      const line = inputLine(text)
      if (line === null) break
      const customId = textOf(line['custom_id'])
      if (customId !== undefined)
        index.set(customId, index.has(customId) ? null : { path, byteOffset, length })
    }
  }
  return index
}

/** A line of a batch input file, or null: then the file is none, and is not read further. */
function inputLine(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && 'custom_id' in value && isObject(value['body']) && 'url' in value
      ? value
      : null
  } catch {
    return null
  }
}

function bodyAt({ path, byteOffset, length }: Place): JsonObject | undefined {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(length)
    readSync(file, bytes, 0, length, byteOffset)
    return objectOf(inputLine(bytes.toString('utf8'))?.['body'])
  } finally {
    closeSync(file)
  }
}

function* linesOf(path: string): Generator<{ text: string; byteOffset: number; length: number }> {
  const file = openSync(path, 'r')
  try {
    let pending = Buffer.alloc(0)
    let offset = 0
    for (;;) {
      const chunk = Buffer.alloc(bufferBytes)
      const read = readSync(file, chunk, 0, bufferBytes, offset + pending.length)
      if (read === 0) break
      const bytes = Buffer.concat([pending, chunk.subarray(0, read)])
      let start = 0
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        yield {
          text: bytes.toString('utf8', start, end),
          byteOffset: offset + start,
          length: end - start,
        }
        start = end + 1
      }
      pending = bytes.subarray(start)
      offset += start
    }
    if (pending.length > 0)
      yield { text: pending.toString('utf8'), byteOffset: offset, length: pending.length }
  } finally {
    closeSync(file)
  }
}
