import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openLiveIndex } from '../../src/vectors/live-index.ts'
import { neighbourPairs } from '../../src/vectors/neighbour-pairs.ts'
import { hasRealData, realData } from '../support/real-data.ts'

type Question = { readonly answer_class: string; readonly embedding: readonly number[] }
type Counts = { readonly hits: number; readonly wrong: number }

const dimensions = 96

/** What is counted when every request that is not answered from the cache is added to it. */
function countHits(
  questions: readonly Question[],
  nearest: (row: number) => number | null,
  add: (row: number) => void,
): Counts {
  let hits = 0
  let wrong = 0
  for (const [row, { answer_class }] of questions.entries()) {
    const served = nearest(row)
    if (served === null) add(row)
    else {
      hits++
      if (questions[served]?.answer_class !== answer_class) wrong++
    }
  }
  return { hits, wrong }
}

describe.runIf(hasRealData)('4,000 support questions with known hits and wrong hits', () => {
  // Collected even where it is skipped.
  const textOf = (path: string, otherwise: string): string =>
    hasRealData ? readFileSync(realData(path), 'utf8') : otherwise
  const questions = textOf('semantic/clinc_4000.jsonl', '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Question)
  const { expected } = JSON.parse(
    textOf('semantic/clinc_4000.expected.json', '{"expected":{}}'),
  ) as { readonly expected: Readonly<Record<string, Counts>> }
  const vectors = Float64Array.from(questions.flatMap(({ embedding }) => embedding))
  const count = questions.length
  const rows = Object.entries(expected).flatMap(([name, counts]) => {
    const threshold = /^insert=on-miss threshold=([\d.]+)$/.exec(name)?.[1]
    return threshold === undefined ? [] : [{ threshold: Number(threshold), counts }]
  })

  test('come out of all pairs', async () => {
    const floor = Math.min(...rows.map(({ threshold }) => threshold))
    const pairs = await neighbourPairs({ vectors, dimensions, count, floor, mode: 'exact' })
    const { offsets, neighbours, similarities } = pairs
    expect(rows.length).toBeGreaterThan(5)
    for (const { threshold, counts } of rows) {
      const isKept = new Uint8Array(count)
      const nearest = (row: number) => {
        const from = offsets[row] ?? 0
        const kept = Array.from(neighbours.subarray(from, offsets[row + 1]), (neighbour, n) => ({
          neighbour,
          similarity: isKept[neighbour] === 1 ? (similarities[from + n] ?? 0) : -1,
        })).filter(({ similarity }) => similarity >= threshold)
        // The first of equals, as sorting keeps their order.
        return kept.sort((a, b) => b.similarity - a.similarity)[0]?.neighbour ?? null
      }
      const add = (row: number) => {
        isKept[row] = 1
      }
      expect({ threshold, ...countHits(questions, nearest, add) }).toEqual({ threshold, ...counts })
    }
  })

  test.each(['exact', 'fast'] as const)('come out of a live index, %s', (mode) => {
    const own = (row: number) => vectors.subarray(row * dimensions, (row + 1) * dimensions)
    for (const { threshold, counts } of rows) {
      const index = openLiveIndex<number>({ dimensions, mode })
      const nearest = (row: number) => index.nearest(own(row), 'all', threshold)?.id ?? null
      const found = countHits(questions, nearest, (row) => index.add(row, own(row), 'all'))
      expect({ threshold, ...found }).toEqual({ threshold, ...counts })
    }
  })
})
