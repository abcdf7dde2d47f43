import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeBenchChat } from '../../fixtures/generator/bench-chat.ts'
import type { AnalyzeResult } from '../../src/analyze/result.ts'
import {
  analyzeIn,
  canonicalRecord,
  command,
  comparable,
  newTerminal,
  removeTerminals,
  rowsOf,
  runIn,
  startCommand,
  started,
  withDatabase,
} from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

const longMs = 120_000

const write = (name: string, ...lines: readonly string[]): string => {
  const path = join(terminal.folder, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

const totalsOf = (result: AnalyzeResult): object =>
  (comparable(result) as Pick<AnalyzeResult, 'totals'>).totals

describe('a new store', () => {
  test('is for its owner only, and git leaves it alone', async () => {
    const path = join(terminal.folder, 'deep/.llmcost/llmcost.db')
    const log = write('log.jsonl', canonicalRecord())
    await analyzeIn(terminal, log, '--db', path)
    const folder = join(terminal.folder, 'deep/.llmcost')
    for (const name of readdirSync(folder).filter((each) => each.startsWith('llmcost.db')))
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600])
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('*\n')
  })

  test('in a folder that was there leaves its .gitignore alone', async () => {
    writeFileSync(join(terminal.folder, '.gitignore'), 'node_modules\n')
    await analyzeIn(terminal, write('log.jsonl', canonicalRecord()))
    expect(readFileSync(join(terminal.folder, '.gitignore'), 'utf8')).toBe('node_modules\n')
  })

  test('is not made by a command that only asks', async () => {
    const { code, err } = await runIn(terminal, 'analyze')
    expect([code, existsSync(terminal.database)]).toEqual([2, false])
    expect(err).toContain('there is no store')
  })
})

describe('a store that cannot be used', () => {
  test('because a newer version made it is refused', async () => {
    const log = write('log.jsonl', canonicalRecord())
    await analyzeIn(terminal, log)
    await withDatabase(terminal, (database) =>
      database.exec("INSERT INTO migrations VALUES ('9999-from-the-future', 99)"),
    )
    for (const argv of [
      ['analyze', log],
      ['analyze'],
      ['export'],
      ['sql', 'select 1'],
      ['ingest', log],
    ]) {
      const { code, err } = await runIn(terminal, ...argv)
      expect(code).toBe(2)
      expect(err).toContain('made by a newer llmcost')
    }
  })

  test('because it is no database is refused and left as it is', async () => {
    writeFileSync(terminal.database, 'my diary, not a database'.repeat(100))
    const { code, err } = await runIn(terminal, 'analyze', write('log.jsonl', canonicalRecord()))
    expect(code).toBe(2)
    expect(err).toContain('is not an llmcost store')
    expect(readFileSync(terminal.database, 'utf8')).toContain('my diary')
  })

  test("because it is another program's database is refused and left as it is", async () => {
    await withDatabase(terminal, (database) =>
      database.exec('CREATE TABLE files (name TEXT); CREATE TABLE bookmarks (url TEXT)'),
    )
    const { code, err } = await runIn(terminal, 'analyze', write('log.jsonl', canonicalRecord()))
    expect([code, err.includes('    at ')]).toEqual([2, false])
    expect(await rowsOf(terminal, 'SELECT count(*) AS n FROM sqlite_master')).toEqual([{ n: 2 }])
  })

  test('because its secret was cut short is refused', async () => {
    const log = write('log.jsonl', canonicalRecord())
    await analyzeIn(terminal, log)
    writeFileSync(`${terminal.database}.secret`, 'short')
    const { code, err } = await runIn(terminal, 'analyze', log)
    expect([code, err]).toEqual([2, expect.stringContaining('.secret is damaged')])
  })

  test('because it is a folder is refused', async () => {
    mkdirSync(terminal.database)
    const { code, err } = await runIn(terminal, 'analyze', write('log.jsonl', canonicalRecord()))
    expect([code, err.includes('    at ')]).toEqual([2, false])
  })
})

/** Root may write anywhere, so the command is run as somebody else where that is possible. */
const asNobody = (): readonly string[] | null => {
  if (process.getuid?.() !== 0) return []
  const probe = spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'true'])
  return probe.status === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : null
}
const nobody = asNobody()

