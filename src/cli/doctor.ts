import { readers } from '../ingest/readers.ts'
import { safeText } from '../report/escape.ts'
import { formatJson } from '../report/json.ts'
import { colorPaint, plainPaint } from '../report/paint.ts'
import { isoNow } from './clock.ts'
import type { StoreFlags } from './common-options.ts'
import { type Check, ok } from './doctor-check.ts'
import { environmentChecks, terminalCheck, versionChecks } from './doctor-environment.ts'
import { priceChecks } from './doctor-prices.ts'
import { storeChecks } from './doctor-store.ts'
import { type Terminal, viewOf } from './terminal.ts'

export type DoctorFlags = StoreFlags & { readonly format?: 'text' | 'json' }

/** `llmcost doctor`: what this installation is made of, and what is wrong with it. Changes nothing. */
export async function runDoctor(flags: DoctorFlags, terminal: Terminal): Promise<number> {
  const checks = [
    ...(await versionChecks(terminal)),
    ...(await storeChecks(flags, terminal)),
    ...(await priceChecks(terminal)),
    ...environmentChecks(terminal),
    ok('formats', readers.map(({ name }) => name).join(', ')),
    terminalCheck(terminal),
  ]
  const text = flags.format === 'json' ? jsonText(checks, terminal) : plainText(checks, terminal)
  terminal.stdout.write(text)
  return 0
}

const jsonText = (checks: readonly Check[], terminal: Terminal): string =>
  formatJson({
    kind: 'doctor',
    version: 1,
    generatedAt: isoNow(terminal),
    warnings: checks.filter(({ status }) => status === 'warn').length,
    checks,
    formats: readers.map(({ name, title }) => ({ name, title })),
  })

function plainText(checks: readonly Check[], { stdout, env }: Terminal): string {
  const paint = viewOf(stdout, env).color ? colorPaint : plainPaint
  const width = Math.max(...checks.map(({ name }) => name.length))
  const indent = ' '.repeat(width + 8)
  const lines = checks.flatMap(({ name, status, value, advice }) => [
    `${paint(status === 'ok' ? 'green' : 'yellow', status.padEnd(4))}  ${name.padEnd(width)}  ${safeText(value)}`,
    ...(advice === null ? [] : [`${indent}${safeText(advice)}`]),
  ])
  const warnings = checks.filter(({ status }) => status === 'warn').length
  const end =
    warnings === 0 ? 'nothing to mend' : `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`
  return `${[...lines, '', end].join('\n')}\n`
}
