import { isObject, type JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { csvRecords, delimiterOf } from './csv.ts'
import { parseCutOff } from './cut-json.ts'
import { firstValues, wrapsRecords } from './json-values.ts'
import type { Reader } from './reader.ts'

/** How the records of a file are laid out. */
export type Container = 'json-lines' | 'json' | 'csv' | 'sqlite'

export type Verdict = {
  readonly container: Container
  readonly reader: Reader
  /** The share of the first records that fit, as the reader judged. */
  readonly confidence: number
}

/** Records looked at to tell the format. */
const sampleSize = 20
/** Below this no format is claimed. */
const minConfidence = 0.3

/** The container by the first bytes alone; null when they are neither JSON nor CSV nor a database. */
export function containerOf(head: Buffer): Container | null {
  if (head.subarray(0, 15).toString('latin1') === 'SQLite format 3') return 'sqlite'
  if (head.includes(0)) return null
  const text = withoutBom(head.toString('utf8'))
  const first = text.trimStart()[0]
  if (first === '[') return 'json'
  if (first === '{') return firstLineIsWhole(text) ? 'json-lines' : 'json'
  if (delimiterOf(text) !== null) return 'csv'
  // A broken first line among JSON lines: look for a whole one further down.
  return text.split('\n').some((line) => parseObject(line) !== null) ? 'json-lines' : null
}

/** A first line cut off by the end of the sample counts as whole: JSON lines of many MB exist, documents break early. */
function firstLineIsWhole(text: string): boolean {
  const trimmed = text.trimStart()
  const end = trimmed.indexOf('\n')
  const line = end < 0 ? trimmed : trimmed.slice(0, end)
  if (parseObject(line) !== null) return true
  if (end < 0) return !wrapsRecords(trimmed)
  return line.trim().length > 2 && mostAreObjects(trimmed.slice(end + 1))
}

/** A broken first line among JSON lines: those after it are objects. A document's are so at most now and then. */
function mostAreObjects(text: string): boolean {
  const lines = text.split('\n')
  const cutOff = lines.pop() ?? ''
  const whole = lines.filter((line) => line.trim() !== '')
  if (whole.length === 0) return isObject(parseCutOff(cutOff))
  return whole.filter((line) => parseObject(line) !== null).length * 2 > whole.length
}

function parseObject(line: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

/** The first records of a sample; one that the sample cuts off counts, as far as it goes, where there is no other. */
export function sampleRecords(container: Container, head: Buffer): readonly JsonObject[] {
  const text = withoutBom(head.toString('utf8'))
  if (container === 'csv')
    return csvRecords(text.slice(0, text.lastIndexOf('\n') + 1) || text).slice(0, sampleSize)
  const texts = container === 'json' ? valueTexts(head) : text.split('\n')
  const records: JsonObject[] = []
  for (const each of texts) {
    const record = parseObject(each)
    if (record !== null) records.push(record)
    if (records.length === sampleSize) return records
  }
  if (records.length > 0) return records
  const started = [...texts].map(parseCutOff).find(isObject)
  return started === undefined ? [] : [started]
}

const valueTexts = (head: Buffer): readonly string[] =>
  Array.from(firstValues(head), (value) => value.text)

/** JSON lines that nobody knows may each be an envelope: then their records are what they wrap. */
export function looksInside(
  container: Container,
  head: Buffer,
  readers: readonly Reader[],
  path: string,
): Container {
  if (container !== 'json-lines' || !wrapsRecords(withoutBom(head.toString('utf8')))) {
    return container
  }
  const known = chooseReader(readers, sampleRecords(container, head), path) !== null
  return known ? container : 'json'
}

/** The reader that fits the sample best, or the one that --input-format names. */
export function chooseReader(
  readers: readonly Reader[],
  sample: readonly JsonObject[],
  path: string,
  wanted?: string,
): { readonly reader: Reader; readonly confidence: number } | null {
  if (wanted !== undefined) return { reader: readerNamed(readers, wanted), confidence: 1 }
  if (sample.length === 0) return null
  let best: { readonly reader: Reader; readonly confidence: number } | null = null
  for (const reader of readers) {
    const confidence = reader.recognise(sample, path)
    if (confidence >= minConfidence && (best === null || confidence > best.confidence))
      best = { reader, confidence }
  }
  return best
}

export function readerNamed(readers: readonly Reader[], name: string): Reader {
  const reader = readers.find((each) => each.name === name)
  if (reader !== undefined) return reader
  throw new UserError(`unknown input format "${name}"`, {
    hint: `known formats: ${readers.map((each) => each.name).join(', ')}`,
  })
}

export const withoutBom = (text: string): string =>
  text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