describe.skipIf(nobody === null)('in a folder that cannot be written to', () => {
  function startAsNobody(argv: readonly string[], cwd: string, env: Record<string, string>) {
    const [program = '', ...rest] = [...(nobody ?? []), process.execPath, command, ...argv]
    return started(
      spawn(program, rest, {
        cwd,
        env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    ).ended
  }

  test('a temporary store serves, with a notice, and is removed', async () => {
    const temporary = join(terminal.folder, 'tmp')
    mkdirSync(temporary)
    chmodSync(temporary, 0o777)
    chmodSync(terminal.folder, 0o755)
    const place = join(terminal.folder, 'read-only')
    mkdirSync(place)
    writeFileSync(join(place, 'log.jsonl'), `${canonicalRecord()}\n`)
    chmodSync(place, 0o555)
    const { code, out, err } = await startAsNobody(
      ['analyze', 'log.jsonl', '--format', 'json'],
      place,
      { TMPDIR: temporary },
    )
    expect([code, err]).toEqual([0, expect.stringContaining('cannot be written to')])
    expect((JSON.parse(out) as AnalyzeResult).totals.requests).toBe(1)
    expect(readdirSync(temporary)).toEqual([])
  })

  test('a store that is there and may not be written is refused by name', async () => {
    await analyzeIn(terminal, write('log.jsonl', canonicalRecord()))
    chmodSync(terminal.folder, 0o755)
    const { code, err } = await startAsNobody(['analyze'], terminal.folder, {
      LLMCOST_DB: terminal.database,
    })
    expect([code, err]).toEqual([2, expect.stringContaining('cannot be opened')])
    expect(err).not.toMatch(/^\s+at /m)
  })

  test('a log that may not be read is refused by name', async () => {
    chmodSync(terminal.folder, 0o777)
    const log = write('log.jsonl', canonicalRecord())
    chmodSync(log, 0o600)
    const { code, err } = await startAsNobody(['analyze', log], terminal.folder, {
      LLMCOST_DB: join(terminal.folder, 'nobodys.db'),
    })
    expect([code, err]).toEqual([2, expect.stringContaining('cannot be read (EACCES)')])
  })

  test('a log in a directory that may not be read is passed over, and said so', async () => {
    chmodSync(terminal.folder, 0o777)
    const folder = join(terminal.folder, 'logs')
    mkdirSync(folder)
    writeFileSync(join(folder, 'mine.jsonl'), `${canonicalRecord()}\n`)
    writeFileSync(join(folder, 'private.jsonl'), `${canonicalRecord()}\n`, { mode: 0o600 })
    const { code, out, err } = await startAsNobody(
      ['analyze', folder, '--format', 'json'],
      terminal.folder,
      { LLMCOST_DB: join(terminal.folder, 'nobodys.db') },
    )
    expect([code, err]).toEqual([
      0,
      expect.stringContaining('cannot be read (EACCES): passed over'),
    ])
    expect((JSON.parse(out) as AnalyzeResult).totals.requests).toBe(1)
  })
})

describe('a full disk', () => {
  const log = () => {
    const path = join(terminal.folder, 'chat.jsonl')
    writeBenchChat(path, 4e6)
    return path
  }

  test(
    'is said so; what was stored stays, and the next run completes it',
    async () => {
      const path = log()
      const expected = totalsOf(await analyzeIn(newTerminal(), path))
      // The shell's limit on file sizes, in blocks of 512 or 1,024 bytes, stands for the end of the disk.
      const limited = `ulimit -f 2000; trap '' XFSZ; exec "$0" "$@"`
      const { ended } = started(
        spawn('sh', ['-c', limited, process.execPath, command, 'analyze', path], {
          env: { ...process.env, ...terminal.env },
          stdio: ['ignore', 'pipe', 'pipe'],
        }),
      )
      const { code, out, err } = await ended
      expect([code, out]).toEqual([2, ''])
      expect(err).toContain('the disk is full')
      expect(err).not.toMatch(/^\s+at /m)
      expect(await rowsOf(terminal, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
      expect(totalsOf(await analyzeIn(terminal, path))).toEqual(expected)
    },
    longMs,
  )

  test(
    'at any page leaves a store that the next run completes',
    async () => {
      const path = log()
      const whole = newTerminal()
      const expected = totalsOf(await analyzeIn(whole, path))
      for (const share of [0.1, 0.5, 0.9]) {
        const one = newTerminal()
        await analyzeIn(one, write('small.jsonl', canonicalRecord({ id: 'first' })))
        const filled = await pagesOf(one)
        const limit = Math.round(filled + share * ((await pagesOf(whole)) - filled))
        const { code, err } = await fullAt(one, limit, path)
        expect([share, code]).toEqual([share, 2])
        expect(err).toContain('the disk is full')
        expect(await rowsOf(one, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
        expect(totalsOf(await analyzeIn(one, path))).toEqual(expected)
      }
    },
    longMs,
  )

  const pagesOf = async (store: FakeTerminal): Promise<number> =>
    Number((await rowsOf(store, 'PRAGMA page_count'))[0]?.['page_count'])

  /** Runs the command in a process whose SQLite takes no more pages than these. */
  async function fullAt({ env }: FakeTerminal, pages: number, path: string) {
    const script = `
      import { createRequire } from 'node:module'
      import { isMainThread } from 'node:worker_threads'
      const { prototype } = createRequire(${JSON.stringify(import.meta.url)})('better-sqlite3')
      const { exec } = prototype
      prototype.exec = function (sql) {
        const done = exec.call(this, sql)
        if (isMainThread && /journal_mode/.test(sql)) exec.call(this, 'PRAGMA max_page_count = ${pages}')
        return done
      }`
    const preload = join(terminal.folder, 'full.mjs')
    writeFileSync(preload, script)
    return await started(
      spawn(process.execPath, ['--import', preload, command, 'analyze', path], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    ).ended
  }
})

describe('two processes at once', () => {
  test(
    'that read the same file into one store count it once',
    async () => {
      const path = join(terminal.folder, 'chat.jsonl')
      writeBenchChat(path, 6e6)
      const expected = await analyzeIn(newTerminal(), path)
      const runs = await Promise.all(
        [1, 2, 3].map(() => startCommand(terminal, ['analyze', path, '--format', 'json']).ended),
      )
      for (const { code, out } of runs) {
        expect(code).toBe(0)
        expect(comparable(JSON.parse(out) as AnalyzeResult)).toEqual(comparable(expected))
      }
      expect(totalsOf(await analyzeIn(terminal))).toEqual(totalsOf(expected))
    },
    longMs,
  )

  test(
    'that read other files into one store count all of them',
    async () => {
      const paths = [2e6, 3e6, 4e6].map((bytes, index) => {
        const path = join(terminal.folder, `chat-${index}.jsonl`)
        writeBenchChat(path, bytes)
        return path
      })
      const alone = newTerminal()
      const each: AnalyzeResult[] = []
      for (const path of paths) each.push(await analyzeIn(alone, path))
      const whole = await analyzeIn(alone)
      const runs = await Promise.all(
        paths.map((path) => startCommand(terminal, ['analyze', path, '--format', 'json']).ended),
      )
      for (const [index, { code, out }] of runs.entries()) {
        expect(code).toBe(0)
        expect(totalsOf(JSON.parse(out) as AnalyzeResult)).toEqual(
          totalsOf(each[index] as AnalyzeResult),
        )
      }
      expect(totalsOf(await analyzeIn(terminal))).toEqual(totalsOf(whole))
    },
    longMs,
  )

  test(
    'one of which only reports does not disturb the other',
    async () => {
      const path = join(terminal.folder, 'chat.jsonl')
      writeBenchChat(path, 4e6)
      await analyzeIn(terminal, write('first.jsonl', canonicalRecord()))
      const [load, report] = await Promise.all([
        startCommand(terminal, ['ingest', path]).ended,
        startCommand(terminal, ['analyze', '--format', 'json']).ended,
      ])
      expect([load.code, report.code]).toEqual([0, 0])
    },
    longMs,
  )
})

describe('a wrong command line', () => {
  test.each([
    [['analyze', 'x.jsonl', '--fromat', 'json'], '--format'],
    [['anlyze', 'x.jsonl'], 'analyze'],
    [['analyze', 'LOG', '--by', 'modle'], 'did you mean "model"'],
    [['analyze', 'LOG', '--by', 'model,user,day'], 'one or two fields'],
    [['analyze', 'LOG', '--where', 'model'], 'FIELD=VALUE'],
    [['analyze', 'LOG', '--where', 'modle=x'], 'did you mean "model"'],
    [['analyze', 'LOG', '--since', 'tomorrow'], 'is no time'],
    [['analyze', 'LOG', '--tz', 'Mars/Olympus'], 'unknown time zone'],
    [['analyze', 'LOG', '--format', 'pdf'], 'Allowed choices'],
    [['analyze', 'LOG', '--top', '0'], 'whole number'],
    [['analyze', 'LOG', '--budget', 'much'], 'amount in dollars'],
    [['analyze', 'LOG', '--input-format', 'liteLLM'], 'known formats'],
    [['analyze', 'LOG', '--map', 'modell=x'], 'unknown field'],
    [['analyze', 'LOG', '--map', 'model'], 'FIELD=VALUE'],
    [['analyze', 'LOG', '--set', 'nothing=x'], 'unknown field'],
    [['analyze', 'LOG', '--map-file', 'none.yaml'], 'none.yaml'],
    [['analyze', 'LOG', '--at', 'noon'], 'is no time'],
    [['analyze', 'LOG', '--map', 'at=at', '--at-base', 'noon'], 'is no time'],
    [['analyze', 'LOG', '--content', 'some'], 'Allowed choices'],
    [['analyze', 'LOG', '--prices', 'none.yaml'], 'none.yaml'],
    [['analyze', 'LOG', '--prices-as-of', 'then'], 'is no date'],
    [['analyze', 'LOG', '--price-mode', 'free'], 'Allowed choices'],
    [['ingest'], 'missing required argument'],
    [['sql', 'select * from requets'], 'v_requests'],
    [['explain', 'nobody'], 'nobody'],
  ])('%j is refused with a hint', async (argv, words) => {
    const log = write('log.jsonl', canonicalRecord())
    await analyzeIn(terminal, log)
    const { code, out, err } = await runIn(
      terminal,
      ...argv.map((word) => (word === 'LOG' ? log : word)),
    )
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^error: /)
    expect(err).toContain(words)
    expect(err).not.toMatch(/^\s+at /m)
  })
})
