import { kernelBytes } from './kernel-bytes.ts'
import { type WasmMemory, type WasmModule, webAssembly } from './web-assembly.ts'

/** Bits of a SimHash. */
export type HashBits = 256 | 512

/**
 * The inner loops over one memory. Addresses and strides are bytes, rows are counted from 0; a stride is a multiple of
 * 32. Pairs are written and read as two uint32, left and right row.
 */
export type Kernels = {
  /**
   * Writes the pairs of a row in [i, iEnd) and a row in [j, jEnd) whose int16 dot product reaches the limit; returns
   * how many. Left rows are taken by two and right ones by four: beyond an end there must be rows. Where the first
   * `head` bytes of eight pairs' rows all fall short of `headLimit`, the rest of them is not looked at; `head` is a
   * multiple of 16, and the stride where all is to be looked at.
   */
  scan(
    rows: number,
    stride: number,
    head: number,
    i: number,
    iEnd: number,
    j: number,
    jEnd: number,
    headLimit: number,
    limit: number,
    out: number,
  ): number
  /** Writes the pairs whose hashes differ in at most `limit` bits; returns how many. */
  readonly near: Readonly<Record<HashBits, Near>>
  /** Writes the int16 dot product of each pair as int32. */
  dots(rows: number, stride: number, pairs: number, count: number, out: number): void
  /**
   * The signs of the first components of H·D₂·H·D₁·(row − mean): H is the Walsh–Hadamard transform of `bytes` / 4
   * float32, D₁ and D₂ flip the signs given at `signs`, one behind the other.
   */
  hash(
    row: number,
    stride: number,
    mean: number,
    signs: number,
    bytes: number,
    scratch: number,
    out: number,
    outBytes: number,
  ): void
}

type Near = (
  hashes: number,
  i: number,
  iEnd: number,
  j: number,
  jEnd: number,
  limit: number,
  out: number,
) => number

type Exports = Pick<Kernels, 'scan' | 'dots' | 'hash'> & {
  readonly near256: Near
  readonly near512: Near
}

let compiled: WasmModule | undefined

/** Compiled once, and handed to threads as it is. */
export function kernelModule(): WasmModule {
  compiled ??= new webAssembly.Module(Buffer.from(kernelBytes, 'base64'))
  return compiled
}

/** The kernels over a memory. */
export function openKernels(memory: WasmMemory, module: WasmModule = kernelModule()): Kernels {
  const instance = new webAssembly.Instance(module, { llmcost: { memory } })
  const { scan, dots, hash, near256, near512 } = instance.exports as Exports
  return { scan, dots, hash, near: { 256: near256, 512: near512 } }
}
