import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from '../scripts/bundle.ts'

type Manifest = {
  readonly name: string
  readonly version: string
  readonly engines?: { readonly node?: string }
  readonly files: readonly string[]
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}
type LockEntry = {
  readonly resolved?: string
  readonly integrity?: string
  /** Set on binaries for one platform. */
  readonly os?: readonly string[]
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly engines?: { readonly node?: string }
}

const root = resolve(import.meta.dirname, '..')
const textOf = (path: string) => readFileSync(join(root, path), 'utf8')
const manifest = JSON.parse(textOf('package.json')) as Manifest
const lock = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, LockEntry> }
const locked = Object.entries(lock.packages).filter(([path]) => path !== '')

/** True when a range such as ">=20", "^20.19.0 || >=22.12.0" or "20.x || 22.x" admits a version. */
function admits(range: string, version: readonly [number, number, number]): boolean {
  return range.split('||').some((part) =>
    part
      .trim()
      .split(/(?<![<>=^~])\s+/)
      .every((condition) => meets(condition, version)),
  )
}

function meets(condition: string, version: readonly [number, number, number]): boolean {
  const match = /^(>=|>|<=|<|\^|~|=)?\s*v?(\d+|\*|x)(?:\.(\d+|\*|x))?(?:\.(\d+|\*|x))?/.exec(
    condition,
  )
  if (match === null) throw new Error(`cannot read the engines condition "${condition}"`)
  const [, operator = '', ...parts] = match
  const bound = parts.filter((part) => part !== undefined && /^\d+$/.test(part)).map(Number)
  if (bound.length === 0) return true
  const [major = 0, minor = 0, patch = 0] = bound
  const order = version[0] - major || version[1] - minor || version[2] - patch
  switch (operator) {
    case '>=':
      return order >= 0
    case '>':
      return order > 0
    case '<=':
      return order <= 0
    case '<':
      return order < 0
    case '^':
      return order >= 0 && version[0] === major
    case '~':
      return order >= 0 && version[0] === major && version[1] === minor
    default:
      return bound.every((part, index) => part === version[index])
  }
}

describe('what is installed', () => {
  test.each([
    ['>=20', true],
    ['>= 14.6', true],
    ['^20.19.0 || >=22.12.0', false],
    ['20.x || 22.x || 23.x', true],
    ['10.* || >= 12.*', true],
    ['>=22', false],
    ['^18 || ^22', false],
    ['>=18 <20', false],
    ['*', true],
  ])('the range "%s" admits Node 20.0.0: %s', (range, expected) => {
    expect(admits(range, [20, 0, 0])).toBe(expected)
  })

  test.skipIf(process.platform === 'win32')('the command can be executed from a checkout', () => {
    expect(statSync(join(root, 'bin/llmcost.js')).mode & 0o111).not.toBe(0)
  })

  test('whatever users run admits the oldest Node that the package promises', () => {
    expect(manifest.engines?.node).toBe('>=20')
    const names = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })
    for (const name of [...names, ...bundledPackages()]) {
      const range = lock.packages[`node_modules/${name}`]?.engines?.node ?? '*'
      expect(admits(range, [20, 0, 0]), `${name} needs Node ${range}`).toBe(true)
    }
  })

  test('whatever builds and tests it admits Node 20', () => {
    const newer = locked.filter(([, { engines }]) => !admits(engines?.node ?? '*', [20, 20, 0]))
    expect(newer.map(([path, { engines }]) => `${path}: ${engines?.node}`)).toEqual([])
  })

  test('the lockfile names no registry and pins every package by its content', () => {
    expect(locked.filter(([, entry]) => entry.resolved?.includes('://'))).toEqual([])
    // A binary for another platform may be listed by name alone: it is not installed here.
    const unpinned = locked.filter(
      ([, entry]) => entry.integrity === undefined && entry.os === undefined,
    )
    expect(unpinned).toEqual([])
    expect(textOf('.npmrc')).toContain('omit-lockfile-registry-resolved=true')
  })

  test('the lockfile has whatever its packages ask for, on every platform: `npm ci` insists', () => {
    const missing = locked.flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !placesOf(path, name).some((place) => place in lock.packages))
        .map((name) => `${path} asks for ${name}`),
    )
    expect(missing).toEqual([])
  })

  test('NOTICE names every package that the bundle contains', () => {
    const notice = textOf('NOTICE')
    expect(bundledPackages().filter((name) => !notice.includes(name))).toEqual([])
  })
})

