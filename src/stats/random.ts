import { sha256 } from './sha256.ts'

/** A stream of uniform numbers in [0, 1), each a multiple of 2⁻³². */
export type Random = () => number

/** The generator's name, for reports. */
export const generatorName = 'sfc32'

/** sfc32's words are mixed by this many steps before the first number is used (its author's choice). */
const warmUpSteps = 12

/**
 * The numbers of a seed text, the same on every machine: sfc32 (Chris Doty-Humphrey's Small Fast
 * Counting generator, PractRand) started from the first 96 bits of the text's SHA-256.
 */
export function randomFrom(seed: string): Random {
  const digest = sha256(seed)
  let a = digest.readUInt32LE(0)
  let b = digest.readUInt32LE(4)
  let c = digest.readUInt32LE(8)
  let counter = 1
  const next = (): number => {
    const sum = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  for (let step = 0; step < warmUpSteps; step++) next()
  return next
}

/** Puts a list in random order, every order equally likely (Fisher and Yates). */
export function shuffle<T>(list: T[], random: Random): void {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const value = list[last] as T
    list[last] = list[other] as T
    list[other] = value
  }
}
