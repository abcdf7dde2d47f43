import { parseArgs } from 'node:util'
import { setup as build } from '../support/build.ts'
import { type GatewayProgram, referenceProgram, serveProgram } from '../support/gateway-program.ts'
import { policyText } from './gateway/llmcost-subjects.ts'
import type { ResourceSample } from './soak/resource-samples.ts'
import { runSoak } from './soak/run-soak.ts'
import { soakText, soakVerdict } from './soak/soak-verdict.ts'
import { inBytes, inWhole } from './table.ts'

const usage = `npm run soak -- [--minutes N | --short] [--gateway serve|reference] [--clients N] [--seed TEXT] [--json]

Puts mixed traffic (JSON, streams, faults, callers who leave, malformed bodies) on a gateway before the mock, for 60
minutes or, --short, 45 seconds. Fails where memory grows, sockets or timers are left, or a request has not exactly one
receipt.
`

const programs: Readonly<Record<string, () => GatewayProgram>> = {
  serve: () => serveProgram((upstreamUrl) => policyText('soak.yaml', upstreamUrl)),
  reference: () => referenceProgram(),
}

const shortMs = 45_000
const defaultMinutes = 60

const settleMs = 30_000
const saidShare = 0.05

/** Says now and then how it goes. */
function openProgress(durationMs: number) {
  let saidMs = 0
  return ({ atMs, rssBytes, sockets }: ResourceSample, sent: number) => {
    if (atMs < saidMs) return
    saidMs = atMs + saidShare * durationMs
    const minutes = (atMs / 60_000).toFixed(1)
    process.stderr.write(
      `  ${minutes} min: ${inWhole(sent)} requests, ${inBytes(rssBytes)}, ${sockets} sockets\n`,
    )
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv.filter((word) => word !== '--'),
    options: {
      minutes: { type: 'string', default: String(defaultMinutes) },
      short: { type: 'boolean', default: false },
      gateway: { type: 'string', default: 'serve' },
      clients: { type: 'string', default: '24' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const program = programs[values.gateway]?.()
  const [minutes, clients] = [Number(values.minutes), Number(values.clients)]
  const isWrong = !(minutes > 0) || !(Number.isInteger(clients) && clients > 0)
  if (values.help || program === undefined || isWrong) {
    process.stdout.write(usage)
    return values.help ? 0 : 2
  }
  build()
  const durationMs = values.short ? shortMs : minutes * 60_000
  const found = await runSoak({
    program,
    durationMs,
    clients,
    seed: values.seed,
    settleMs,
    onSample: openProgress(durationMs),
  })
  const verdict = soakVerdict(found)
  const ends = Object.fromEntries(
    [...found.ends].map(([kind, byEnd]) => [kind, Object.fromEntries(byEnd)]),
  )
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ ...found, ends, verdict }, null, 2)}\n`
      : soakText(found, verdict),
  )
  return verdict.breaches.length === 0 ? 0 : 1
}

process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(130))
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
