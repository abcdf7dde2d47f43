import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { UserError } from '../domain/user-error.ts'

/** Beside this file in a checkout; from the bundle and its chunks back to the same folder. */
const folders = ['./static-v1/', '../src/embed/static-v1/', '../../src/embed/static-v1/']
const names = {
  rows: 'static-v1.int8.bin',
  scales: 'static-v1.scale.f32.bin',
  vocabulary: 'static-v1.vocab.txt',
} as const

export const staticDimensions = 128

/** The table of `static-v1`: row i, a vector of 128, is `rows[128 i …]` times `scales[i]`. */
export type StaticTable = {
  readonly rows: Int8Array
  readonly scales: Float32Array
  /** The word piece of each row; pieces that continue a word begin with "##". */
  readonly pieces: readonly string[]
  /** SHA-256 of the three files, in hexadecimal. */
  readonly hash: string
}

/** Reads the table that comes with the package. Throws a UserError where it is missing or damaged. */
export function loadStaticTable(): StaticTable {
  const folder = folders
    .map((place) => new URL(place, import.meta.url))
    .find((place) => existsSync(new URL(names.rows, place)))
  if (folder === undefined) throw brokenInstallation('is missing')
  const read = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))
  const files = [read(names.rows), read(names.scales), read(names.vocabulary)] as const
  const [rows, scales, vocabulary] = files
  const pieces = Buffer.from(vocabulary).toString('utf8').trimEnd().split('\n')
  if (rows.length !== pieces.length * staticDimensions || scales.length !== pieces.length * 4)
    throw brokenInstallation('is damaged')
  return {
    rows: new Int8Array(rows.buffer, rows.byteOffset, rows.length),
    scales: readFloats(scales),
    pieces,
    hash: hashOf(files),
  }
}

const brokenInstallation = (what: string): UserError =>
  new UserError(`the table of the built-in embedder ${what}`, { hint: 'install llmcost again' })

/** Little-endian, on any machine. */
function readFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) =>
    view.getFloat32(index * 4, true),
  )
}

function hashOf(files: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const file of files) hash.update(file)
  return hash.digest('hex')
}
