import { createHash } from 'node:crypto'
import { neighbourPairs } from '../../src/vectors/neighbour-pairs.ts'
import { randomVectors } from './random-vectors.ts'

/** Searches with two threads and prints what was found: for the tests that run the bundle. */
const count = 6500
const dimensions = 64
const vectors = randomVectors({ count, dimensions, seed: 41, clusters: 300 })
const controller = new AbortController()
const cancels = process.argv[2] === 'cancel'
const search = neighbourPairs({
  vectors,
  dimensions,
  count,
  floor: 0.8,
  mode: process.argv[2] === 'fast' ? 'fast' : 'exact',
  threads: process.argv[3] === 'alone' ? 1 : 2,
  signal: controller.signal,
  onProgress: () => {
    if (cancels) controller.abort(new Error('enough'))
  },
})
const told = await search.then(
  ({ offsets, neighbours, similarities, threads, method, recall }) => {
    const hash = createHash('sha256')
    for (const column of [offsets, neighbours, similarities]) hash.update(column)
    return { pairs: neighbours.length, digest: hash.digest('hex'), threads, method, recall }
  },
  (error) => ({ error: error.message }),
)
process.stdout.write(JSON.stringify(told))
