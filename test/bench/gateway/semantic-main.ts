import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { openStaticEmbedder } from '../../../src/embed/static-embedder.ts'
import { openLiveIndex } from '../../../src/vectors/live-index.ts'
import { randomVectors } from '../../vectors/random-vectors.ts'
import { spreadOf, Values } from './latencies.ts'
import type { SemanticFound } from './semantic.ts'

/**
 * node semantic-main.js ENTRIES LOOKUPS: what a semantic cache of so many entries adds to a request, which is the
 * embedding of its question, the look-up, and after a miss the new entry. Prints it as JSON.
 */
const [entries, lookUps] = process.argv.slice(2).map(Number) as [number, number]
const dimensions = 384
const floor = 0.85
/** About 30 vectors to a cluster: some are similar, most are not. */
const clusterSize = 30

const count = entries + lookUps
const vectors = randomVectors({
  count,
  dimensions,
  seed: 1,
  clusters: Math.ceil(count / clusterSize),
  spread: 0.45,
})
const vectorAt = (row: number) => vectors.subarray(row * dimensions, (row + 1) * dimensions)
const { embedOne } = openStaticEmbedder()
const index = openLiveIndex<number>({ dimensions, mode: 'fast' })

const [lookUpMs, addMs] = [new Values(), new Values()]
/** How long it holds the event loop: time in which another process had the core is not its own. */
const timed = <T>(values: Values, work: () => T): T => {
  const usedBefore = process.cpuUsage()
  const startedAt = performance.now()
  const result = work()
  const wallMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(usedBefore)
  values.add(Math.min(wallMs, (user + system) / 1000))
  return result
}

for (let row = 0; row < entries; row++) timed(addMs, () => index.add(row, vectorAt(row), 'all'))

const lookUp = (row: number) => {
  embedOne(`Order ${row}: the parcel was due on Monday and has not come. What should be done?`)
  return index.nearest(vectorAt(row), 'all', floor)
}
for (let row = 0; row < Math.min(entries, lookUps); row++) lookUp(row)

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
for (let row = entries; row < count; row++) {
  await nextTurn()
  timed(lookUpMs, () => lookUp(row))
  timed(addMs, () => index.add(row, vectorAt(row), 'all'))
}
delay.disable()

const found: SemanticFound = {
  lookUpMs: spreadOf(lookUpMs.all),
  addMs: spreadOf(addMs.all),
  longestDelayMs: delay.max / 1e6,
}
process.stdout.write(JSON.stringify(found))