/** Where Node looks for a package from inside another one, nearest first. */
function placesOf(path: string, name: string): readonly string[] {
  const folders = path.split('/node_modules/')
  const places = folders.map((_, depth) => folders.slice(0, depth + 1).join('/node_modules/'))
  return [...places.map((place) => `${place}/node_modules/${name}`), `node_modules/${name}`]
}

/** Names of the packages that end up in dist/. */
function bundledPackages(): readonly string[] {
  const names = bundleInputs.flatMap((path) => {
    const inside = path.split('node_modules/').at(-1)?.split('/') ?? []
    const name = inside.slice(0, inside[0]?.startsWith('@') ? 2 : 1).join('/')
    return path.includes('node_modules/') ? [name] : []
  })
  return [...new Set(names)].sort()
}

let bundleInputs: readonly string[] = []
beforeAll(async () => {
  const { metafile } = await build({ ...bundle, absWorkingDir: root, metafile: true })
  bundleInputs = Object.keys(metafile.inputs)
})

describe('the packed package', () => {
  const isWindows = process.platform === 'win32'
  const npm = isWindows ? 'npm.cmd' : 'npm'
  let work = ''
  let user = ''
  let tarball = ''

  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'llmcost-package-'))
    user = join(work, 'user')
    const copy = join(work, 'copy')
    mkdirSync(copy)
    mkdirSync(user)
    const sources = [
      'scripts',
      'package.json',
      'bin',
      'src',
      'fixtures',
      'README.md',
      'CHANGELOG.md',
      'LICENSE',
      'NOTICE',
    ]
    for (const path of sources) cpSync(join(root, path), join(copy, path), { recursive: true })
    linkFolder(join(root, 'node_modules'), join(copy, 'node_modules'))
    runNpm(['pack', '--pack-destination', work, '--loglevel', 'error'], copy)
    tarball = join(work, `${manifest.name}-${manifest.version}.tgz`)
    runNpm(
      [
        'install',
        '--ignore-scripts',
        '--omit=optional',
        '--offline',
        '--no-audit',
        '--no-fund',
        tarball,
      ],
      user,
    )
    linkFolder(join(root, 'node_modules/better-sqlite3'), join(user, 'node_modules/better-sqlite3'))
  }, 180_000)
  afterAll(() => rmSync(work, { recursive: true, force: true, maxRetries: 3 }))

  const runNpm = (args: readonly string[], cwd: string) =>
    execFileSync(npm, args, { cwd, shell: isWindows, stdio: ['ignore', 'ignore', 'inherit'] })

  const runCommand = (...args: readonly string[]) => {
    const bin = join(user, 'node_modules', manifest.name, 'bin/llmcost.js')
    return spawnSync(process.execPath, [bin, ...args], { cwd: user, encoding: 'utf8' })
  }

  test('holds the program and its papers, and nothing else', () => {
    const installed = join(user, 'node_modules', manifest.name)
    const papers = ['CHANGELOG.md', 'LICENSE', 'NOTICE', 'README.md', 'package.json']
    expect(readdirSync(installed).sort()).toEqual(
      [...papers, 'bin', 'dist', 'fixtures', 'src'].sort(),
    )
    expect(readdirSync(join(installed, 'bin'))).toEqual(['llmcost.js'])
    const built = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' })
    expect(built.filter((name) => !/^chunks$|\.js$|\.js\.map$|\.gz$|\.json$/.test(name))).toEqual(
      [],
    )
  })

  test('is smaller than 8 MB', () => {
    expect(statSync(tarball).size).toBeLessThan(8e6)
  })

  test('says its version and what it can do', () => {
    expect(runCommand('--version').stdout).toBe(`${manifest.version}\n`)
    const help = runCommand('--help')
    expect(help.status).toBe(0)
    expect(help.stdout).toContain('Usage: llmcost')
  })

  test('reads a log', () => {
    const log = join(root, 'fixtures/logs/formats/openai-chat.jsonl')
    const { status, stderr } = runCommand('ingest', log)
    expect(stderr).toContain('request/response pairs')
    expect(status).toBe(0)
  })

  test('tells its story, once it has one', ({ skip }) => {
    if (!runCommand('--help').stdout.includes('\n  demo')) skip('there is no demo command yet')
    const { status, stdout, stderr } = runCommand('demo')
    expect(status, stderr).toBe(0)
    expect(stdout).not.toBe('')
  })
})

/** A link to a folder; a junction on Windows, which needs no rights. */
function linkFolder(target: string, path: string): void {
  symlinkSync(target, path, 'junction')
}
