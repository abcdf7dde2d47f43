import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type HashBits, openKernels } from '../../src/vectors/kernels.ts'
import { paddedDimensions, quantiseRow } from '../../src/vectors/quantise.ts'
import { hashSigns, transformLength } from '../../src/vectors/simhash.ts'
import { webAssembly } from '../../src/vectors/web-assembly.ts'
import { assembledModule, modulePath } from './assemble.ts'
import { random, randomVectors } from './random-vectors.ts'
import * as reference from './reference.ts'

test('the committed kernels are the assembled text', async () => {
  expect(readFileSync(modulePath, 'utf8')).toBe(await assembledModule())
})

const rowsAt = 1 << 20
const hashesAt = 3 << 20
const meanAt = 4096
const signsAt = 5 << 19
const scratchAt = 11 << 18
const pairsAt = 7 << 19
const dotsAt = 0

/** A memory with quantised rows of some random vectors in it. */
function open(dimensions: number, count: number) {
  const memory = new webAssembly.Memory({ initial: 128, maximum: 128, shared: true })
  const width = paddedDimensions(dimensions)
  const rows = new Int16Array(memory.buffer, rowsAt, (count + 4) * width)
  const vectors = randomVectors({ count, dimensions, seed: dimensions, clusters: 3 })
  for (let row = 0; row < count; row++) {
    const squared = vectors
      .subarray(row * dimensions, (row + 1) * dimensions)
      .reduce((sum, x) => sum + x * x, 0)
    quantiseRow({ vectors, row, dimensions, squaredLength: squared }, rows, row * width)
  }
  const kernels = openKernels(memory)
  const pairs = (found: number) => {
    const flat = new Uint32Array(memory.buffer, pairsAt, 2 * found)
    return Array.from({ length: found }, (_, n) => [flat[2 * n], flat[2 * n + 1]])
  }
  return { memory, kernels, rows, width, stride: 2 * width, pairs }
}

const dimensions = [1, 7, 16, 17, 96, 100, 128, 384, 1536, 3072]

describe.each(dimensions)('in %i dimensions', (d) => {
  const count = 22
  const opened = open(d, count)
  const { memory, kernels, rows, width, stride } = opened
  const all = Array.from({ length: count }, (_, i) => i)

  test.each([-(2 ** 31), 0, 0.6, 0.8, 0.99])('scan finds what a loop finds, limit %d', (cosine) => {
    const limit = Math.max(-(2 ** 31), Math.floor(cosine * 32767 ** 2))
    // From the middle to the last row: ends are not where rows were begun.
    const found = kernels.scan(rowsAt, stride, stride, 6, count, 2, 14, 0, limit, pairsAt)
    const expected = all
      .slice(6)
      .flatMap((i) => all.slice(2, 14).map((j) => [i, j] as const))
      .filter(([i, j]) => reference.dot(rows, width, i, j) >= limit)
    expect(opened.pairs(found).sort(byNumbers)).toEqual(expected.map((pair) => [...pair]))
    if (cosine <= 0) expect(found).toBeGreaterThan(0)
  })

  test('scan gives up eight pairs whose heads all fall short, and no others', () => {
    const head = 16 * Math.ceil(width / 32)
    const headOf = (i: number) => rows.subarray(i * width, i * width + head / 2)
    const headDot = (i: number, j: number) =>
      headOf(i).reduce((sum, x, k) => sum + x * (headOf(j)[k] as number), 0)
    const heads = all
      .flatMap((i) => all.slice(0, 20).map((j) => headDot(i, j)))
      .sort((a, b) => a - b)
    const limit = -(2 ** 31)
    for (const headLimit of [heads[0] ?? 0, heads[300] ?? 0, heads[430] ?? 0, 2 ** 31 - 1]) {
      const found = kernels.scan(rowsAt, stride, head, 0, count, 0, 20, headLimit, limit, pairsAt)
      const stays = (i: number, j: number) =>
        head === stride ||
        [0, 1].some((p) =>
          [0, 1, 2, 3].some((q) => headDot((i & ~1) + p, (j & ~3) + q) >= headLimit),
        )
      expect(opened.pairs(found).sort(byNumbers)).toEqual(
        all.flatMap((i) =>
          all
            .slice(0, 20)
            .filter((j) => stays(i, j))
            .map((j) => [i, j]),
        ),
      )
    }
  })

  test('dots are those of a loop', () => {
    const next = random(7)
    const pairs = Array.from({ length: 50 }, () =>
      [next(), next()].map((x) => Math.floor(x * count)),
    )
    new Uint32Array(memory.buffer, pairsAt, 100).set(pairs.flat())
    kernels.dots(rowsAt, stride, pairsAt, pairs.length, dotsAt)
    expect([...new Int32Array(memory.buffer, dotsAt, pairs.length)]).toEqual(
      pairs.map(([i = 0, j = 0]) => reference.dot(rows, width, i, j)),
    )
    kernels.dots(rowsAt, stride, pairsAt, 0, dotsAt)
  })

  test.each<HashBits>([256, 512])(
    'hashes of %i bits and their distances are those of loops',
    (bits) => {
      const length = transformLength(d, bits)
      const next = random(bits)
      const signs = hashSigns(length)
      const mean = Float32Array.from({ length }, (_, k) => (k < d ? (next() - 0.5) * 2000 : 0))
      new Float32Array(memory.buffer, signsAt, 2 * length).set(signs)
      new Float32Array(memory.buffer, meanAt, length).set(mean)
      const bytes = bits / 8
      for (const i of all) {
        const at = hashesAt + i * bytes
        kernels.hash(rowsAt + i * stride, stride, meanAt, signsAt, 4 * length, scratchAt, at, bytes)
      }
      const hashes = all.map((i) =>
        new Uint8Array(memory.buffer, hashesAt + i * bytes, bytes).slice(),
      )
      expect(hashes).toEqual(
        all.map((i) =>
          reference.hash({ row: rows.subarray(i * width, (i + 1) * width), mean, signs, bits }),
        ),
      )
      const distance = (i: number, j: number) =>
        reference.hashDistance(hashes[i] as Uint8Array, hashes[j] as Uint8Array)
      for (const limit of [0, bits * 0.3, bits / 2, bits]) {
        const found = kernels.near[bits](hashesAt, 3, 9, 1, count, Math.floor(limit), pairsAt)
        expect(opened.pairs(found)).toEqual(
          all.slice(3, 9).flatMap((i) =>
            all
              .slice(1)
              .filter((j) => distance(i, j) <= Math.floor(limit))
              .map((j) => [i, j]),
          ),
        )
      }
    },
  )
})

const byNumbers = (a: (number | undefined)[], b: (number | undefined)[]): number =>
  (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0)
