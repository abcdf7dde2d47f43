import { parseArgs } from 'node:util'
import type { BenchOptions } from './outcome.ts'

export type BenchCommand = {
  readonly names: readonly string[]
  readonly options: BenchOptions
  readonly json: boolean
  readonly help: boolean
}

/** Reads `NAME … --size BYTES --runs N --json --quick --packed`. Throws on what it does not know. */
export function parseCommandLine(argv: readonly string[]): BenchCommand {
  const { values, positionals } = parseArgs({
    // `npm run bench -- NAME -- --size 1e9` is as good as without the second `--`.
    args: argv.filter((word) => word !== '--'),
    allowPositionals: true,
    options: {
      size: { type: 'string' },
      runs: { type: 'string' },
      quick: { type: 'boolean' },
      packed: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  return {
    names: positionals,
    options: {
      sizeBytes: wholeNumber('--size', values.size),
      runs: wholeNumber('--runs', values.runs),
      quick: values.quick ?? false,
      packed: values.packed ?? false,
    },
    json: values.json ?? false,
    help: values.help ?? false,
  }
}

function wholeNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${flag} must be a whole number from 1 on, like 200e6`)
  return value
}
