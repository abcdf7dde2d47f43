import type { NanoUsd } from '../domain/money.ts'
import type { Receipt, Step } from '../domain/receipt.ts'
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

/** What is told of an answer that is all there. */
export function headersOfWhole(
  { policy, rateHeaders, last }: Exchange,
  receipt: Receipt,
  savedNanoUsd: NanoUsd | null,
): string[] {
  const lines = [...rateHeaders]
  const { costNanoUsd } = receipt
  const target = last?.target ?? null
  writeAnswerHeaders(lines, { receipt, answering: null, target, costNanoUsd, savedNanoUsd, policy })
  return lines
}
