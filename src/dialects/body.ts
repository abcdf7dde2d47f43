import type { JsonObject } from '../domain/json.ts'
import type { Answer, Prompt } from '../domain/request.ts'
import type { Fees, Usage } from '../domain/usage.ts'

/** A request body in the domain's words. */
export type AskedBody = {
  readonly model?: string
  readonly prompt?: Prompt
  readonly params: JsonObject
  readonly streamed: boolean
}

/** A response body in the domain's words; what the body does not say is absent. */
export type AnsweredBody = {
  readonly id?: string
  readonly model?: string
  /** Seconds since 1970, as OpenAI writes it. */
  readonly createdAt?: number
  readonly serviceTier?: string
  readonly speed?: string
  readonly inferenceGeo?: string
  readonly answer?: Answer
  readonly usage?: Usage
  readonly fees?: Fees
  readonly warnings?: readonly string[]
  /** Why the usage cannot be trusted. */
  readonly rejected?: string
  /** Dollars, where the provider reports the cost inside the body (OpenRouter). */
  readonly loggedUsd?: number
  readonly error?: string
}
