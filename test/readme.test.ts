import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readers } from '../src/ingest/readers.ts'
import {
  type ConsoleCommand,
  consoleBlocks,
  isAsShown,
  runnable,
} from './support/console-blocks.ts'

const root = resolve(import.meta.dirname, '..')
const textOf = (page: string) => readFileSync(join(root, page), 'utf8')
const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .map((path) => `docs/${path.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.md'))
  .sort()
const pages = ['README.md', ...docs]

/** The blocks are written for a POSIX shell. */
const hasShell = process.platform !== 'win32'

test('the README names the two commands to begin with', () => {
  const readme = textOf('README.md')
  expect(readme).toContain('npm ci && npx llmcost analyze fixtures/logs/support-copilot.jsonl')
  expect(readme).toContain('npm ci && npm test')
})

test('the README names every command of `--help`', () => {
  const { output } = runIn(root, `"${process.execPath}" bin/llmcost.js --help`)
  const list = output.slice(output.indexOf('\nCommands:'))
  const commands = [...list.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name)
  expect(commands).toContain('ingest')
  const readme = textOf('README.md')
  for (const name of commands) if (name !== 'help') expect(readme).toContain(`llmcost ${name}`)
})

test.each(readers.map((reader) => reader.name))(
  'the README and docs/formats.md name the format %s',
  (name) => {
    for (const page of ['README.md', 'docs/formats.md'])
      expect(textOf(page)).toContain(`\`${name}\``)
  },
)

test.each(pages)('the links of %s lead somewhere', (page) => {
  const text = textOf(page).replace(/^```[\s\S]*?^```$/gm, '')
  const targets = [...text.matchAll(/\]\((?!\w+:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, to = '']) => to)
  const missing = targets.filter((to) => !existsSync(resolve(root, dirname(page), to)))
  expect(missing).toEqual([])
})

const blocksOf = (page: string) => consoleBlocks(textOf(page), page)

describe.runIf(hasShell).each(pages.filter((page) => blocksOf(page).length > 0))('%s', (page) => {
  let folder = ''

  beforeAll(() => {
    folder = makeFolder()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(blocksOf(page).flatMap((block) => block.commands))('$at $command', (shown) => {
    runAsShown(shown, folder)
  })
})

function runAsShown({ command, expected }: ConsoleCommand, folder: string): void {
  const step = runnable(command)
  if (step === null) return
  const { output, code } = runIn(folder, step)
  expect(code, output).toBe(expected?.startsWith('error:') ? 2 : 0)
  if (expected !== null && !isAsShown(expected, output)) expect(output).toBe(expected)
}

/** A folder with what the pages speak of, and an `llmcost` that is this checkout's. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'llmcost-pages-'))
  cpSync(join(root, 'fixtures'), join(folder, 'fixtures'), { recursive: true })
  const bin = join(folder, 'node_modules', '.bin')
  mkdirSync(bin, { recursive: true })
  const run = `exec "${process.execPath}" "${join(root, 'bin', 'llmcost.js')}"`
  const scripts = { llmcost: `${run} "$@"`, npx: `shift\n${run} "$@"` }
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return folder
}

/** Runs a line in a shell as a new user's: no settings, no colour, 80 columns, the clock of reports pinned. */
function runIn(folder: string, command: string): { output: string; code: number | null } {
  const env = {
    PATH: [join(folder, 'node_modules', '.bin'), process.env['PATH']].join(delimiter),
    HOME: folder,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    SOURCE_DATE_EPOCH: '1790000000',
  }
  const result = spawnSync('sh', ['-c', `{ ${command}\n} 2>&1`], {
    cwd: folder,
    env,
    encoding: 'utf8',
  })
  return { output: result.stdout, code: result.status }
}
