import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../..')

/** Packs the checkout's build and installs it without a network; where its launcher is. */
export function installPacked(folder: string): string {
  const user = join(folder, 'packed')
  mkdirSync(user)
  // Or npm would install into the folder above, which has one.
  writeFileSync(join(user, 'package.json'), '{"private":true}')
  // The build is up to date: the scripts of the package would make it again.
  const pack = ['pack', '--ignore-scripts', '--pack-destination', folder, '--loglevel', 'error']
  execFileSync('npm', pack, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm packed nothing')
  const install = ['install', '--ignore-scripts', '--omit=optional', '--offline', '--no-audit']
  execFileSync('npm', [...install, '--no-fund', join(folder, tarball)], {
    cwd: user,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  // Optional native packages are those of the checkout.
  for (const name of ['better-sqlite3', 'sqlite-vec'])
    symlinkSync(join(root, 'node_modules', name), join(user, 'node_modules', name), 'junction')
  return join(user, 'node_modules/llmcost/bin/llmcost.js')
}
