import type { ShadowLayer } from '../policy/serving.ts'

/** What is tried out: a layer, or a validator in shadow mode. */
export type TrialLayer = ShadowLayer | 'validator'

/** Something that comparing answers has proved, for the log, alerts and whoever runs the gateway. */
export type TrialEvent = {
  /**
   * `exceeded`: a limit is passed, and only told. `tightened`, `disabled`: something was done about it. `promote`: a
   * layer, or a validator, has shown that all may get it; `promoted`: and all do.
   */
  readonly kind: 'exceeded' | 'tightened' | 'disabled' | 'promote' | 'promoted'
  readonly layer: TrialLayer
  /** The feature, the route or the validator; null: requests without a feature, or all. */
  readonly group: string | null
  /** Milliseconds since 1970 UTC. */
  readonly at: number
  readonly compared: number
  /** Of routes: answers that were worse. */
  readonly wrong: number
  readonly unsettled: number
  /** Wrong hits per settled hit, of routes the loss, of validators wrong answers passed; null: none was settled. */
  readonly rate: number | null
  readonly limit: number
  readonly confidence: number
  /** Of `tightened`: the threshold from now on. */
  readonly threshold: number | null
  /** For people. */
  readonly text: string
}
