import { UserError } from '../domain/user-error.ts'
import { policyChecklist } from '../policy/checklist.ts'
import { defaultPolicy } from '../policy/default-policy.ts'
import { describePolicy } from '../policy/describe-policy.ts'
import { ignoredLive } from '../policy/ignored-live.ts'
import type { LogFacts } from '../policy/log-facts.ts'
import { policyFingerprint } from '../policy/policy-fingerprint.ts'
import { layerPolicy } from '../policy/policy-flags.ts'
import type { PolicyProblem } from '../policy/problems.ts'
import type { PolicyWarning } from '../policy/warnings.ts'
import { writePolicy } from '../policy/write-policy.ts'
import { didYouMean } from '../prices/did-you-mean.ts'
import { type OverrideProblem, readOverrides } from '../prices/overrides.ts'
import type { OpenPriceBook } from '../prices/price-book.ts'
import { safeText } from '../report/escape.ts'
import { formatJson } from '../report/json.ts'
import { plural } from '../report/numbers.ts'
import { openRequestSource } from '../store/request-source.ts'
import { isoNow, nowMs } from './clock.ts'
import type { InputFlags, StoreFlags } from './common-options.ts'
import { withExistingStore } from './existing-store.ts'
import { policyFileNames, policyPath } from './find-policy.ts'
import { Narrator } from './narrator.ts'
import { type LoadedPolicy, loadPolicy, parsePolicyFile } from './policy-file.ts'
import { logFactsOf } from './policy-log.ts'
import { openRunPrices } from './price-book.ts'
import { printTable } from './print-table.ts'
import type { Terminal } from './terminal.ts'

export type PolicyCheckFlags = InputFlags & {
  readonly checklist?: boolean
  readonly format?: 'text' | 'json'
}

/** `llmcost policy check`: every problem of a policy file, or that there is none. */
export async function runPolicyCheck(
  file: string | undefined,
  flags: PolicyCheckFlags,
  terminal: Terminal,
): Promise<number> {
  const path = policyPath(file === undefined ? {} : { policy: file }, terminal)
  const { book } = await openRunPrices(flags, terminal, { withPolicy: false })
  if (flags.checklist === true) return await printChecklist(path, book, flags, terminal)
  if (path === null) throw noPolicyFile()
  if (flags.format === 'json') return printParsed(path, book, terminal)
  const loaded = loadPolicy(path, book)
  const live = ignoredLive(loaded.policy).map(inServe)
  printWarnings({ path, warnings: [...loaded.warnings, ...live] }, flags, terminal)
  const warnings = loaded.warnings.length + live.length
  const end = warnings === 0 ? 'no problems' : `no problems, ${plural(warnings, 'warning')}`
  terminal.stdout.write(`${safeText(path)}: ${end} (policy ${policyFingerprint(loaded.policy)})\n`)
  return 0
}

const noPolicyFile = (): UserError =>
  new UserError(`there is no ${policyFileNames[0]} here or in a folder above`, {
    hint: 'write one with `llmcost policy init logs.jsonl`, or name one',
  })

function printParsed(path: string, book: OpenPriceBook, terminal: Terminal): number {
  const parsed = parsePolicyFile(path, book)
  const problems =
    'problems' in parsed
      ? parsed.problems
      : readOverrides(parsed.policy.prices).problems.map(inPrices)
  const result = {
    kind: 'policy-check',
    version: 1,
    generatedAt: isoNow(terminal),
    path,
    fingerprint:
      'policy' in parsed && problems.length === 0 ? policyFingerprint(parsed.policy) : null,
    problems,
    warnings:
      'policy' in parsed ? [...parsed.warnings, ...ignoredLive(parsed.policy).map(inServe)] : [],
  }
  terminal.stdout.write(formatJson(result))
  return problems.length === 0 ? 0 : 2
}

