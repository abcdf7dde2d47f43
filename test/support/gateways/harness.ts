import type { JsonObject } from '../../../src/domain/json.ts'
import type { Usage } from '../../../src/domain/usage.ts'

/** How the suites start whatever stands between an application and its models. */
export type Harness = { start(options: GatewayOptions): Promise<Gateway> }

export type GatewayOptions = {
  /**
   * The address, without "/v1", of what answers as the providers `openai` and `anthropic` do. No key is asked of
   * clients: whatever they send goes on to it.
   */
  readonly upstream: string
  /** Sections of a policy file, over the defaults; `serve.providers` is the harness's own. */
  readonly policy?: JsonObject
  /** How long a client may take to send the head of a request, or to go on with its body. */
  readonly slowClientMs?: number
}

export type Gateway = {
  /** Of the data port, without a slash at its end. */
  readonly url: string
  /**
   * What the ledger holds of the requests that are done, in any order, also after `close`. A request may be done a
   * moment after its caller had the answer.
   */
  records(): Promise<readonly LedgerRecord[]>
  /** Lets go of everything, answers under way too; what is done is in the ledger then. */
  close(): Promise<void>
}

/** One request in the ledger. */
export type LedgerRecord = {
  readonly id: string
  /** That answered, or was asked last; null: none was. */
  readonly model: string | null
  /** What the caller got, or would have got. */
  readonly status: number
  /** Of all calls that were made for it; null: nobody knows. */
  readonly usage: Usage | null
  /** Null: something of it has no price. */
  readonly costNanoUsd: number | null
}

const longestWaitMs = 5_000

/** Until it holds, or a failure after five seconds that says what did not. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + longestWaitMs
  while (!holds()) {
    if (performance.now() > end) throw new Error(`it never came to pass: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
