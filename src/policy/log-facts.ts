/** What a log says that a policy for it should know. */
export type LogFacts = {
  readonly requests: number
  /** Chat models, by requests. */
  readonly models: readonly UsedModel[]
  /** Requests that carry each field. */
  readonly carrying: Readonly<Record<LogField, number>>
  /** Requests served by a batch service. */
  readonly batched: number
}

export const logFields = [
  'tenant',
  'user',
  'session',
  'trace',
  'feature',
  'plan',
  'team',
  'promptVersion',
  'documentVersion',
] as const
export type LogField = (typeof logFields)[number]

export type UsedModel = {
  readonly provider: string
  readonly model: string
  readonly requests: number
  /** Of three tokens in and one out, on the newest list; null where it has no price. */
  readonly usdPerMillion: number | null
}
