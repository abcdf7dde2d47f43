import { type Command, InvalidArgumentError } from 'commander'
import { portNumber } from './flag-values.ts'
import type { MockFlags } from './mock.ts'
import type { Terminal } from './terminal.ts'

type Exit = { code: number }

const examples = `
Examples:
  llmcost mock
  llmcost mock --port 0 --seed 7 --accuracy 64%
  llmcost mock --latency 400,1500 --tokens-per-second 60
  llmcost mock --error-rate 429=0.05,500=0.01 --rate-limit 60/min
  llmcost mock --echo logs.jsonl
  llmcost mock --config mock.yaml --verbose

One call can ask for more: the header x-mock-fault: cut-off makes it fail so; docs/mock.md lists all.`

/** `llmcost mock`: a mock upstream. */
export function addMock(program: Command, terminal: Terminal, exit: Exit): void {
  program
    .command('mock')
    .summary('answer as OpenAI and Anthropic do, without a key: for tests')
    .description(
      'Listens on this machine and answers like OpenAI (chat, responses, embeddings) and Anthropic (messages):\n' +
        'deterministic by seed, with latency, errors and broken streams on demand. It prints the base URLs to use.',
    )
    .option('--port <n>', 'where to listen; 0: a free port (default 4143)', portNumber)
    .option('--host <address>', 'the address to listen on (default 127.0.0.1)')
    .option('--seed <text>', 'equal seeds give equal answers (default 0)')
    .option('--accuracy <share>', 'share of answers that are right, 0.64 or 64% (default 1)', share)
    .option('--latency <p50,p95>', 'milliseconds to the first content, e.g. 400,1500', latency)
    .option('--tokens-per-second <n>', 'after the first content (default: at once)', positive)
    .option('--chunk-ms <n>', 'milliseconds between the chunks of a stream', positive)
    .option('--error-rate <list>', 'share of calls that fail, by how: 429=0.05,500=0.01', rates)
    .option('--rate-limit <n/unit>', 'answer 429 beyond so many calls: 60/min, 5/s', rateLimit)
    .option('--echo <file>', 'the right answers are those of this log, in any format that is read')
    .option('--config <file>', 'a YAML file of settings; flags go before it')
    .option('--no-wait', 'tell times in headers (x-mock-latency-ms) instead of waiting')
    .option('-v, --verbose', 'one line for each request on stderr')
    .addHelpText('after', examples)
    .action(async (flags: MockFlags) => {
      const { runMock } = await import('./mock.ts')
      exit.code = await runMock(flags, terminal)
    })
}

/** Of all calls: none and every one are shares too. */
function share(text: string): number {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim()) ?? []
  const value = Number(number) / (percent === '%' ? 100 : 1)
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('write it as 64% or 0.64')
  return value
}

function positive(text: string): number {
  const value = Number(text)
  if (!(Number.isFinite(value) && value > 0))
    throw new InvalidArgumentError('it must be a number above 0')
  return value
}

function latency(text: string): { p50Ms: number; p95Ms: number } {
  const [p50Ms = Number.NaN, p95Ms = p50Ms, ...more] = text.split(',').map(positive)
  if (more.length > 0) throw new InvalidArgumentError('write it as 400,1500')
  return { p50Ms, p95Ms }
}

function rates(text: string, previous: Record<string, number> | undefined): Record<string, number> {
  const pairs = text.split(',').map((pair) => {
    const [name = '', rate = ''] = pair.split('=')
    if (name.trim() === '' || rate.trim() === '')
      throw new InvalidArgumentError('write it as 429=0.05,500=0.01')
    return [name.trim(), share(rate.trim())] as const
  })
  return { ...previous, ...Object.fromEntries(pairs) }
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000 }

function rateLimit(text: string): { requests: number; windowMs: number } {
  const [, count, unit = ''] = /^(\d+)\/(s|min|h)$/.exec(text) ?? []
  const windowMs = unitMs[unit]
  if (windowMs === undefined || Number(count) < 1)
    throw new InvalidArgumentError('write it as 60/min, 5/s or 1000/h')
  return { requests: Number(count), windowMs }
}
