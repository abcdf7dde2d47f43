import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { cachedFolder } from './work-folder.ts'

export type LogFile = { readonly path: string; readonly bytes: number; readonly rows: number }
export type History = { readonly folder: string; readonly bytes: number; readonly answers: number }

const root = resolve(import.meta.dirname, '../..')
const generator = join(root, 'fixtures/generate.ts')

/** OpenAI chat pairs of about so many bytes, generated once. */
export function chatLog(bytes: number): LogFile {
  const path = join(cachedFolder('inputs'), `chat-${bytes}-${generatorVersion()}.jsonl`)
  const counts = generatedOnce('--bench-chat', bytes, path)
  readThrough(path)
  return { path, bytes: counts['bytes'] ?? 0, rows: counts['lines'] ?? 0 }
}

/** A Claude Code history of about so many bytes, generated once: `folder`/projects/… */
export function claudeHistory(bytes: number): History {
  const folder = join(cachedFolder('inputs'), `claude-${bytes}-${generatorVersion()}`)
  const counts = generatedOnce('--bench-claude', bytes, folder)
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    if (statSync(path).isFile()) readThrough(path)
  }
  return { folder, bytes: counts['bytes'] ?? 0, answers: counts['answers'] ?? 0 }
}

/** The first lines of a log, as a file of its own. */
export function firstLines(log: LogFile, rows: number, path: string): LogFile {
  const bytes = readFileSync(log.path)
  let end = 0
  for (let row = 0; row < rows; row++) end = bytes.indexOf(10, end) + 1
  writeFileSync(path, bytes.subarray(0, end))
  return { path, bytes: end, rows }
}

/** The counts that the generator tells, kept beside what it wrote: only a complete input has them. */
function generatedOnce(
  kind: string,
  bytes: number,
  path: string,
): Readonly<Record<string, number>> {
  const countsPath = `${path}.counts.json`
  if (existsSync(path) && existsSync(countsPath))
    return readCounts(readFileSync(countsPath, 'utf8'))
  process.stderr.write(`generating ${path}\n`)
  const part = `${path}.part-${process.pid}`
  const args = ['--import', 'tsx', generator, kind, '--bytes', String(bytes), '--out', part]
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the generator ended with ${status}:\n${stderr}`)
  const counts = stderr.slice(stderr.lastIndexOf('{'))
  rmSync(path, { recursive: true, force: true })
  renameSync(part, path)
  writeFileSync(countsPath, counts)
  return readCounts(counts)
}

const readCounts = (text: string): Readonly<Record<string, number>> =>
  JSON.parse(text) as Readonly<Record<string, number>>

/** Changes with the generator, so that no input of an older one is taken for this one's. */
function generatorVersion(): string {
  const folder = join(root, 'fixtures/generator')
  const hash = createHash('sha256')
  for (const name of ['bench-chat.ts', 'bench-claude.ts', 'random.ts', 'texts/bench-words.ts'])
    hash.update(readFileSync(join(folder, name)))
  return hash.digest('hex').slice(0, 8)
}

/** So that the first run does not wait for the disk where the others find the file in memory. */
function readThrough(path: string): void {
  const file = openSync(path, 'r')
  const chunk = Buffer.allocUnsafe(1 << 20)
  while (readSync(file, chunk) > 0);
  closeSync(file)
}
