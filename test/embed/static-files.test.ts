import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { loadStaticTable } from '../../src/embed/static-files.ts'

const root = resolve(import.meta.dirname, '../..')
const files = 'src/embed/static-v1'

describe('the files of static-v1', () => {
  it('hold a row, a scale and a piece for each of 30,522 word pieces', () => {
    const { rows, scales, pieces } = loadStaticTable()
    expect([rows.length / 128, scales.length, pieces.length]).toEqual([30522, 30522, 30522])
    expect([pieces[0], pieces[100], pieces[30521]]).toEqual(['[PAD]', '[UNK]', '##～'])
    expect(scales.every((scale) => scale >= 0 && scale < 1)).toBe(true)
  })

  it('are in the package, with their licence', () => {
    const { files: packed } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(packed).toContain(`${files}/static-v1.*`)
    expect(packed).toContain(`${files}/LICENSE`)
    expect(readFileSync(join(root, 'NOTICE'), 'utf8')).toContain(`${files}/LICENSE`)
  })
})

describe('in a package', () => {
  let folder = ''
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'llmcost-files-'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    mkdirSync(join(folder, 'src/embed'), { recursive: true })
    cpSync(join(root, files), join(folder, files), { recursive: true })
    const contents = `import { loadStaticTable } from '${join(root, 'src/embed/static-files.ts').replaceAll('\\', '/')}'
      try { console.log(loadStaticTable().hash) } catch (error) { console.log(error.message + '; ' + error.hint) }`
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: root },
      bundle: true,
      format: 'esm',
      platform: 'node',
      write: false,
    })
    for (const place of ['dist', 'dist/chunks', 'elsewhere']) {
      mkdirSync(join(folder, place), { recursive: true })
      writeFileSync(join(folder, place, 'bundle.js'), outputFiles[0]?.text ?? '')
    }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (place: string) =>
    execFileSync(process.execPath, [join(folder, place, 'bundle.js')], { encoding: 'utf8' }).trim()

  test.each(['dist', 'dist/chunks'])('they are found from %s', (place) => {
    expect(run(place)).toBe(loadStaticTable().hash)
  })

  it('says so where they are damaged or missing', () => {
    const table = join(folder, files, 'static-v1.int8.bin')
    writeFileSync(table, readFileSync(table).subarray(1))
    const hint = 'install llmcost again'
    expect(run('dist')).toBe(`the table of the built-in embedder is damaged; ${hint}`)
    rmSync(table)
    expect(run('dist')).toBe(`the table of the built-in embedder is missing; ${hint}`)
  })
})
