import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy, type PolicyPatch } from '../../src/policy/merge-policy.ts'
import { type PreparedCache, prepareCache } from '../../src/simulate/cache-inputs.ts'
import { runGrid } from '../../src/simulate/grid-team.ts'
import { newHitTally } from '../../src/simulate/hit-tally.ts'
import { incrementalSweep } from '../../src/simulate/incremental-sweep.ts'
import type { Neighbours } from '../../src/worlds/neighbours.ts'
import { historyOf, lastUserQuestions, type PlainMoment } from '../support/history.ts'
import { random } from '../vectors/random-vectors.ts'

/**
 * One measurement in a process of its own: node sweep-main.js WAY REQUESTS. Prints how long the work took, without the
 * making of the log and its neighbours, as one JSON object.
 */
export type Measurement = {
  readonly ms: number
  readonly userMs: number
  readonly sysMs: number
  /** Pairs of similar questions in the log. */
  readonly pairs: number
  readonly thresholds: number
}

/** One request a second, of which a tenth repeats a question word for word; one day is how long answers live. */
const secondMs = 1000
const latencyMs = 800
const repeatShare = 0.1
/** Requests to a topic: with the repeats some 32 neighbours for each question, 1.5 million pairs in 100,000 requests. */
const topicSize = 36
const floor = 0.8
const labelsPerTopic = 3
const gridPoints = 1000
/** A fifth of the requests have room. */
const capacityShare = 0.2

type Log = {
  readonly moments: readonly PlainMoment[]
  readonly topics: readonly (readonly number[])[]
  readonly questions: number
}

function logOf(requests: number, next: () => number): Log {
  const topics: number[][] = Array.from({ length: Math.ceil(requests / topicSize) }, () => [])
  let questions = 0
  const moments = Array.from({ length: requests }, (_, place) => {
    const number = Math.floor(next() * topics.length)
    const topic = topics[number] as number[]
    const isRepeat = topic.length > 0 && next() < repeatShare
    const question = isRepeat ? (topic[Math.floor(next() * topic.length)] as number) : questions++
    if (!isRepeat) topic.push(question)
    const label = number * labelsPerTopic + Math.floor(next() * labelsPerTopic)
    return { at: place * secondMs, latencyMs, question, label, costNanoUsd: 1_000_000 + place }
  })
  return { moments, topics, questions }
}

/** All questions of a topic are similar, few of them very: the cosine is 1 less a share of the way to the floor. */
function neighboursIn({ topics, questions }: Log, next: () => number): Neighbours {
  const rows = Array.from({ length: questions }, (_, question) => [
    { other: question, similarity: 1 },
  ])
  for (const topic of topics) {
    for (const [index, a] of topic.entries()) {
      for (const b of topic.slice(0, index)) {
        const similarity = 1 - (1 - floor) * Math.sqrt(next())
        rows[a]?.push({ other: b, similarity })
        rows[b]?.push({ other: a, similarity })
      }
    }
  }
  const offsets = new Uint32Array(questions + 1)
  for (const [question, row] of rows.entries()) {
    row.sort((a, b) => b.similarity - a.similarity || a.other - b.other)
    offsets[question + 1] = (offsets[question] as number) + row.length
  }
  const size = offsets[questions] as number
  const others = new Uint32Array(size)
  const similarities = new Float64Array(size)
  for (const [question, row] of rows.entries()) {
    for (const [index, { other, similarity }] of row.entries()) {
      const pair = (offsets[question] as number) + index
      others[pair] = other
      similarities[pair] = similarity
    }
  }
  const guarded = new Uint8Array(size)
  return { floor, hasVector: () => true, offsets, others, similarities, guarded, guards: [null] }
}

type Way = (prepare: (patch: PolicyPatch) => PreparedCache, log: Log) => () => number

const ways: Readonly<Record<string, Way>> = {
  prepare: (prepare) => () => {
    prepare({})
    return 0
  },
  every: (prepare, log) => {
    const { inputs } = prepare({})
    return () => {
      const tally = newHitTally(inputs, worthOf(log))
      let count = 0
      for (const _ of incrementalSweep(inputs, tally)) if (tally.totals().hits >= 0) count++
      return count
    }
  },
  grid: (prepare) => {
    const { inputs } = prepare({})
    return () => countOf(runGrid(inputs, grid()))
  },
  lru: (prepare, log) => {
    const maxEntries = Math.ceil(log.moments.length * capacityShare)
    const { inputs } = prepare({ cache: { exact: { maxEntries }, semantic: { maxEntries } } })
    return () => countOf(runGrid(inputs, grid()))
  },
}

const worthOf = ({ moments }: Log) => ({
  costOf: (place: number) => moments[place]?.costNanoUsd ?? 0,
  verdictOf: (place: number, owner: number) =>
    moments[place]?.label === moments[owner]?.label ? ('right' as const) : ('wrong' as const),
  numberOf: () => 0,
  shareOf: () => 1,
})

const grid = (): readonly number[] =>
  Array.from({ length: gridPoints }, (_, point) => 1 - ((1 - floor) * point) / (gridPoints - 1))

function countOf(points: Iterable<unknown>): number {
  let count = 0
  for (const _ of points) count++
  return count
}

function measureWay(way: Way, requests: number): Measurement {
  const next = random(1)
  const log = logOf(requests, next)
  const neighbours = neighboursIn(log, next)
  const history = historyOf(log.moments)
  const semantic = { questions: lastUserQuestions(history), neighbours }
  const on: PolicyPatch = { cache: { semantic: { on: true }, rules: [] } }
  const work = way((patch) => {
    const compiled = compilePolicy(mergePolicy(mergePolicy(defaultPolicy, on), patch))
    return prepareCache(history, semantic, compiled, new Int16Array(requests).fill(-1))
  }, log)
  const startedAt = performance.now()
  const usedBefore = process.cpuUsage()
  const thresholds = work()
  const { user, system } = process.cpuUsage(usedBefore)
  const ms = performance.now() - startedAt
  const pairs = (neighbours.others.length - log.questions) / 2
  return { ms, userMs: user / 1000, sysMs: system / 1000, pairs, thresholds }
}

const [name = '', size = ''] = process.argv.slice(2)
const way = ways[name]
if (way === undefined) throw new Error(`no way named ${name}`)
process.stdout.write(JSON.stringify(measureWay(way, Number(size))))
