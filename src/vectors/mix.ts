/** A number's bits well mixed (the finaliser of MurmurHash3): chance that is the same in every run. */
export function mix(seed: number): number {
  let x = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}
