import { closeSync, openSync, readSync } from 'node:fs'

const chunkBytes = 1 << 20

/** Lines of a file as text, one chunk in memory at a time. */
export function* readLines(path) {
  const file = openSync(path, 'r')
  const chunk = Buffer.allocUnsafe(chunkBytes)
  let rest = []
  for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
    let from = 0
    for (let end = lineEnd(chunk, from, length); end >= 0; end = lineEnd(chunk, from, length)) {
      yield textOf(rest, chunk, from, end)
      rest = []
      from = end + 1
    }
    if (from < length) rest.push(Buffer.from(chunk.subarray(from, length)))
  }
  closeSync(file)
  if (rest.length > 0) yield Buffer.concat(rest).toString('utf8')
}

function lineEnd(chunk, from, length) {
  const end = chunk.indexOf(10, from)
  return end < length ? end : -1
}

function textOf(rest, chunk, from, end) {
  if (rest.length === 0) return chunk.toString('utf8', from, end)
  return Buffer.concat([...rest, chunk.subarray(from, end)]).toString('utf8')
}
