import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { build } from 'esbuild'
import { bundle } from './bundle.ts'
import { seedSpreads } from './seed-spreads.ts'

/** Tables of tokens: megabytes to parse, and no code. */
const isData = (path: string): boolean => /[\\/]o200k_base-\w+\.js$/.test(path)

const { outputFiles } = await build(bundle)
for (const { path, text } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, path.endsWith('.js') && !isData(path) ? seedSpreads(text) : text)
}
