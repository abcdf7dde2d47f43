import { isObject, type Json, type JsonObject, listOf, objectOf } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { safeText } from '../report/escape.ts'
import { formatJson } from '../report/json.ts'
import { formatUsd, plural, unknownMark } from '../report/numbers.ts'
import type { TableColumn, TableValue } from '../report/table.ts'
import { type AdminFlags, adminOf } from './ask-admin.ts'
import { isoNow } from './clock.ts'
import { printTable } from './print-table.ts'
import type { Terminal } from './terminal.ts'

export type CacheListFlags = AdminFlags & { readonly namespace?: string; readonly limit?: number }

export type CacheInvalidateFlags = AdminFlags & {
  readonly request?: string
  readonly namespace?: string
  readonly tag?: { readonly name: string; readonly value: string }
  readonly documentVersion?: string
  readonly prefix?: string
  readonly feature?: string
  readonly all?: boolean
  readonly dryRun?: boolean
}

export type ReconcileFlags = AdminFlags & { readonly cost?: number }

/** `llmcost serve cache list`. */
export async function runCacheList(flags: CacheListFlags, terminal: Terminal): Promise<number> {
  const { namespace, limit } = flags
  const query = new URLSearchParams({
    ...(namespace !== undefined && { namespace }),
    ...(limit !== undefined && { limit: String(limit) }),
  })
  const page = await adminOf(flags, terminal).get(`/cache?${query}`)
  if (flags.format === 'json') return printJson('serve-cache', page, terminal)
  const columns = ['id', 'layer', 'namespace', 'bornAt', 'expiresAt', 'hits', 'bytes']
  printRows(terminal, rowsIn(page, 'entries'), columns, 'no cached answers')
  return 0
}

/** `llmcost serve cache show ID`: all that is told of its entries. */
export async function runCacheShow(
  id: string,
  flags: AdminFlags,
  terminal: Terminal,
): Promise<number> {
  const found = await adminOf(flags, terminal).get(`/cache/${encodeURIComponent(id)}`)
  if (flags.format === 'json') return printJson('serve-cache', found, terminal)
  for (const { facts, ...entry } of rowsIn(found, 'entries')) {
    const told = Object.entries({ ...entry, ...objectOf(facts) })
    const width = Math.max(...told.map(([name]) => name.length))
    for (const [name, value] of told) say(terminal, `${name.padEnd(width)}  ${wordsOf(value)}`)
  }
  return 0
}

/** `llmcost serve cache invalidate`: removes cached answers. */
export async function runCacheInvalidate(
  flags: CacheInvalidateFlags,
  terminal: Terminal,
): Promise<number> {
  const { request, namespace, tag, documentVersion, prefix, feature, all, dryRun } = flags
  const scope = { request, namespace, tag, documentVersion, prefix, feature, all }
  if (Object.values(scope).filter((each) => each !== undefined).length !== 1) {
    throw new UserError('say what to invalidate', {
      hint: 'one of --request, --namespace, --tag NAME=VALUE, --document-version, --prefix, --feature and --all',
    })
  }
  const answer = await adminOf(flags, terminal).post('/cache/invalidate', { ...scope, dryRun })
  if (flags.format === 'json') return printJson('serve-cache-invalidated', answer, terminal)
  const { exact, semantic } = objectOf(answer['removed'])
  const counts = [
    plural(Number(exact), 'exact entry', 'exact entries'),
    plural(Number(semantic), 'semantic entry', 'semantic entries'),
  ]
  say(terminal, `${counts.join(' and ')} ${dryRun === true ? 'would be removed' : 'removed'}`)
  return 0
}

/** `llmcost serve budgets`: what is spent of them, and what may have been billed before a crash. */
export async function runBudgets(flags: AdminFlags, terminal: Terminal): Promise<number> {
  const admin = adminOf(flags, terminal)
  const { budgets } = await admin.get('/budgets')
  const { intents } = await admin.get('/intents')
  if (flags.format === 'json') return printJson('serve-budgets', { budgets, intents }, terminal)
  const dollars = ['spentUsd', 'reservedUsd', 'limitUsd']
  const columns = ['budget', 'member', 'window', ...dollars, 'action', 'resetsAt']
  printRows(terminal, rowsOf(budgets), columns, 'the policy has no budgets')
  const open = rowsOf(intents)
  if (open.length === 0) return 0
  say(terminal, '')
  say(
    terminal,
    `${plural(open.length, 'call')} may have been billed and count as spent until reconciled:`,
  )
  printRows(terminal, open, ['id', 'at', 'target', 'reservedUsd'], '')
  return 0
}

