import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HashBits } from '../../src/vectors/kernels.ts'
import { layOut, leftRows, rightRows, type ScanLayout } from '../../src/vectors/scan-layout.ts'
import { pageBytes } from '../../src/vectors/web-assembly.ts'

/** Begin and least length of each part, as the scan uses them. */
function partsOf(layout: ScanLayout): readonly (readonly [at: number, bytes: number])[] {
  const { rowCount, stride, transformLength, bits, threads, scratchAt, scratchBytes } = layout
  return [
    [layout.rowsAt, (rowCount + 1) * stride],
    [layout.startsAt, 4 * rowCount],
    [layout.lengthsAt, 4 * rowCount],
    [layout.tailsAt, 4 * rowCount],
    [layout.hashesAt, (rowCount * (bits ?? 0)) / 8],
    [layout.signsAt, 8 * transformLength],
    [layout.meanAt, 4 * transformLength],
    ...Array.from(
      { length: threads },
      (_, n) => [scratchAt + n * scratchBytes, scratchBytes] as const,
    ),
  ]
}

test('the parts of a memory do not overlap, stand at whole vectors, and fit', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 1, max: 4096 }),
      fc.constantFrom<HashBits | null>(null, 256, 512),
      fc.integer({ min: 1, max: 64 }),
      (rowCount, dimensions, bits, threads) => {
        const layout = layOut({ rowCount, dimensions, bits, threads })
        if (layout === null) return
        const parts = [...partsOf(layout)].sort((a, b) => a[0] - b[0] || a[1] - b[1])
        for (const [n, [at]] of parts.entries()) {
          expect(at % 16).toBe(0)
          const [before, bytes] = parts[n - 1] ?? [0, 0]
          expect(before + bytes).toBeLessThanOrEqual(at)
        }
        const [last, bytes] = parts.at(-1) ?? [0, 0]
        expect(last + bytes).toBeLessThanOrEqual(layout.pages * pageBytes)
        expect(layout.scratchBytes).toBeGreaterThanOrEqual(
          4 * layout.transformLength + 12 * leftRows * rightRows,
        )
      },
    ),
  )
})

test('what 32-bit addresses do not reach is not laid out', () => {
  const size = { dimensions: 384, bits: null, threads: 2 }
  expect(layOut({ ...size, rowCount: 5_000_000 })).not.toBe(null)
  expect(layOut({ ...size, rowCount: 5_600_000 })).toBe(null)
})
