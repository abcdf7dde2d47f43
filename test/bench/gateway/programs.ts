import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = resolve(import.meta.dirname, '../../..')

/** The bench's own processes, bundled as the package is: a loader would be in what they take to start, and in their memory. */
export type Programs = {
  readonly upstream: string
  readonly load: string
  readonly bareProxy: string
  readonly semantic: string
}

const names = {
  upstream: 'upstream-main',
  load: 'load-main',
  bareProxy: 'bare-proxy-main',
  semantic: 'semantic-main',
} as const satisfies Record<keyof Programs, string>

/** Bundles them into a folder, beside the files of the built-in embedder. */
export async function bundlePrograms(folder: string): Promise<Programs> {
  const outdir = join(folder, 'dist')
  mkdirSync(join(folder, 'src/embed'), { recursive: true })
  symlinkSync(join(root, 'src/embed/static-v1'), join(folder, 'src/embed/static-v1'), 'junction')
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  await build({
    entryPoints: Object.values(names).map((name) => join(import.meta.dirname, `${name}.ts`)),
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // undici is CommonJS.
    banner: {
      js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);",
    },
    logLevel: 'error',
  })
  const at = (name: string) => join(outdir, `${name}.js`)
  return {
    upstream: at(names.upstream),
    load: at(names.load),
    bareProxy: at(names.bareProxy),
    semantic: at(names.semantic),
  }
}
