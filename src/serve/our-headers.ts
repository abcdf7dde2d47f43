import type { NanoUsd } from '../domain/money.ts'
import type { Receipt, Step } from '../domain/receipt.ts'
import { isSameTarget } from '../prices/same-model.ts'
import type { Exchange } from './exchange.ts'
import { writeAnswerHeaders } from './write-answer-headers.ts'

/** What is told of an answer before it is paid for: who gives it. */
export function headersOfStream(
  { inbound, policy, rateHeaders }: Exchange,
  steps: readonly Step[],
  answering: string | null,
): string[] {
  const lines = [...rateHeaders]
  const receipt = { id: inbound.id, steps }
  const unknown = { target: null, costNanoUsd: null, savedNanoUsd: null }
  writeAnswerHeaders(lines, { receipt, answering, policy, ...unknown })
  return lines
}

/** What is told of an answer that is there while other calls for it are under way: they count among the attempts. */
export function headersOfEarly(exchange: Exchange, steps: readonly Step[]): string[] {
  const { inbound, policy, rateHeaders, forwardings } = exchange
  const lines = [...rateHeaders]
  writeAnswerHeaders(lines, {
    receipt: { id: inbound.id, steps },
    answering: null,
    underWay: forwardings.size,
    target: answererOf(exchange, steps),
    costNanoUsd: null,
    savedNanoUsd: null,
    policy,
  })
  return lines
}

/** What is told of an answer that is all there. */
export function headersOfWhole(
  exchange: Exchange,
  receipt: Receipt,
  savedNanoUsd: NanoUsd | null,
): string[] {
  const { policy, rateHeaders } = exchange
  const lines = [...rateHeaders]
  const { costNanoUsd, steps } = receipt
  const target = answererOf(exchange, steps)
  writeAnswerHeaders(lines, { receipt, answering: null, target, costNanoUsd, savedNanoUsd, policy })
  return lines
}

/** By its whole name, who gave the answer that was accepted, else who was asked last; null: nobody was. */
function answererOf({ attempts, last }: Exchange, steps: readonly Step[]): string | null {
  if (attempts.length < 2) return last?.target ?? null
  const accepted = steps.findLast((step) => step.kind === 'attempt' && step.outcome === 'accepted')
  const name = accepted?.kind === 'attempt' ? accepted.target : null
  const named =
    name === null ? undefined : attempts.findLast(({ target }) => isSameTarget(name, target))
  return (named ?? last)?.target ?? null
}