/** `llmcost serve budgets reconcile ID`: says what such a call came to. */
export async function runReconcile(
  id: string,
  { cost, ...flags }: ReconcileFlags,
  terminal: Terminal,
): Promise<number> {
  if (cost === undefined)
    throw new UserError('say what the call cost', {
      hint: 'e.g. --cost 0.01, or --cost 0 where the provider did not bill it',
    })
  return await done(flags, terminal, {
    path: '/budgets/reconcile',
    body: { id, costUsd: cost },
    kind: 'serve-reconciled',
    sentence: `${id} counts ${formatUsd(cost)} from now on`,
  })
}

/** `llmcost serve breakers`. */
export async function runBreakers(flags: AdminFlags, terminal: Terminal): Promise<number> {
  const answer = await adminOf(flags, terminal).get('/breakers')
  if (flags.format === 'json') return printJson('serve-breakers', answer, terminal)
  const columns = ['target', 'state', 'failures', 'nextTryAt']
  printRows(terminal, rowsIn(answer, 'breakers'), columns, 'no target has been asked yet')
  return 0
}

/** `llmcost serve breakers reset TARGET`: it is asked again at once. */
export const runBreakerReset = (
  target: string,
  flags: AdminFlags,
  terminal: Terminal,
): Promise<number> =>
  done(flags, terminal, {
    path: '/breakers/reset',
    body: { target },
    kind: 'serve-breaker-reset',
    sentence: `${target} is asked again`,
  })

type Deed = {
  readonly path: string
  readonly body: JsonObject
  readonly kind: string
  readonly sentence: string
}

/** Has the gateway do something, and says that it is done. */
async function done(
  flags: AdminFlags,
  terminal: Terminal,
  { path, body, kind, sentence }: Deed,
): Promise<number> {
  const answer = await adminOf(flags, terminal).post(path, body)
  if (flags.format === 'json') return printJson(kind, answer, terminal)
  say(terminal, sentence)
  return 0
}

/** `llmcost serve trials`: what shadow, canary and audits have found out. */
export async function runTrials(flags: AdminFlags, terminal: Terminal): Promise<number> {
  const answer = await adminOf(flags, terminal).get('/trials')
  if (flags.format === 'json') return printJson('serve-trials', answer, terminal)
  const found = ['compared', 'wrong', 'unsettled', 'rate', 'limit', 'evidence']
  const columns = ['layer', 'group', 'purpose', 'mode', 'threshold', ...found]
  printRows(terminal, rowsIn(answer, 'trials'), columns, 'nothing has been compared yet')
  return 0
}

/** `llmcost serve trials reset LAYER`: it serves as the policy has it. */
export const runTrialReset = (
  layer: string,
  flags: AdminFlags,
  terminal: Terminal,
): Promise<number> =>
  done(flags, terminal, {
    path: '/trials/reset',
    body: { layer },
    kind: 'serve-trials-reset',
    sentence: `${layer}: as the policy has it, and counted anew`,
  })

/** `llmcost serve reload`: the policy file is read again. */
export async function runReload(flags: AdminFlags, terminal: Terminal): Promise<number> {
  const answer = await adminOf(flags, terminal).post('/reload', {})
  const { kind: outcome, ...rest } = answer
  if (flags.format === 'json') return printJson('serve-reload', { outcome, ...rest }, terminal)
  const { fingerprint, previous } = rest
  say(
    terminal,
    outcome === 'replaced'
      ? `policy ${fingerprint} is in force, in place of ${previous}`
      : `policy ${fingerprint} is in force; the file says nothing else`,
  )
  return 0
}

function printJson(kind: string, value: JsonObject, terminal: Terminal): number {
  const head = { kind, version: 1, generatedAt: isoNow(terminal) }
  terminal.stdout.write(formatJson({ ...head, ...value }))
  return 0
}

/** What is said may come from requests. */
const say = ({ stdout }: Terminal, line: string): void => {
  stdout.write(`${safeText(line)}\n`)
}

const rowsOf = (value: Json | undefined): readonly JsonObject[] => listOf(value).filter(isObject)
const rowsIn = (answer: JsonObject, name: string): readonly JsonObject[] => rowsOf(answer[name])

function printRows(
  terminal: Terminal,
  rows: readonly JsonObject[],
  names: readonly string[],
  none: string,
): void {
  if (rows.length === 0) {
    say(terminal, none)
    return
  }
  const columns: readonly TableColumn[] = names.map((name) => ({ name }))
  printTable(
    terminal,
    columns,
    rows.map((row) => names.map((name) => cellOf(row[name]))),
  )
}

const wordsOf = (value: Json | undefined): string => String(cellOf(value) ?? unknownMark)

const cellOf = (value: Json | undefined): TableValue => {
  if (value === undefined || value === null) return null
  return typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value)
}
