import type { AlertMetric } from '../policy/governance.ts'

/** Something that a person should know now; told once until it is over. It holds no text of prompts or answers. */
export type AlertEvent = {
  readonly metric: AlertMetric | 'budget' | 'audit' | 'promotion'
  /** In the unit of the metric: dollars, a share from 0 to 1, a multiple. */
  readonly value: number
  readonly limit: number
  /** Milliseconds since 1970 UTC. */
  readonly at: number
  /** For people. */
  readonly text: string
}
