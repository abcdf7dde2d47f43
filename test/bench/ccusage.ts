import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Subject } from './interleave.ts'
import { cachedFolder } from './work-folder.ts'

const version = '20.0.24'

/** The program that reports on Claude Code histories most used today, pinned; installed once, outside the repository. */
export function installCcusage(): { readonly launcher: string; readonly native: string | null } {
  const folder = cachedFolder(`ccusage-${version}`)
  const launcher = join(folder, 'node_modules/.bin/ccusage')
  if (!existsSync(launcher)) {
    process.stderr.write(`installing ccusage ${version} in ${folder}\n`)
    const args = ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund']
    const { status, stderr } = spawnSync('npm', [...args, `ccusage@${version}`], {
      cwd: folder,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`ccusage could not be installed:\n${stderr}`)
  }
  return { launcher, native: nativeIn(join(folder, 'node_modules/@ccusage')) }
}

/** What its launcher, a Node script, starts. */
function nativeIn(folder: string): string | null {
  const found = existsSync(folder) ? readdirSync(folder) : []
  const paths = found.map((name) => join(folder, name, 'bin/ccusage'))
  return paths.find((path) => existsSync(path)) ?? null
}

/** As a user starts it, and without its launcher. */
export function ccusageSubjects(history: string): readonly Subject[] {
  const { launcher, native } = installCcusage()
  const subject = (name: string, path: string): Subject => ({
    name,
    role: 'peer',
    command: () => ({
      argv: [path, 'claude', 'daily', '--offline', '--json'],
      env: { CLAUDE_CONFIG_DIR: history },
    }),
  })
  const peer = subject(ccusageName, launcher)
  return native === null ? [peer] : [peer, subject(`${ccusageName}, native binary`, native)]
}

export const ccusageName = `ccusage ${version}`
