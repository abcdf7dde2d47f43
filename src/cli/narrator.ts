import type { FileReport } from '../ingest/known-file.ts'
import type { Progress } from '../ingest/session.ts'
import { safeText } from '../report/escape.ts'
import type { StoreFlags } from './common-options.ts'
import { type Terminal, viewOf } from './terminal.ts'

/** Says on stderr what is being done: verdicts, notices, and progress on work over a second. */
export class Narrator {
  readonly #terminal: Terminal
  readonly #quiet: boolean
  readonly #verbose: boolean
  readonly #startedAt = performance.now()
  #shownAt = 0
  #line = ''

  constructor(terminal: Terminal, flags: StoreFlags) {
    this.#terminal = terminal
    this.#quiet = flags.quiet === true
    this.#verbose = flags.verbose === true
  }

  say(sentence: string): void {
    if (this.#quiet) return
    this.clear()
    this.#terminal.stderr.write(`${safeText(sentence)}\n`)
  }

  /** For --verbose only. */
  detail(sentence: string): void {
    if (this.#verbose) this.say(sentence)
  }

  waiting(): void {
    this.say('another llmcost is reading logs into this store: waiting for it')
  }

  verdict(file: FileReport, note: string): void {
    if (file.state === 'new' || file.state === 'copy') this.say(`${file.path}: ${note}`)
    else this.detail(`${file.path}: ${note} (${file.state})`)
  }

  firstRun(path: string, bytes: number): void {
    this.say(
      `store: ${path} (${megabytes(bytes)} MB, with the text of prompts and answers, readable by you only;` +
        ' --content hash or none keeps no text, llmcost purge removes it)',
    )
  }

  progress({ path, bytes, totalBytes, requests }: Progress): void {
    const now = performance.now()
    if (this.#quiet || now - this.#startedAt < 1000 || now - this.#shownAt < 200) return
    this.#shownAt = now
    if (this.#terminal.stderr.isTTY !== true) return
    const share = totalBytes > 0 ? `${Math.floor((bytes / totalBytes) * 100)}%` : ''
    const seconds = (now - this.#startedAt) / 1000
    const left =
      bytes > 0 && totalBytes > 0 ? Math.ceil((seconds / bytes) * (totalBytes - bytes)) : null
    const rest = left === null ? '' : `, ${left} s left`
    this.#show(
      `reading ${path}: ${share} ${megabytes(bytes)} MB, ${requests.toLocaleString('en')} requests${rest}`,
    )
  }

  #show(line: string): void {
    this.#line = line
    const { width } = viewOf(this.#terminal.stderr, this.#terminal.env)
    this.#terminal.stderr.write(`\r\x1b[2K${safeText(line).slice(0, width - 1)}`)
  }

  /** Long work of which a part is done. */
  working(what: string, done: number, total: number): void {
    const now = performance.now()
    if (this.#quiet || now - this.#startedAt < 1000 || now - this.#shownAt < 200) return
    this.#shownAt = now
    if (this.#terminal.stderr.isTTY !== true) return
    const share = total > 0 ? ` ${Math.floor((done / total) * 100)}%` : ''
    this.#show(`${what}:${share}`)
  }

  clear(): void {
    if (this.#line === '') return
    this.#line = ''
    this.#terminal.stderr.write('\r\x1b[2K')
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)
