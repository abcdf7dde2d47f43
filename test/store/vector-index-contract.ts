import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { join } from 'node:path'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { openVectorIndex, type VectorIndex } from '../../src/store/vector-index.ts'
import { openLiveIndex } from '../../src/vectors/live-index.ts'
import { VectorError } from '../../src/vectors/vector-error.ts'
import type { DriverName } from '../support/database-contract.ts'
import { random, randomVectors } from '../vectors/random-vectors.ts'

/** What is asked of a driver; `folder` is empty and the check's own. */
type Check = (driver: DriverName, folder: string) => Promise<void> | void

const dimensions = 48
const name = 'test_vectors'

/**
 * What the index in the database must do, by name. Without a test framework, so that it also runs as a plain script
 * under another Node.
 */
export const vectorIndexContract: Readonly<Record<string, Check>> = {
  'finds what the index in memory finds, while entries come and go': (driver) =>
    inMemory(driver, (index) => {
      const live = openLiveIndex<string>({ dimensions, mode: 'exact' })
      const vectors = randomVectors({ count: 600, dimensions, seed: 1, clusters: 40, spread: 0.6 })
      const at = (row: number) => vectors.subarray(row * dimensions, (row + 1) * dimensions)
      const next = random(2)
      const acceptances = [undefined, (id: string) => id.length % 2 === 0]
      const answers = Array.from({ length: 600 }, (_, step) => {
        // Some ids and some vectors come up again; most that are to go are not there.
        const id = `entry ${Math.floor(next() * 400)}`
        const gone = `entry ${Math.floor(next() * 2000)}`
        const vector = at(Math.floor(next() * 600))
        const asked = at(Math.floor(next() * 600))
        const group = step % 3 === 0 ? 'small' : 'large'
        return [index, live].map((each) => {
          each.add(id, vector, group)
          const wasThere = each.remove(gone)
          return { wasThere, nearest: each.nearest(asked, group, 0.5, acceptances[step % 2]) }
        })
      })
      for (const [found, expected] of answers) deepEqual(found, expected)
      equal(index.size(), live.size)
      ok(answers.filter(([found]) => found?.nearest !== null).length > 300)
      ok(answers.some(([found]) => found?.wasThere === true))
    }),

  'gives its entries to an index in memory, which then finds the same': (driver) =>
    inMemory(driver, (index) => {
      const vectors = randomVectors({ count: 300, dimensions, seed: 3, clusters: 30, spread: 0.6 })
      const at = (row: number) => vectors.subarray(row * dimensions, (row + 1) * dimensions)
      const next = random(4)
      for (let step = 0; step < 500; step++) {
        // Some vectors come twice, and some ids: of equals the first one added is found.
        index.add(`${Math.floor(next() * 350)}`, at(Math.floor(next() * 200)), `${step % 3}`)
        index.remove(`${Math.floor(next() * 700)}`)
      }
      const live = openLiveIndex<string>({ dimensions, mode: 'exact' })
      for (const { id, vector, group } of index.entries()) live.add(id, vector, group)
      equal(live.size, index.size())
      for (let row = 0; row < 300; row++) {
        const found = [index, live].map((each) => each.nearest(at(row), `${row % 3}`, 0.3))
        deepEqual(found[1], found[0])
      }
    }),

  'looks past many that are not accepted': (driver) =>
    inMemory(driver, (index) => {
      for (let n = 0; n < 700; n++) index.add(`${n}`, pointAt(n / 2000), 'g')
      const found = index.nearest(pointAt(0), 'g', 0, (id) => Number(id) >= 650)
      equal(found?.id, '650')
      equal(
        index.nearest(pointAt(0), 'g', 0.99, (id) => Number(id) >= 650),
        null,
      )
    }),

  'gives the first of equal entries': (driver) =>
    inMemory(driver, (index) => {
      for (const id of ['b', 'a', 'c']) index.add(id, pointAt(0.3), 'g')
      deepEqual(index.nearest(pointAt(0.3), 'g', 1), { id: 'b', similarity: 1 })
      index.add('b', pointAt(0.3), 'g')
      deepEqual(index.nearest(pointAt(0.3), 'g', 1), { id: 'a', similarity: 1 })
    }),

  'takes vectors in float64 and of any length': (driver) =>
    inMemory(driver, (index) => {
      const vector = Float64Array.from(pointAt(0.2), (x) => x * 1e40)
      index.add('long', vector, 'g')
      const found = index.nearest(
        vector.map((x) => x * 1e-70),
        'g',
        0.9,
      )
      equal(found?.id, 'long')
      ok(Math.abs(1 - (found?.similarity ?? 0)) < 1e-6)
    }),

  'keeps no zero vector and refuses what has no cosine': (driver) =>
    inMemory(driver, (index) => {
      index.add('zero', new Float32Array(dimensions), 'g')
      equal(index.size(), 0)
      equal(index.nearest(new Float32Array(dimensions), 'g', -1), null)
      throws(() => index.add('a', new Float32Array(3), 'g'), VectorError)
      throws(() => index.add('a', pointAt(Number.NaN), 'g'), VectorError)
    }),

  'is still there when the file is opened again, with its vectors bit for bit': async (
    driver,
    folder,
  ) => {
    const path = join(folder, 'a.db')
    const first = await openDatabase(path, { driver })
    openIn(first).add('kept', pointAt(0.7), 'group')
    first.close()
    const second = await openDatabase(path, { driver })
    const index = openIn(second)
    deepEqual([...index.entries()], [{ id: 'kept', vector: pointAt(0.7), group: 'group' }])
    throws(() => openVectorIndex(second, { name, dimensions: 3 }), /not made for 3 dimensions/)
    second.close()
  },

  'adds inside a transaction, and goes with it': async (driver) => {
    const database = await openDatabase(':memory:', { driver })
    const index = openIn(database)
    throws(() =>
      database.transaction(() => {
        index.add('a', pointAt(1), 'g')
        equal(index.size(), 1)
        throw new Error('no')
      }),
    )
    equal(index.size(), 0)
    equal(index.nearest(pointAt(1), 'g', 0), null)
    database.close()
  },

  'lets no query load an extension': async (driver) => {
    const database = await openDatabase(':memory:', { driver })
    openIn(database)
    throws(() => database.prepare("SELECT load_extension('x')").get(), /not authorized/)
    database.close()
  },
}

async function inMemory(driver: DriverName, work: (index: VectorIndex) => void): Promise<void> {
  const database = await openDatabase(':memory:', { driver })
  try {
    work(openIn(database))
  } finally {
    database.close()
  }
}

function openIn(database: Database): VectorIndex {
  const opened = openVectorIndex(database, { name, dimensions })
  if (!opened.isAvailable) throw new Error(opened.reason)
  return opened.index
}

/** A direction in the plane of the first two components. */
const pointAt = (angle: number): Float32Array =>
  Float32Array.from({ length: dimensions }, (_, k) =>
    k === 0 ? Math.cos(angle) : k === 1 ? Math.sin(angle) : 0,
  )
