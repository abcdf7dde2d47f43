import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isObject, type Json, type JsonObject } from '../../src/domain/json.ts'
import type { Request } from '../../src/domain/request.ts'
import type { Reading } from '../../src/ingest/reader.ts'
import { readers } from '../../src/ingest/readers.ts'
import { fixtures } from '../support/cli.ts'

const folder = join(fixtures, 'formats')

type Path = readonly string[]

/** Where a record holds counts of tokens: numbers, and whole numbers in text, under a name that says so. */
function countPaths(value: unknown, path: Path = [], names: Path = path): readonly Path[] {
  if (typeof value !== 'object' || value === null) {
    const isCount = typeof value === 'number' || /^\d+$/.test(String(value))
    const isNamed = names.some((name) => /tokens?([_.]|$|[A-Z])|usage|_units$/i.test(name))
    const isOther = names.some((name) => /total|cost|limit|temperature|max|param|Unix/i.test(name))
    return isCount && isNamed && !isOther ? [path] : []
  }
  // An attribute of OpenTelemetry has its name beside it.
  const own = 'key' in value ? [String(value.key)] : []
  return Object.entries(value).flatMap(([name, inner]) =>
    countPaths(inner, [...path, name], [...names, ...own, name]),
  )
}

function replaced(value: Json | undefined, path: Path, by: Json): Json {
  const [name, ...rest] = path
  if (name === undefined) return by
  if (Array.isArray(value)) {
    return value.map((item, index) => (String(index) === name ? replaced(item, rest, by) : item))
  }
  return isObject(value) ? { ...value, [name]: replaced(value[name], rest, by) } : (value ?? null)
}

/** All that a fresh reader makes of a file's records. */
function readAll(name: string, records: readonly JsonObject[]): readonly Reading[] {
  const reader = readers.find((each) => each.name === name)?.start({ path: `${name}.jsonl` })
  if (reader === undefined) throw new Error(`no reader ${name}`)
  return [...records.map((record) => reader.read(record)), reader.end?.() ?? []]
}

const requestsOf = (readings: readonly Reading[]): readonly Request[] =>
  readings.flatMap((reading): readonly Request[] =>
    Array.isArray(reading) ? reading : 'model' in reading ? [reading as Request] : [],
  )

const keyOf = ({ id, at }: Request): string => `${id} ${at}`

describe.each(
  readdirSync(folder)
    .filter((file) => /\.jsonl$/.test(file) && !file.includes('.input.'))
    .map((file) => file.replace('.jsonl', '')),
)('%s', (format) => {
  const reader = /^(openai-(chat|responses)|anthropic-messages)$/.test(format)
    ? 'pairs'
    : format === 'openinference' || format === 'vercel'
      ? 'otel'
      : format
  const records = readFileSync(join(folder, `${format}.jsonl`), 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as JsonObject]
      } catch {
        return []
      }
    })
  // Several requests may share an id: copies and growing versions.
  const usages = new Map<string, unknown[]>()
  for (const request of requestsOf(readAll(reader, records))) {
    usages.set(keyOf(request), [...(usages.get(keyOf(request)) ?? []), request.usage])
  }

  test.each<[Json]>([['12x'], [-5], [{ count: 12 }], [1.5]])(
    'a count that is %j is no other count',
    (bad) => {
      let found = 0
      records.forEach((record, line) => {
        for (const path of countPaths(record)) {
          found++
          const changed = records.with(line, replaced(record, path, bad) as JsonObject)
          for (const request of requestsOf(readAll(reader, changed))) {
            const { usage, warnings = [] } = request
            if (usage === undefined || warnings.includes('inclusive-usage-ambiguous')) continue
            expect(usages.get(keyOf(request)), `${line + 1} ${path.join('.')}`).toContainEqual(
              usage,
            )
          }
        }
      })
      expect(found).toBeGreaterThan(0)
    },
  )
})
