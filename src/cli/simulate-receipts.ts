import { closeSync, openSync, writeSync } from 'node:fs'
import type { Receipt } from '../domain/receipt.ts'
import { UserError } from '../domain/user-error.ts'
import { compilePolicy } from '../engine/compile-policy.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import type { Policy } from '../policy/policy.ts'
import { receiptJson, receiptText } from '../report/receipt.ts'
import { hasLimits, LimitCollector, type LimitWords } from '../simulate/limits.ts'
import { hasPromptCaches } from '../simulate/prompt-caches.ts'
import { type DecideHistoryOptions, decideHistory } from '../worlds/decide-history.ts'
import type { History } from '../worlds/history.ts'
import { HistoryCache, type SemanticInputs } from '../worlds/history-cache.ts'
import { openHistoryPrefix } from '../worlds/history-prefix.ts'
import { openHistoryWorld } from '../worlds/history-world.ts'
import type { CostOf } from '../worlds/model-costs.ts'
import type { TrainedClassifiers } from './train-classifiers.ts'

export type ReceiptJob = {
  readonly history: History
  /** With models in the place of tiers. */
  readonly policy: Policy
  readonly semantic: SemanticInputs
  readonly costOf: CostOf
  readonly evidence: Evidence | null
  /** The policy's classifiers by neighbours. */
  readonly trained: TrainedClassifiers
  readonly signal: AbortSignal
}

/** What budgets and the loop guard say to each request; null where the policy has none. */
export async function limitWordsOf(job: ReceiptJob): Promise<LimitWords | null> {
  if (!hasLimits(job.policy)) return null
  const collector = new LimitCollector(job.history.count)
  await decideEach(job, (receipt, place) => collector.note(receipt, place))
  return collector.words()
}

/** Decides every request and hands on what was decided, requests named by their numbers in the store. */
async function decideAll(
  job: ReceiptJob,
  onReceipt: (receipt: Receipt) => void | Promise<void>,
): Promise<void> {
  const named = storeNames(job.history)
  await decideEach(job, (receipt) => onReceipt(named(receipt)))
}

async function decideEach(
  { history, policy, semantic, costOf, evidence, trained, signal }: ReceiptJob,
  onReceipt: DecideHistoryOptions['onReceipt'],
): Promise<void> {
  const cache = new HistoryCache(history, semantic, policy.cache)
  const prefix = hasPromptCaches(history, policy) ? openHistoryPrefix(history, policy) : null
  const neighbours = trained.classifiers
  const seen = { history, policy, costOf, evidence, neighbours, prefix }
  const world = openHistoryWorld({ ...seen, cache })
  await decideHistory(history, compilePolicy(policy), world, { onReceipt, signal })
}

/** Places of the history as numbers of the store: what `llmcost explain` takes. */
function storeNames({ seq }: History): (receipt: Receipt) => Receipt {
  const nameOf = (place: Receipt['id']) => seq[place as number] as number
  return (receipt) => ({
    ...receipt,
    id: nameOf(receipt.id),
    servedBy: receipt.servedBy === null ? null : nameOf(receipt.servedBy),
    steps: receipt.steps.map((step) => {
      if (step.kind === 'hit') return { ...step, entry: nameOf(step.entry) }
      return step.kind === 'coalesced' ? { ...step, with: nameOf(step.with) } : step
    }),
  })
}

/** Writes a receipt a line, a block of lines at a time, and returns how many; prompts and answers are not in them. */
export async function writeReceipts(
  job: ReceiptJob,
  write: (block: string) => void | Promise<void>,
): Promise<number> {
  let count = 0
  let lines: string[] = []
  const flush = () => {
    const block = `${lines.join('\n')}\n`
    lines = []
    return write(block)
  }
  await decideAll(job, (receipt) => {
    count += 1
    lines.push(receiptJson(receipt))
    return lines.length < linesAtOnce ? undefined : flush()
  })
  if (lines.length > 0) await flush()
  return count
}

export async function writeReceiptFile(path: string, job: ReceiptJob): Promise<void> {
  const file = openToWrite(path)
  try {
    await writeReceipts(job, (block) => void writeSync(file, block))
  } finally {
    closeSync(file)
  }
}

function openToWrite(path: string): number {
  try {
    return openSync(path, 'w', 0o600)
  } catch (error) {
    throw new UserError(`${path} cannot be written (${(error as NodeJS.ErrnoException).code})`, {
      hint: 'name another file for --receipts',
    })
  }
}

const linesAtOnce = 1000

/** What was decided for one request, by its number in the store. */
export async function explainDecision(name: string, job: ReceiptJob): Promise<string> {
  const seq = Number(/^(?:#|seq:)?(\d{1,15})$/.exec(name.trim())?.[1] ?? Number.NaN)
  const found: Receipt[] = []
  if (job.history.seq.includes(seq)) {
    await decideAll(job, (receipt) => {
      if (receipt.id === seq) found.push(receipt)
    })
  }
  const [receipt] = found
  if (receipt !== undefined) return receiptText(receipt)
  throw new UserError(`no request #${name} is among those simulated`, {
    hint: 'requests are named by their number in the store, as pairs and receipts print it',
  })
}
