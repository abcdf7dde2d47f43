import { usdOf } from '../domain/money.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { Exchange } from './exchange.ts'

/** Headers of our own on an answer: one plain fact each. Without a receipt, what is known by then. */
export function ourHeaders(exchange: Exchange, receipt: Receipt | null): readonly string[] {
  const headers = ['x-llmcost-request-id', exchange.inbound.id]
  const target = exchange.last?.target
  if (target !== undefined) headers.push('x-llmcost-target', target)
  if (receipt === null) return headers
  headers.push('x-llmcost-cost-usd', String(usdOf(receipt.costNanoUsd)))
  return headers
}
