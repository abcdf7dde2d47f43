import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import wabt from 'wabt'
import { kernelText } from '../../src/vectors/kernel-text.ts'

/** The module that holds the assembled kernels, as `src/vectors/kernel-bytes.ts` must read. */
export async function assembledModule(): Promise<string> {
  const { parseWat } = await wabt()
  const module = parseWat('kernels.wat', kernelText(), { simd: true, threads: true })
  const { buffer } = module.toBinary({})
  module.destroy()
  const base64 = Buffer.from(buffer).toString('base64')
  const parts = base64.match(/.{1,92}/g) ?? []
  return `/** The kernels, assembled from \`kernel-text.ts\` by \`npx tsx test/vectors/assemble.ts\`. */
export const kernelBytes =
  ${parts.map((part) => `'${part}'`).join(' +\n  ')}
`
}

/** Where the module stands. */
export const modulePath = resolve(import.meta.dirname, '../../src/vectors/kernel-bytes.ts')

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync(modulePath, await assembledModule())
