import { setup as build } from '../support/build.ts'
import { benchCheck } from './benches/check.ts'
import { benchClaude } from './benches/claude.ts'
import { benchDecide } from './benches/decide.ts'
import { benchEmbed } from './benches/embed.ts'
import { benchFirstAnalyze } from './benches/first-analyze.ts'
import { benchGateway } from './benches/gateway.ts'
import { benchGatewayRestart } from './benches/gateway-restart.ts'
import { benchIngest } from './benches/ingest.ts'
import { benchManyUsers } from './benches/many-users.ts'
import { benchReplay } from './benches/replay.ts'
import { benchSecondAnalyze } from './benches/second-analyze.ts'
import { benchSimulate } from './benches/simulate.ts'
import { benchStartup } from './benches/startup.ts'
import { benchSweep } from './benches/sweep.ts'
import { benchCertifier } from './certifier.ts'
import { parseCommandLine } from './command-line.ts'
import { readMachine } from './machine.ts'
import { endRunning } from './measure.ts'
import type { BenchOptions, Outcome } from './outcome.ts'
import { machineText, outcomeText } from './table.ts'
import { benchVectors } from './vectors.ts'
import { cacheFolder } from './work-folder.ts'

type Bench = {
  readonly about: string
  readonly run: (options: BenchOptions) => Promise<Outcome>
  /** Only when it is named. */
  readonly optional?: true
}

const benches: Readonly<Record<string, Bench>> = {
  startup: { about: '--help, and a small file, against starting Node', run: benchStartup },
  ingest: { about: 'rows per second into a new store, against two floors', run: benchIngest },
  'first-analyze': { about: 'the first report on a file', run: benchFirstAnalyze },
  'second-analyze': { about: 'further reports on the same file', run: benchSecondAnalyze },
  simulate: { about: 'further simulations of the same log', run: benchSimulate },
  decide: { about: 'decisions over a history, with receipts and compiled', run: benchDecide },
  vectors: { about: 'cosine neighbours of 10,000 to 100,000 vectors', run: benchVectors },
  sweep: { about: 'cache simulations at every threshold, and over a grid', run: benchSweep },
  replay: { about: 'a replay under the mock: its time and its memory', run: benchReplay },
  check: { about: 'what a check finds in noisy runs, and its time on a store', run: benchCheck },
  claude: { about: 'a Claude Code history, against ccusage', run: benchClaude },
  certifier: {
    about: 'how often a certified threshold breaks its promise (only when named)',
    run: benchCertifier,
    optional: true,
  },
  gateway: {
    about: 'gateways side by side, ours among them (only when named)',
    run: benchGateway,
    optional: true,
  },
  'gateway-restart': {
    about: 'starts on a ledger of a million receipts (only when named)',
    run: benchGatewayRestart,
    optional: true,
  },
  embed: { about: 'texts per second of the built-in embedders', run: benchEmbed },
  'by-million-users': {
    about: 'memory with 200,000 distinct users (only when named)',
    run: benchManyUsers,
    optional: true,
  },
}

const usage = `npm run bench -- [NAME …] [--size BYTES] [--runs N] [--json] [--quick] [--packed]

${Object.entries(benches)
  .map(([name, { about }]) => `  ${name.padEnd(18)}${about}`)
  .join('\n')}

--quick and --packed are for gateway: a smoke test of seconds; the package, packed and installed, too
--size takes 200e6, 1e9, 5e9 …; inputs and the peer are kept in ${cacheFolder}
`

/** Measures whole processes of the built command, and what they can be compared with, in the same run. */
async function main(argv: readonly string[]): Promise<number> {
  const { names, options, json, help } = parseCommandLine(argv)
  const unknown = names.filter((name) => !Object.hasOwn(benches, name))
  if (unknown.length > 0) process.stderr.write(`error: no bench named ${unknown.join(', ')}\n`)
  if (help || unknown.length > 0) {
    process.stdout.write(usage)
    return unknown.length > 0 ? 2 : 0
  }
  const machine = readMachine()
  build()
  if (!json) process.stdout.write(machineText(machine))
  const outcomes: Outcome[] = []
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length === 0 ? bench.optional : !names.includes(name)) continue
    process.stderr.write(`${name}\n`)
    const outcome = await bench.run(options)
    outcomes.push(outcome)
    if (!json) process.stdout.write(outcomeText(outcome))
  }
  if (json) process.stdout.write(`${JSON.stringify({ machine, outcomes }, null, 2)}\n`)
  return 0
}

function leave(): void {
  endRunning()
  process.exit(130)
}

process.once('SIGINT', leave)
process.once('SIGTERM', leave)
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
