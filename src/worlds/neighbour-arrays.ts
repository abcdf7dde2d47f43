import type { Neighbours } from './neighbours.ts'

/** Names of the arrays that neighbours are kept as. */
export const neighbourArrayNames = [
  'offsets',
  'others',
  'similarities',
  'guarded',
  'present',
] as const

type Arrays = Readonly<Record<string, Uint8Array>>

/** Neighbours as bytes, in this machine's order. */
export function writeNeighbours(neighbours: Neighbours): Arrays {
  const { offsets, others, similarities, guarded, hasVector } = neighbours
  const count = offsets.length - 1
  const present = Uint8Array.from({ length: count }, (_, question) => (hasVector(question) ? 1 : 0))
  return {
    offsets: bytesOf(offsets),
    others: bytesOf(others),
    similarities: bytesOf(similarities),
    guarded,
    present,
  }
}

export function readNeighbours(
  arrays: Arrays,
  floor: number,
  guards: Neighbours['guards'],
): Neighbours {
  const { offsets, others, similarities, guarded, present } = arrays as Readonly<
    Record<(typeof neighbourArrayNames)[number], Uint8Array>
  >
  return {
    floor,
    guards,
    offsets: new Uint32Array(offsets.buffer),
    others: new Uint32Array(others.buffer),
    similarities: new Float64Array(similarities.buffer),
    guarded,
    hasVector: (question) => present[question] === 1,
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