/** Prices are read apart from the rest of the file, without its lines. */
const inPrices = ({ at, message, hint }: OverrideProblem): PolicyProblem => ({
  path: at,
  value: null,
  line: null,
  message,
  hint: hint ?? null,
})

const inServe = ({ path, message }: PolicyWarning): PolicyWarning => ({
  path,
  message: `${message} (in serve)`,
})

function printWarnings(
  { path, warnings }: Pick<LoadedPolicy, 'path' | 'warnings'>,
  flags: StoreFlags,
  terminal: Terminal,
): void {
  const narrator = new Narrator(terminal, flags)
  for (const warning of warnings)
    narrator.say(`warning: ${path}: ${warning.path} ${warning.message}`)
}

async function printChecklist(
  path: string | null,
  book: OpenPriceBook,
  flags: PolicyCheckFlags,
  terminal: Terminal,
): Promise<number> {
  const policy = path === null ? defaultPolicy : loadPolicy(path, book).policy
  const log = await storedFacts(flags, terminal, book)
  const pricesAgeDays = Math.floor((nowMs(terminal) - Date.parse(book.date)) / msPerDay)
  const checklist = policyChecklist({ policy, log: log.facts, pricesAgeDays })
  if (flags.format === 'json') {
    const head = { kind: 'policy-checklist', version: 1, generatedAt: isoNow(terminal), path }
    terminal.stdout.write(formatJson({ ...head, log: log.text, checklist }))
    return 0
  }
  const columns = [{ name: 'item' }, { name: 'answer' }, { name: 'because' }, { name: 'to do' }]
  terminal.stdout.write(`policy: ${safeText(path ?? 'the default, no file')}; log: ${log.text}\n\n`)
  const rows = checklist.map((each) => [each.item, each.answer, each.because, each.advice ?? ''])
  printTable(terminal, columns, rows)
  return 0
}

const msPerDay = 86_400_000

type Facts = { readonly facts: LogFacts | null; readonly text: string }

/** The log of the store; without a store, or with an empty one, its answers are unknown. */
async function storedFacts(
  flags: PolicyCheckFlags,
  terminal: Terminal,
  book: OpenPriceBook,
): Promise<Facts> {
  try {
    return await withExistingStore(flags, terminal, 'requests', 'read', ({ database }) => {
      const facts = logFactsOf(openRequestSource(database, everything), book)
      return { facts, text: plural(facts.requests, 'request') }
    })
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { facts: null, text: `none (${safeText(error.message)})` }
  }
}

const everything = { files: null, where: [] }

export type PolicyShowFlags = InputFlags & {
  readonly policy?: string
  readonly format?: 'text' | 'yaml' | 'json'
}

/** `llmcost policy show`: the policy in force, in sentences, as a file or as JSON. */
export async function runPolicyShow(flags: PolicyShowFlags, terminal: Terminal): Promise<number> {
  const path = policyPath(flags, terminal)
  const { book } = await openRunPrices(flags, terminal, { withPolicy: false })
  const loaded = path === null ? null : loadPolicy(path, book)
  if (loaded !== null) printWarnings(loaded, flags, terminal)
  const policy = layerPolicy({
    file: loaded?.policy ?? null,
    env: terminal.env,
    nearest: didYouMean,
  })
  const fingerprint = policyFingerprint(policy)
  const { stdout } = terminal
  switch (flags.format ?? 'text') {
    case 'yaml':
      stdout.write(writePolicy(policy))
      return 0
    case 'json': {
      const head = { kind: 'policy', version: 1, generatedAt: isoNow(terminal), path, fingerprint }
      stdout.write(formatJson({ ...head, sentences: describePolicy(policy), policy }))
      return 0
    }
    case 'text': {
      const head = `${path ?? 'no policy file: the default'} (policy ${fingerprint})`
      stdout.write(`${[head, '', ...describePolicy(policy)].map(safeText).join('\n')}\n`)
      return 0
    }
  }
}
