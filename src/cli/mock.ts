import { once } from 'node:events'
import { isObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { readYaml } from '../policy/read-yaml.ts'
import { type MockLogLine, type MockServer, startMockServer } from '../providers/mock-server.ts'
import { readMockSettings } from '../providers/mock-settings.ts'
import { safeText } from '../report/escape.ts'
import { plural } from '../report/numbers.ts'
import { interruptible } from './interrupt.ts'
import { readEchoBook } from './mock-echo.ts'
import { openRunPrices } from './price-book.ts'
import { readText } from './read-text.ts'
import { targetCosts } from './target-costs.ts'
import type { Terminal } from './terminal.ts'

export type MockFlags = {
  readonly port?: number
  readonly host?: string
  readonly seed?: string
  readonly accuracy?: number
  readonly latency?: { readonly p50Ms: number; readonly p95Ms: number }
  readonly tokensPerSecond?: number
  readonly errorRate?: Readonly<Record<string, number>>
  readonly rateLimit?: { readonly requests: number; readonly windowMs: number }
  readonly chunkMs?: number
  readonly echo?: string
  readonly config?: string
  /** False: --no-wait. */
  readonly wait?: boolean
  readonly verbose?: boolean
}

const defaultPort = 4143

/** `llmcost mock`: answers as OpenAI and Anthropic do, until Ctrl-C. */
export async function runMock(flags: MockFlags, terminal: Terminal): Promise<number> {
  const settings = readMockSettings(givenSettings(flags), flags.config ?? 'the flags')
  const prices = await openRunPrices({}, terminal)
  const echo =
    flags.echo === undefined ? undefined : await readEchoBook(flags.echo, terminal, prices)
  const costOf = targetCosts(prices.book)
  const server = await startMockServer({
    settings,
    host: flags.host ?? '127.0.0.1',
    port: flags.port ?? defaultPort,
    isWaiting: flags.wait ?? true,
    priceOf: (model, usage) => costOf(model, usage, Number.NaN),
    ...(echo !== undefined && { expectedOf: echo.expectedOf }),
    ...(flags.verbose === true && { onRequest: (line) => say(terminal, logLine(line)) }),
  })
  await interruptible(terminal, async (signal) => {
    terminal.stdout.write(`OPENAI_BASE_URL=${server.url}/v1\nANTHROPIC_BASE_URL=${server.url}\n`)
    if (echo !== undefined) say(terminal, `${plural(echo.size, 'logged answer')} to repeat`)
    say(terminal, `any key will do; what was asked: ${server.url}/mock/tally; Ctrl-C ends it`)
    if (!signal.aborted) await once(signal, 'abort')
  })
  await server.close()
  say(terminal, closingLine(server))
  return 0
}

const say = (terminal: Terminal, sentence: string): void => {
  terminal.stderr.write(`${sentence}\n`)
}

/** The file's settings under those of the flags. */
function givenSettings(flags: MockFlags): object {
  const { config, latency, tokensPerSecond } = flags
  const file = config === undefined ? {} : readYaml(readText(config, 'a file of settings'), config)
  if (!isObject(file ?? {}))
    throw new UserError(`${config} is no mapping of settings`, {
      hint: 'docs/mock.md has an example',
    })
  const base = (file ?? {}) as { readonly latency?: object; readonly faults?: object }
  const isTimed = latency !== undefined || tokensPerSecond !== undefined
  const given = {
    seed: flags.seed,
    accuracy: flags.accuracy,
    rateLimit: flags.rateLimit,
    chunkMs: flags.chunkMs,
    faults: flags.errorRate,
    latency: isTimed
      ? { ...base.latency, ...latency, ...(tokensPerSecond !== undefined && { tokensPerSecond }) }
      : undefined,
  }
  return {
    ...base,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  }
}

function logLine({ method, path, status, model, outcome, durationMs }: MockLogLine): string {
  const asked = model === null ? '' : ` ${safeText(model)}`
  const ended = outcome === null ? '' : ` ${outcome}`
  return `${method} ${safeText(path)} ${status}${asked}${ended} ${durationMs.toFixed(1)} ms`
}

function closingLine(server: MockServer): string {
  const { calls, byOutcome, disconnects } = server.tally()
  const whole = (byOutcome['answered'] ?? 0) + (byOutcome['slow'] ?? 0)
  const failed = calls - whole - disconnects
  return `${plural(calls, 'call')}: ${failed} failed, ${disconnects} left by the caller`
}
