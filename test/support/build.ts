import { execSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const dist = join(root, 'dist')
const main = join(dist, 'main.js')

/** Before the first test: brings dist/ up to date, for the tests that run the command as it is shipped. */
export function setup(): void {
  if (existsSync(main) && statSync(main).mtimeMs > newestSource()) return
  execSync('npm run --silent build', { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  utimesSync(main, new Date(), new Date())
  removeLeftChunks()
}

function newestSource(): number {
  const sources = ['src', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
      join(folder, path),
    ),
  )
  const paths = [...sources, 'package.json', 'package-lock.json']
  return Math.max(...paths.map((path) => statSync(join(root, path)).mtimeMs))
}

/** Chunks are named by their content, so every change of the source leaves its old ones behind. */
function removeLeftChunks(): void {
  const needed = new Set<string>()
  const visit = (path: string) => {
    for (const [, name = ''] of readFileSync(path, 'utf8').matchAll(
      /["'](?:\.\/|\.\.\/)*(?:chunks\/)?([\w.-]+-[A-Z0-9]{8}\.js)["']/g,
    )) {
      if (needed.has(name) || !existsSync(join(dist, 'chunks', name))) continue
      needed.add(name)
      visit(join(dist, 'chunks', name))
    }
  }
  for (const name of readdirSync(dist)) if (name.endsWith('.js')) visit(join(dist, name))
  const chunks = existsSync(join(dist, 'chunks')) ? readdirSync(join(dist, 'chunks')) : []
  for (const name of chunks) {
    const isCode = /\.js(?:\.map)?$/.test(name)
    if (isCode && !needed.has(name.replace(/\.map$/, '')))
      rmSync(join(dist, 'chunks', name), { force: true })
  }
}
