import type { DialectName } from './call.ts'
import type { NanoUsd } from './money.ts'
import type { Receipt } from './receipt.ts'
import type { Request } from './request.ts'

/** A request that the gateway is done with: what metrics, alerts and the dashboard are folds over. */
export type Served = {
  /** As the record has it: who asked, which model answered, usage, status, times. Its texts may be absent. */
  readonly request: Request
  readonly receipt: Receipt
  /** "/v1/chat/completions". */
  readonly endpoint: string
  /** Null where the endpoint speaks none. */
  readonly dialect: DialectName | null
  /** What the caller got. */
  readonly statusCode: number
  /** It was to be answered from a cache or not at all, and no cache had it: a failure of nobody's. */
  readonly isNotCached?: boolean
  /** The gateway's own share of the time, milliseconds: all of it without waiting for models. */
  readonly overheadMs: number
  /** What it would have cost at the model that was asked for, without caches and routes; null: nobody knows. */
  readonly baselineNanoUsd: NanoUsd | null
}
