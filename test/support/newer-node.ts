import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The npm package `node` brings a Node of its own; it is kept between runs. */
const version = '24'
const folder = resolve(import.meta.dirname, `../../node_modules/.cache/llmcost/node-${version}`)
const isWindows = process.platform === 'win32'
const binary = join(folder, 'node_modules/node/bin', isWindows ? 'node.exe' : 'node')

export type NewerNode = { readonly path: string } | { readonly missing: string }

/** A Node that has `node:sqlite` without a flag: this one if it does, else one fetched for the purpose. */
export function newerNode(): NewerNode {
  if (hasSqlite(process.execPath)) return { path: process.execPath }
  if (!existsSync(binary)) fetchNode()
  if (hasSqlite(binary)) return { path: binary }
  return { missing: `Node ${version} could not be fetched and this one has no node:sqlite` }
}

function fetchNode(): void {
  mkdirSync(folder, { recursive: true })
  const flags = ['--no-save', '--no-audit', '--no-fund', '--fetch-retries=1', '--loglevel=silent']
  try {
    execFileSync('npm', ['install', `--prefix=${folder}`, ...flags, `node@${version}`], {
      stdio: 'ignore',
      shell: isWindows,
      timeout: 100_000,
    })
  } catch {
    // no registry within reach: whoever asked says so
  }
}

function hasSqlite(path: string): boolean {
  try {
    execFileSync(path, ['--no-warnings', '--eval', "require('node:sqlite')"], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
