import { readFileSync } from 'node:fs'
import type { GridPoint } from '../../src/stats/certify.ts'
import { randomFrom, shuffle } from '../../src/stats/random.ts'
import { realData } from '../support/real-data.ts'

/** Questions with the class of their answer, and for each the others that are alike, most alike first. */
export type LabelledQuestions = {
  readonly classes: readonly string[]
  readonly neighbours: readonly (readonly Neighbour[])[]
}

type Neighbour = { readonly question: number; readonly similarity: number }

const floor = 0.7

/** The grid of certification: 0.99 down to 0.70 in steps of 0.01. */
export const thresholds: readonly number[] = Array.from({ length: 30 }, (_, i) => (99 - i) / 100)

/** CLINC150 with its stored vectors; all pairs at least 0.70 alike, by their cosine in float64. */
export function loadClinc(): LabelledQuestions {
  const rows = readFileSync(realData('semantic/clinc_4000.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { answer_class: string; embedding: number[] })
  const vectors = rows.map((row) => Float64Array.from(row.embedding))
  const lengths = vectors.map((vector) => Math.sqrt(dot(vector, vector)))
  const neighbours: Neighbour[][] = rows.map(() => [])
  for (const [i, a] of vectors.entries()) {
    for (let j = 0; j < i; j++) {
      const product = (lengths[i] as number) * (lengths[j] as number)
      const similarity = dot(a, vectors[j] as Float64Array) / product
      if (similarity < floor) continue
      neighbours[i]?.push({ question: j, similarity })
      neighbours[j]?.push({ question: i, similarity })
    }
  }
  for (const list of neighbours) list.sort((a, b) => b.similarity - a.similarity)
  return { classes: rows.map((row) => row.answer_class), neighbours }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

/**
 * A cache that stores what it missed, asked in an order: the hits from place `testedFrom` on, by
 * entry. All before it warms the cache.
 */
export function replayCache(
  { classes, neighbours }: LabelledQuestions,
  order: readonly number[],
  { threshold, testedFrom }: { readonly threshold: number; readonly testedFrom: number },
): GridPoint {
  /** The place at which a question became an entry; Infinity before. */
  const storedAt = new Float64Array(classes.length).fill(Infinity)
  const entries = new Map<number, { hits: number; wrong: number }>()
  let windowHits = 0
  for (const [place, question] of order.entries()) {
    const serving = mostAlike(neighbours[question] ?? [], storedAt, threshold)
    if (serving === undefined) storedAt[question] = place
    else if (place >= testedFrom) {
      windowHits++
      const entry = entries.get(serving) ?? { hits: 0, wrong: 0 }
      entry.hits++
      if (classes[serving] !== classes[question]) entry.wrong++
      entries.set(serving, entry)
    }
  }
  return { threshold, windowHits, entries: [...entries.values()], savings: windowHits }
}

/** Of equally alike entries the one stored first. */
function mostAlike(
  neighbours: readonly Neighbour[],
  storedAt: Float64Array,
  threshold: number,
): number | undefined {
  let best: Neighbour | undefined
  for (const neighbour of neighbours) {
    if (neighbour.similarity < (best?.similarity ?? threshold)) break
    const stored = storedAt[neighbour.question] as number
    const earlier = best === undefined ? Infinity : (storedAt[best.question] as number)
    if (stored < earlier) best = neighbour
  }
  return best?.question
}

/** The questions in many random orders: half of each warms the cache, the other is tested. */
export function shuffledRuns(questions: LabelledQuestions, runs: number): GridPoint[][] {
  const count = questions.classes.length
  return Array.from({ length: runs }, (_, run) => {
    const order = Array.from({ length: count }, (__, i) => i)
    shuffle(order, randomFrom(`shuffle ${run}`))
    const testedFrom = Math.floor(count / 2)
    return thresholds.map((threshold) => replayCache(questions, order, { threshold, testedFrom }))
  })
}
