import type { Call } from '../domain/call.ts'
import type { ReplyKey, ReplyOrigin, ReplyStore } from '../domain/kept-reply.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import type { Usage } from '../domain/usage.ts'
import { atListPrice, withOutputCap } from '../engine/upper-bound.ts'
import type { ProviderSettings } from '../policy/serving.ts'
import { batchIdOf, writeBatchFiles } from '../providers/batch-files.ts'
import { type BatchAnswer, readBatchResults } from '../providers/batch-results.ts'
import { resolveTarget } from '../providers/resolve-target.ts'
import type { Asker } from '../replay/asker.ts'
import type { Planned } from '../replay/plan.ts'
import type { ArmSource } from '../replay/replay.ts'
import { plural } from '../report/numbers.ts'
import type { Narrator } from './narrator.ts'
import { readText } from './read-text.ts'
import type { Terminal } from './terminal.ts'

/** A call that a sample needs and nobody has made yet. */
export type MissingCall = {
  readonly key: ReplyKey
  readonly origin: ReplyOrigin
  readonly call: Call
}

/** An asker that asks nobody: it notes what it would have asked. */
export function openCollector(
  replies: ReplyStore,
  run: string,
  keyOf: (call: Call) => string,
): { readonly asker: Asker; readonly missing: ReadonlyMap<string, MissingCall> } {
  const missing = new Map<string, MissingCall>()
  const asker: Asker = {
    wait: async () => {},
    async ask({ target, call, turn, seq }) {
      const key = { callKey: keyOf(call), target, turn }
      const known = replies.find(key)
      if (known !== null) return { kind: 'answered', reply: known, isNew: false }
      missing.set(batchIdOf(nameOf(key)), { key, origin: { run, seq }, call })
      return { kind: 'not-asked', why: 'stopped' }
    },
  }
  return { asker, missing }
}

const nameOf = ({ callKey, target, turn }: ReplyKey): string => `${callKey} ${target} ${turn}`

/** Goes through a sample as far as the answers reach that are there; the collector notes the rest. */
export async function collectCalls(
  { sample, caseOf }: Pick<Planned, 'sample' | 'caseOf'>,
  { candidate, baseline, again }: ArmSource,
): Promise<void> {
  for (const sampled of sample) {
    const each = await caseOf(sampled)
    await candidate(each)
    await baseline(each)
    await again?.(each)
  }
}

export type WriteBatchJob = {
  readonly folder: string
  readonly missing: ReadonlyMap<string, MissingCall>
  /** Under a budget every call has a largest output. */
  readonly isCapped: boolean
  readonly own: readonly ProviderSettings[]
  readonly terminal: Terminal
}

/** Writes the missing calls as files for batch services, and says what to do with them. */
export function writeBatch({ folder, missing, isCapped, own, terminal }: WriteBatchJob): string {
  const { files, refused, losses } = writeBatchFiles(
    [...missing.values()].map(({ key, call }) => ({
      key: nameOf(key),
      target: key.target,
      call: isCapped ? withOutputCap(atListPrice(call)) : atListPrice(call),
    })),
    { folder, resolve: (target) => resolveTarget(target, own, terminal.env) },
  )
  const lines = [
    ...files.map(
      ({ path, provider, requests }) => `${path}: ${plural(requests, 'call')} for ${provider}`,
    ),
    ...losses.map(({ target, field, why }) => `${target} goes without ${field}: ${why}`),
    ...refused.map(({ target, why }) => `left out, ${target}: ${why}`),
    files.length === 0
      ? 'nothing is left to ask'
      : 'hand the files to the batch services, then run the same command with --read-batch and their results in place of --write-batch; with both, the next round is written',
  ]
  return `${lines.join('\n')}\n`
}

export type ReadBatchJob = {
  readonly paths: readonly string[]
  readonly missing: ReadonlyMap<string, MissingCall>
  readonly replies: ReplyStore
  /** At the batch service; null: no price there. */
  readonly costOf: (target: string, usage: Usage) => NanoUsd | null
  readonly narrator: Narrator
}

/** Keeps the answers of batch services; those to other calls are told and left out. */
export function readBatch(job: ReadBatchJob): void {
  for (const path of job.paths) {
    const { answers, problems } = readBatchResults(
      readText(path, 'a result file of a batch service').split('\n'),
    )
    for (const { line, reason } of problems) job.narrator.say(`${path}:${line}: ${reason}`)
    const kept = answers.filter((each) => keepAnswer(each, job)).length
    const rest = answers.length - kept
    const others = rest === 0 ? '' : `, ${rest} to other calls or known already`
    job.narrator.say(`${path}: ${plural(kept, 'answer')}${others}`)
  }
}

/** False where nobody waits for it. */
function keepAnswer(
  { id, answer }: BatchAnswer,
  { missing, replies, costOf }: Pick<ReadBatchJob, 'missing' | 'replies' | 'costOf'>,
): boolean {
  const found = missing.get(id)
  if (found === undefined) return false
  const usage = (answer.kind === 'answered' ? answer.reply : answer.partial)?.usage ?? null
  const cost = usage === null ? null : costOf(found.key.target, usage)
  // Only whole answers are billed.
  const costNanoUsd = answer.kind === 'answered' ? cost : zeroNanoUsd
  replies.settle({ ...found.key, answer, costNanoUsd, isBatch: true }, found.origin)
  return true
}
