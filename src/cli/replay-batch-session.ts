import type { Usage } from '../domain/usage.ts'
import { nowMs } from './clock.ts'
import type { Narrator } from './narrator.ts'
import { collectCalls, openCollector, readBatch, writeBatch } from './replay-batch.ts'
import type { Session, SessionJob } from './replay-session.ts'
import { targetCosts } from './target-costs.ts'

/** What a session needs to go through batch services. */
type BatchSession = Pick<Session, 'planned' | 'replies' | 'keyOf' | 'arms' | 'options'>

/** Writes what is missing for batch services; says what to do with it. */
export async function forBatches(
  folder: string,
  { policy, terminal, flags }: SessionJob,
  { planned, replies, keyOf, arms, options }: BatchSession,
): Promise<string> {
  const { asker, missing } = openCollector(replies, options.seed, keyOf)
  await collectCalls(planned, arms(asker))
  const isCapped = flags.budget !== undefined
  return writeBatch({ folder, missing, isCapped, own: policy.serve.providers, terminal })
}

/** Keeps the results of batch services. */
export async function takeInBatches(
  paths: readonly string[],
  { terminal, prices }: SessionJob,
  { planned, replies, keyOf, arms, options }: BatchSession,
  narrator: Narrator,
): Promise<void> {
  const { asker, missing } = openCollector(replies, options.seed, keyOf)
  await collectCalls(planned, arms(asker))
  const costAt = targetCosts(prices.book, { serviceTier: 'batch' })
  const now = nowMs(terminal)
  const costOf = (target: string, usage: Usage) => costAt(target, usage, now)
  readBatch({ paths, missing, replies, costOf, narrator })
}
