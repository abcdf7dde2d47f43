import type { KeptReply, ReplyKey, ReplyOrigin, ReplyStore } from '../domain/kept-reply.ts'
import type { NanoUsd } from '../domain/money.ts'

/** Replies of this process alone: what a run keeps that must leave nothing behind. */
export function openReplyMemory(): ReplyStore {
  const kept = new Map<string, { readonly reply: KeptReply; readonly run: string }>()
  const begun = new Map<string, { readonly run: string; readonly reserved: number }>()
  const lost = new Map<string, number>()
  const lose = (run: string, amount: number) => lost.set(run, (lost.get(run) ?? 0) + amount)
  return {
    find: (key) => kept.get(nameOf(key))?.reply ?? null,
    begin(key, { run }: ReplyOrigin, reserved) {
      const before = begun.get(nameOf(key))
      if (before !== undefined) lose(run, before.reserved)
      begun.set(nameOf(key), { run, reserved })
    },
    settle(reply, { run }) {
      if (reply.costNanoUsd === null) lose(run, begun.get(nameOf(reply))?.reserved ?? 0)
      begun.delete(nameOf(reply))
      kept.set(nameOf(reply), { reply, run })
    },
    cancel(key) {
      begun.delete(nameOf(key))
    },
    spendOf(run) {
      const costs = [...kept.values()].filter((each) => each.run === run)
      const open = [...begun.values()].filter((each) => each.run === run)
      const settled = costs.reduce((sum, { reply }) => sum + (reply.costNanoUsd ?? 0), 0)
      const reserved = open.reduce((sum, each) => sum + each.reserved, 0)
      return {
        settled: settled as NanoUsd,
        maybeBilled: (reserved + (lost.get(run) ?? 0)) as NanoUsd,
        calls: costs.length + open.length,
      }
    },
    forgetFailures() {
      const failed = [...kept].filter(([, { reply }]) => reply.answer.kind === 'failed')
      for (const [name, { reply, run }] of failed) {
        kept.delete(name)
        lose(run, reply.costNanoUsd ?? 0)
      }
      return failed.length
    },
  }
}

const nameOf = ({ callKey, target, turn }: ReplyKey): string => `${callKey}\n${target}\n${turn}`
