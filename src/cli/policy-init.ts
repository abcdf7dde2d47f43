import { existsSync, writeFileSync } from 'node:fs'
import { UserError } from '../domain/user-error.ts'
import type { Namespace } from '../policy/caching.ts'
import { defaultPolicy } from '../policy/default-policy.ts'
import type { LogFacts } from '../policy/log-facts.ts'
import { mergePolicy } from '../policy/merge-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { type ChosenTiers, chooseTiers, defaultTiersAsOf } from '../policy/tiers.ts'
import { type PolicyNotes, writePolicy } from '../policy/write-policy.ts'
import { plural } from '../report/numbers.ts'
import { openRequestSource } from '../store/request-source.ts'
import type { InputFlags } from './common-options.ts'
import { policyFileNames } from './find-policy.ts'
import { interruptedCode, rejectedCode } from './load-codes.ts'
import { openLogs, storePath } from './logs.ts'
import { Narrator } from './narrator.ts'
import { logFactsOf } from './policy-log.ts'
import { openRunPrices } from './price-book.ts'
import type { Terminal } from './terminal.ts'

export type PolicyInitFlags = InputFlags & { readonly out?: string; readonly force?: boolean }

/** `llmcost policy init`: a policy file that fits the logs, for people to edit. */
export async function runPolicyInit(
  files: readonly string[],
  flags: PolicyInitFlags,
  terminal: Terminal,
): Promise<number> {
  const out = flags.out ?? policyFileNames[0]
  if (out !== '-' && existsSync(out) && flags.force !== true) {
    throw new UserError(`${out} is there already`, {
      hint: 'write another with --out FILE, print it with --out -, or replace it with --force',
    })
  }
  const prices = await openRunPrices(flags, terminal)
  if (files.length === 0 && !existsSync(storePath(flags, terminal))) {
    put(fittedFile(null), out, flags, terminal)
    return 0
  }
  const logs = await openLogs(files, flags, terminal, prices)
  try {
    if (logs.interrupted) return interruptedCode(terminal)
    const selection = { files: logs.files, where: [] }
    const source = openRequestSource(logs.store.database, selection)
    put(fittedFile(logFactsOf(source, prices.book)), out, flags, terminal)
    return rejectedCode(logs, flags, terminal)
  } finally {
    logs.store.close()
  }
}

function put(text: string, out: string, flags: PolicyInitFlags, terminal: Terminal): void {
  if (out === '-') {
    terminal.stdout.write(text)
    return
  }
  writeFileSync(out, text)
  new Narrator(terminal, flags).say(`wrote ${out}; llmcost policy show says what it does`)
}

/** The default policy with the tiers and the namespace of a log, and what else one may want as comments. */
function fittedFile(log: LogFacts | null): string {
  const chosen = chooseTiers(defaultPolicy.tiers, log)
  const namespace = namespaceOf(log)
  const policy: Policy = mergePolicy(defaultPolicy, {
    tiers: chosen.tiers,
    cache: { namespace },
  })
  const notes: PolicyNotes = {
    head: [
      headLine(log),
      'Only what differs from the defaults is written; docs/policy.md has every key.',
    ],
    notes: [
      { path: ['cache'], text: cacheNote },
      { path: ['tiers'], text: tiersNote(chosen) },
    ],
    offered,
  }
  return writePolicy(policy, notes)
}

function headLine(log: LogFacts | null): string {
  if (log === null) return 'The default policy: there was no log to fit it to.'
  const { requests, carrying } = log
  const of = (['tenant', 'user', 'feature'] as const)
    .map((field) => `${carrying[field]} with a ${field}`)
    .join(', ')
  return `Fitted to ${plural(requests, 'request')}: ${of}.`
}

/** The narrowest field that keeps customers apart and that the log has; without one nobody has decided. */
function namespaceOf(log: LogFacts | null): Namespace {
  if (log === null) return { kind: 'log' }
  if (log.carrying.tenant > 0) return { kind: 'fields', fields: ['tenant'] }
  if (log.carrying.user > 0) return { kind: 'fields', fields: ['user'] }
  return { kind: 'log' }
}

const cacheNote =
  'Equal requests share an answer for a day. Similar ones would with `semantic: { threshold: 0.92 }`\n' +
  'here: first see what that does to your traffic, with `llmcost simulate --threshold 0.92`.'

function tiersNote({ source, tiers }: ChosenTiers): string {
  const provider = tiers.small.split(':')[0]
  return source === 'log'
    ? `The cheapest, the median and the dearest chat model of ${provider} in the log.`
    : `A set of ${defaultTiersAsOf}: the log has fewer than three priced chat models of one provider.`
}

/** What teams set first, as YAML. */
const offered = `# To switch a part on, remove the "# " before its lines.

# Limits of spend. Requests that name no user share one account:
budgets:
  - { scope: user, window: day, limit: $5, action: block }
  - { scope: user, window: month, limit: $100, action: block }
  - { scope: trace, window: lifetime, limit: $1, action: block }

# Agents that call without end:
loopGuard: { maxCalls: 40, maxSimilarInRow: 5, action: block }

# Alerts, posted besides the log:
alerts: { webhook: 'https://alerts.example.com/llmcost' }

# Easy questions to the small model, hard ones to the large (llmcost simulate compares presets):
routes:
  - preset: signals
sticky: session

# Longest answers:
outputCap:
  - { maxTokens: 4096 }
`
