/** The kernels as plain loops. Rows are int16, `width` to a row; hashes are bytes. */

export function dot(rows: Int16Array, width: number, i: number, j: number): number {
  let sum = 0
  for (let k = 0; k < width; k++)
    sum += (rows[i * width + k] as number) * (rows[j * width + k] as number)
  return sum
}

export function hashDistance(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, byte, k) => sum + ones(byte ^ (b[k] as number)), 0)
}

const ones = (byte: number): number => byte.toString(2).replaceAll('0', '').length

export type HashInput = {
  /** As many as the transform is long, like the mean. */
  readonly row: Int16Array
  readonly mean: Float32Array
  readonly signs: Float32Array
  readonly bits: number
}

/** Signs of H·D₂·H·D₁·(row − mean), in float32. */
export function hash({ row, mean, signs, bits }: HashInput): Uint8Array {
  const length = mean.length
  let x = mean.map((m, k) => Math.fround((row[k] ?? 0) - m) * (signs[k] as number))
  x = transform(x).map((value, k) => value * (signs[length + k] as number))
  const values = transform(x)
  return Uint8Array.from({ length: bits / 8 }, (_, byte) =>
    [0, 1, 2, 3, 4, 5, 6, 7].reduce(
      (sum, bit) => sum + ((values[8 * byte + bit] as number) > 0 ? 1 << bit : 0),
      0,
    ),
  )
}

/** Walsh–Hadamard, the widest butterflies first, each sum rounded to float32. */
function transform(input: Float32Array): Float32Array {
  const x = input.slice()
  for (let half = x.length / 2; half >= 1; half /= 2) {
    for (let k = 0; k < x.length; k++) {
      if (k & half) continue
      const [u, v] = [x[k] as number, x[k + half] as number]
      x[k] = u + v
      x[k + half] = u - v
    }
  }
  return x
}
