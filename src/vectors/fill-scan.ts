import type { Vector } from '../domain/embedder.ts'
import { UserError } from '../domain/user-error.ts'
import { chooseHead, tailLengths } from './choose-head.ts'
import { type HashBits, kernelModule } from './kernels.ts'
import { dotLimit, quantiseRow, unit } from './quantise.ts'
import { layOut, type ScanLayout } from './scan-layout.ts'
import type { ScanOrder } from './scan-order.ts'
import type { ScanSetup } from './scanner.ts'
import { hashSigns } from './simhash.ts'
import { webAssembly } from './web-assembly.ts'

/** Vectors behind each other, with what is known of each. */
export type Rows = {
  readonly vectors: Vector
  readonly dimensions: number
  /** Of each row; 0 for a zero row. */
  readonly squaredLengths: Float64Array
}

export type ScanOptions = {
  readonly floor: number
  readonly threads: number
  /** Null to compare every pair by its dot product. */
  readonly hash: HashOptions | null
}

export type HashOptions = {
  readonly bits: HashBits
  /** Where directions are seen from: their mean, or null for the origin. */
  readonly centre: Float64Array | null
}

/** A memory with everything a scan reads, but the hashes. */
export function fillScan(rows: Rows, order: ScanOrder, options: ScanOptions): ScanSetup {
  const { dimensions } = rows
  const { hash, threads, floor } = options
  const rowCount = order.rows.length
  const layout = layOut({ rowCount, dimensions, bits: hash?.bits ?? null, threads })
  if (layout === null) {
    throw new UserError(`${rowCount} vectors of ${dimensions} dimensions do not fit into 4 GB`, {
      hint: 'look at fewer requests at a time, or use an embedder with fewer dimensions',
    })
  }
  const size = { initial: layout.pages, maximum: layout.pages, shared: true } as const
  const memory = new webAssembly.Memory(size)
  const head = fillRows(rows, order, { layout, floor }, memory.buffer)
  if (hash !== null) fillHashInput(rows, order, { layout, centre: hash.centre }, memory.buffer)
  return { layout, memory, module: kernelModule(), floor, head }
}

/** Returns the bytes that a scan does well to look at first. */
function fillRows(
  { vectors, dimensions, squaredLengths }: Rows,
  order: ScanOrder,
  { layout, floor }: { readonly layout: ScanLayout; readonly floor: number },
  buffer: SharedArrayBuffer,
): number {
  const width = layout.stride / 2
  const count = order.rows.length
  const out = new Int16Array(buffer, layout.rowsAt, count * width)
  for (const [at, row] of order.rows.entries()) {
    const squared = squaredLengths[row] as number
    quantiseRow({ vectors, row, dimensions, squaredLength: squared }, out, at * width)
  }
  new Uint32Array(buffer, layout.startsAt, count).set(order.starts)
  const rows16 = { rows: out, width, count }
  const head = chooseHead(rows16, dotLimit(floor, dimensions))
  new Float32Array(buffer, layout.tailsAt, count).set(tailLengths(rows16, head))
  return 2 * head
}

function fillHashInput(
  rows: Rows,
  order: ScanOrder,
  { layout, centre }: { readonly layout: ScanLayout; readonly centre: Float64Array | null },
  buffer: SharedArrayBuffer,
): void {
  const { signsAt, meanAt, lengthsAt, transformLength } = layout
  new Float32Array(buffer, signsAt, 2 * transformLength).set(hashSigns(transformLength))
  const lengths = new Float32Array(buffer, lengthsAt, order.rows.length)
  if (centre === null) {
    lengths.fill(1)
    return
  }
  new Float32Array(buffer, meanAt, rows.dimensions).set(centre.map((component) => component * unit))
  for (const [at, row] of order.rows.entries()) lengths[at] = lengthFrom(centre, rows, row)
}

/** How far a row's direction is from the centre. */
export function lengthFrom(
  centre: Float64Array,
  { vectors, dimensions, squaredLengths }: Rows,
  row: number,
): number {
  const squared = squaredLengths[row] as number
  const scale = squared === 0 ? 0 : 1 / Math.sqrt(squared)
  const start = row * dimensions
  let sum = 0
  for (let k = 0; k < dimensions; k++)
    sum += ((vectors[start + k] as number) * scale - (centre[k] as number)) ** 2
  return Math.sqrt(sum)
}

/** The mean direction of some rows. */
export function meanOf(
  { vectors, dimensions, squaredLengths }: Rows,
  some: Uint32Array,
): Float64Array {
  const mean = new Float64Array(dimensions)
  for (const row of some) {
    const squared = squaredLengths[row] as number
    if (squared === 0) continue
    const share = 1 / (Math.sqrt(squared) * some.length)
    for (let k = 0; k < dimensions; k++)
      mean[k] = (mean[k] as number) + (vectors[row * dimensions + k] as number) * share
  }
  return mean
}
