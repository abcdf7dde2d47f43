import { createHash } from 'node:crypto'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import { prepareCache } from '../../src/simulate/cache-inputs.ts'
import { runGrid } from '../../src/simulate/grid-team.ts'
import { historyOf, lastUserQuestions, neighboursOf } from '../support/history.ts'
import { random } from '../vectors/random-vectors.ts'

/**
 * Runs a grid in so many threads: node main.js THREADS POINTS [READ]. Prints what came out, of so many points: then nobody
 * reads on.
 */
const [threads, points, most = points] = process.argv.slice(2).map(Number) as [number, number]
const requests = 1200
const next = random(7)
const history = historyOf(
  Array.from({ length: requests }, (_, place) => ({
    at: place * 1000,
    latencyMs: 800,
    question: place % 10 === 9 ? Math.floor(next() * place) : place,
  })),
)
const questions = lastUserQuestions(history)
const directions = Array.from({ length: requests }, () => {
  const angle = next() * 2 * Math.PI
  return [Math.cos(angle), Math.sin(angle)]
})
const neighbours = neighboursOf(questions, directions, 0.99, () => false)
const patch = { cache: { rules: [], semantic: { on: true, maxEntries: 100 } } }
const { inputs } = prepareCache(
  history,
  { questions, neighbours },
  compilePolicy(mergePolicy(defaultPolicy, patch)),
  new Int16Array(requests).fill(-1),
)
const grid = Array.from({ length: points }, (_, point) => 1 - (0.01 * point) / points)
const hash = createHash('sha256')
const thresholds: number[] = []
let hits = 0
const runs = runGrid(inputs, grid, threads)
while (thresholds.length < most) {
  const { value, done } = runs.next()
  if (done === true) break
  const { threshold, by, owner, semanticHits } = value
  thresholds.push(threshold)
  hits += semanticHits
  // Where a model was asked there is no owner.
  hash.update(by).update(owner.map((place, at) => (by[at] === 0 ? -1 : place)))
}
const isInOrder = thresholds.join() === grid.slice(0, most).join()
process.stdout.write(JSON.stringify({ digest: hash.digest('hex'), hits, isInOrder }))
