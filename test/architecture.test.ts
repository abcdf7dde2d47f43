import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, posix, resolve } from 'node:path'
import { expect, test } from 'vitest'

/** A folder may import from the folders in the lines above its own, and from itself. Never sideways, never down. */
const layers = [
  ['domain'],
  ['stats', 'vectors', 'prices', 'policy', 'dialects'],
  ['engine', 'ingest', 'store', 'embed', 'providers'],
  ['worlds', 'score'],
  ['analyze', 'simulate', 'replay', 'serve', 'check'],
  ['report'],
  ['cli'],
]

/** Every third-party package has one home, so it can be replaced there and loads only when it is needed. */
const homes: Readonly<Record<string, readonly string[]>> = {
  'better-sqlite3': ['store'],
  'sqlite-vec': ['store'],
  'csv-parse': ['ingest'],
  fzstd: ['ingest'],
  tinyglobby: ['ingest'],
  '@pydantic/genai-prices': ['prices'],
  'gpt-tokenizer': ['prices'],
  yaml: ['policy'],
  commander: ['cli'],
  'cli-table3': ['report'],
  ink: ['report'],
  react: ['report'],
  openai: ['providers', 'embed'],
  '@anthropic-ai/sdk': ['providers', 'embed'],
  undici: ['providers'],
  pino: ['serve'],
  /** Checks the shape of foreign data wherever it enters. */
  zod: ['policy', 'ingest', 'dialects', 'providers'],
}

/** Same input, same result: these ask for no clock, no chance, no network and no environment. */
const pureFolders = ['domain', 'stats', 'prices', 'policy', 'dialects', 'engine']
const impure: Readonly<Record<string, RegExp>> = {
  'Date.now': /\bDate\.now\b/,
  'new Date()': /\bnew Date(?:\(\s*\)|(?!\s*\())/,
  'Date()': /(?<!new )\bDate\(/,
  'performance.now': /\bperformance\.now\b/,
  'Math.random': /\bMath\.random\b/,
  fetch: /(?<![.\w])fetch\s*\(/,
  'process.env': /\bprocess\s*(?:\.env\b|\['env'\])/,
}

/** SQL as this project writes it: words in capitals. Prose and help write them small. */
const sqlText =
  /\b(?:SELECT\s[^'"`]*\sFROM|INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM)\b/
/** Queries on the database that is the log, in the words of its own schema; the store runs them. */
const foreignQueries = ['ingest/formats/simonw-llm.ts']

const maxLines = 300

const root = resolve(import.meta.dirname, '..')
const src = join(root, 'src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.tsx?$/.test(path))
  .sort()

const sourceOf = (file: string) => readFileSync(join(src, file), 'utf8')
const folderOf = (path: string) => path.split('/')[0] ?? ''
const depthOf = (folder: string) => layers.findIndex((layer) => layer.includes(folder))
const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

/** The source without comments, so that a word in one is no breach. A "//" inside a string ends the line: harmless. */
const codeOf = (file: string) =>
  sourceOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(?<!:)\/\/.*$/gm, '')

/** Static and dynamic imports, re-exports, and what createRequire brings in. */
function importsOf(file: string): string[] {
  const statements = [
    /^(?:import|export|\})[^'\n]*\bfrom '([^']+)'/gm,
    /^import '([^']+)'/gm,
    /\bimport\(\s*'([^']+)'/g,
    /\(import\.meta\.url\)\('([^']+)'\)/g,
  ]
  const code = codeOf(file)
  return statements.flatMap((form) => [...code.matchAll(form)].map(([, name]) => name ?? ''))
}

test.each(files)('src/%s keeps to its layer', (file) => {
  const folder = folderOf(file)
  expect(depthOf(folder), `src/${folder}/ is not in the table of layers`).not.toBe(-1)
  for (const specifier of importsOf(file)) {
    if (specifier.startsWith('node:')) continue
    if (!specifier.startsWith('.')) {
      const home = homes[packageOf(specifier)]
      expect(home, `${specifier} has no home: add it to the table with a reason`).toBeDefined()
      expect(home, `${specifier} lives elsewhere`).toContain(folder)
      continue
    }
    const target = folderOf(posix.join(dirname(file), specifier))
    if (target === folder) continue
    expect(target, `${specifier} leaves src/`).not.toBe('..')
    expect(depthOf(target), `${file} may not import ${specifier}`).toBeLessThan(depthOf(folder))
  }
})

test.each(files.filter((file) => pureFolders.includes(folderOf(file))))(
  'src/%s asks for no clock, no chance, no network and no environment',
  (file) => {
    const code = codeOf(file)
    const used = Object.entries(impure).flatMap(([name, use]) => (use.test(code) ? [name] : []))
    expect(used).toEqual([])
  },
)

test('SQL is text in src/store alone', () => {
  const others = files.filter(
    (file) => folderOf(file) !== 'store' && !foreignQueries.includes(file),
  )
  expect(others.filter((file) => sqlText.test(codeOf(file)))).toEqual([])
})

test(`no source file is longer than ${maxLines} lines`, () => {
  const lines = (file: string) => sourceOf(file).split('\n').length - 1
  const long = files.filter((file) => lines(file) > maxLines)
  expect(long.map((file) => `${file}: ${lines(file)}`)).toEqual([])
})

test('no file is named after nothing in particular', () => {
  expect(
    files.filter((file) =>
      /(?:^|\/)index\.|(?:^|[/-])(?:utils?|helpers?|manager|misc)\./.test(file),
    ),
  ).toEqual([])
})

test('no tracked file names a folder of this machine or a registry', () => {
  const tracked = trackedFiles()
  const places = [root, dirname(root)].filter((place) => !commonPlaces.includes(place))
  const named = (text: string) =>
    places.some((place) => text.includes(`${place}/`)) ||
    /registry[.](?:npmjs|yarnpkg)[.]/.test(text)
  expect(tracked.filter((file) => named(readText(join(root, file))))).toEqual([])
})

/** Folders that every machine has, and that a log may name for its own reasons. */
const commonPlaces = ['/', '/app', '/home', '/opt', '/root', '/src', '/usr', homedir(), tmpdir()]

/** What git tracks; nothing where this is no checkout. */
function trackedFiles(): string[] {
  try {
    const list = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
    return list.split('\0').filter((path) => path !== '')
  } catch {
    return []
  }
}

/** A file's text; a file that is gone from the working folder, or too large to be written by hand, has none. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
