import { PassThrough } from 'node:stream'

/** Streams that pass for a terminal, with what was written and a way to wait for it. */
export type FakeTty = {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly written: () => string
  /** Resolves once something written since the last call matches. */
  readonly until: (expected: RegExp) => Promise<string>
  readonly resize: (columns: number, rows: number) => void
}

export function fakeTty(columns: number, rows: number): FakeTty {
  let written = ''
  let seen = 0
  const waiting = new Set<() => void>()
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => stdin,
    ref: () => stdin,
    unref: () => stdin,
  })
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns, rows })
  stdout.on('data', (chunk: Buffer) => {
    written += chunk.toString()
    for (const check of [...waiting]) check()
  })
  return {
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
    written: () => written,
    until: (expected) =>
      new Promise((resolve) => {
        const check = () => {
          const fresh = written.slice(seen)
          if (!expected.test(fresh)) return
          seen = written.length
          waiting.delete(check)
          resolve(fresh)
        }
        waiting.add(check)
        check()
      }),
    resize: (nextColumns, nextRows) => {
      Object.assign(stdout, { columns: nextColumns, rows: nextRows })
      stdout.emit('resize')
    },
  }
}
