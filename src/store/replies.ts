import type { KeptReply, ReplyStore } from '../domain/kept-reply.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { ProviderAnswer } from '../domain/provider.ts'
import type { Database, SqlRow } from './database.ts'

const selectReply = `SELECT * FROM replies WHERE callKey = ? AND target = ? AND turn = ? AND state <> 'begun'`
/** A call that was begun and never settled is begun anew: what it may have cost stays reserved in `lost`. */
const insertBegun = `INSERT INTO replies (callKey, target, turn, run, seq, state, reserved) VALUES (?, ?, ?, ?, ?, 'begun', ?)
  ON CONFLICT (callKey, target, turn) DO UPDATE SET state = 'begun', run = excluded.run, seq = excluded.seq,
    lost = lost + CASE WHEN state = 'begun' THEN reserved ELSE coalesce(cost, 0) END,
    reserved = excluded.reserved, cost = NULL, answer = NULL`
/** An answer without usage may have cost what was reserved for it, which is kept among the lost. */
const upsertSettled = `INSERT INTO replies (callKey, target, turn, run, seq, state, reserved, cost, isBatch, answer)
  VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?)
  ON CONFLICT (callKey, target, turn) DO UPDATE SET state = excluded.state, cost = excluded.cost,
    lost = lost + CASE WHEN excluded.cost IS NULL THEN reserved ELSE 0 END, reserved = 0, isBatch = excluded.isBatch, answer = excluded.answer`
const deleteBegun = `DELETE FROM replies WHERE callKey = ? AND target = ? AND turn = ? AND state = 'begun' AND lost = 0`
const releaseBegun = `UPDATE replies SET state = 'failed', reserved = 0, answer = NULL
  WHERE callKey = ? AND target = ? AND turn = ? AND state = 'begun'`
const selectSpend = `SELECT coalesce(sum(CASE WHEN state = 'begun' THEN 0 ELSE coalesce(cost, 0) END), 0) AS settled,
  coalesce(sum(reserved + lost), 0) AS maybeBilled, count(*) AS calls FROM replies WHERE run = ?`
/** What they cost stays spent. */
const forgetFailed = `UPDATE replies SET lost = lost + coalesce(cost, 0), cost = NULL, answer = NULL
  WHERE state = 'failed' AND answer IS NOT NULL`

/** The answers that a store holds of calls that replays made. */
export function openReplies(database: Database): ReplyStore {
  const select = database.prepare(selectReply)
  const begin = database.prepare(insertBegun)
  const settle = database.prepare(upsertSettled)
  const remove = database.prepare(deleteBegun)
  const release = database.prepare(releaseBegun)
  const spend = database.prepare(selectSpend)
  return {
    find({ callKey, target, turn }) {
      const row = select.get(callKey, target, turn)
      return row === undefined || row['answer'] === null ? null : readReply(row)
    },
    begin({ callKey, target, turn }, { run, seq }, reserved) {
      begin.run(callKey, target, turn, run, seq, reserved)
    },
    settle({ callKey, target, turn, answer, costNanoUsd, isBatch }, { run, seq }) {
      const state = answer.kind
      const json = JSON.stringify(answer)
      settle.run(callKey, target, turn, run, seq, state, costNanoUsd, isBatch ? 1 : 0, json)
    },
    cancel({ callKey, target, turn }) {
      remove.run(callKey, target, turn)
      release.run(callKey, target, turn)
    },
    spendOf(run) {
      const row = spend.get(run)
      return {
        settled: Number(row?.['settled'] ?? 0) as NanoUsd,
        maybeBilled: Number(row?.['maybeBilled'] ?? 0) as NanoUsd,
        calls: Number(row?.['calls'] ?? 0),
      }
    },
    forgetFailures: () => database.prepare(forgetFailed).run().changes,
  }
}

const readReply = (row: SqlRow): KeptReply => ({
  callKey: String(row['callKey']),
  target: String(row['target']),
  turn: Number(row['turn']),
  answer: JSON.parse(String(row['answer'])) as ProviderAnswer,
  costNanoUsd: row['cost'] === null ? null : (Number(row['cost']) as NanoUsd),
  isBatch: row['isBatch'] === 1,
})
