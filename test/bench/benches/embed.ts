import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { splitFloor } from '../commands.ts'
import { chatLog, type LogFile } from '../inputs.ts'
import { interleave, type Subject } from '../interleave.ts'
import type { BenchOptions, Figures, Outcome, Target } from '../outcome.ts'
import { inBytes, inWhole } from '../table.ts'
import { newFolder, removeFolder } from '../work-folder.ts'

const root = resolve(import.meta.dirname, '../../..')
/** Of a chat log whose questions are embedded. */
const defaultBytes = 40e6
/** So often over, for starting Node to weigh little. */
const repeats = 8
const defaultRuns = 3
const textsPerSecond = 60_000
const staticName = 'static, one thread'

/** The built-in embedders over short questions, a process each, against splitting them into words. */
export async function benchEmbed({ sizeBytes, runs }: BenchOptions): Promise<Outcome> {
  const folder = newFolder()
  try {
    const texts = questionsOf(chatLog(sizeBytes ?? defaultBytes), join(folder, 'texts.txt'))
    const program = await bundle(folder)
    const embed = (name: string, embedder: string): Subject => ({
      name,
      role: 'measured',
      command: () => ({ argv: [process.execPath, program, embedder, texts.path] }),
    })
    const { figures } = await interleave(
      [splitFloor(texts), embed(staticName, 'static'), embed('lexical, one thread', 'lexical')],
      { runs: runs ?? defaultRuns, rows: texts.rows },
    )
    const input = `${inWhole(texts.rows)} questions, ${inBytes(texts.bytes)}`
    return { bench: 'embed', input, figures, targets: figures.flatMap(targetOf) }
  } finally {
    removeFolder(folder)
  }
}

/** The last message of each request, one a line. */
function questionsOf(log: LogFile, path: string): LogFile {
  const questions = readFileSync(log.path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as WireRequest).request.messages.at(-1)?.content ?? '')
    .map((text) => text.replaceAll('\n', ' '))
  const text = `${questions.join('\n')}\n`.repeat(repeats)
  writeFileSync(path, text)
  return { path, bytes: Buffer.byteLength(text), rows: questions.length * repeats }
}

type WireRequest = { readonly request: { readonly messages: readonly { content: string }[] } }

/** Bundled as the package is, beside the files of the embedder. */
async function bundle(folder: string): Promise<string> {
  const outfile = join(folder, 'dist/embed-lines.mjs')
  mkdirSync(join(folder, 'src/embed'), { recursive: true })
  symlinkSync(join(root, 'src/embed/static-v1'), join(folder, 'src/embed/static-v1'), 'junction')
  const entryPoints = [join(root, 'test/bench/embed-lines.mjs')]
  await build({ entryPoints, bundle: true, format: 'esm', platform: 'node', outfile })
  return outfile
}

function targetOf({ name, rowsPerSecond }: Figures): readonly Target[] {
  if (name !== staticName || rowsPerSecond === null) return []
  return [
    {
      words: `static: at least ${inWhole(textsPerSecond)} texts/s, its table read and Node started`,
      found: `${inWhole(Math.round(rowsPerSecond))} texts/s`,
      met: rowsPerSecond >= textsPerSecond,
    },
  ]
}
