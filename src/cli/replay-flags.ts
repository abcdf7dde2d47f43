import type { ReplayFormat } from '../report/format-replay.ts'
import type { SimulateFlags } from './simulate-policies.ts'

export type ReplayFlags = Omit<SimulateFlags, 'format' | 'interactive' | 'explain' | 'write'> & {
  readonly suite?: string
  readonly scorer?: string
  readonly judge?: string
  readonly judgePrompt?: string
  readonly human?: string
  readonly label?: string
  readonly writePairs?: string
  readonly margin?: number
  readonly marginOverall?: number
  readonly power?: number
  readonly discordant?: number
  readonly sample?: number
  readonly fixed?: boolean
  readonly seed?: string
  readonly concurrency?: number
  readonly budget?: number
  readonly yes?: boolean
  readonly dryRun?: boolean
  readonly resume?: boolean
  readonly retryErrors?: boolean
  readonly mock?: string | true
  readonly record?: string
  readonly recorded?: string
  readonly writeBatch?: string
  readonly readBatch?: string[]
  readonly format?: ReplayFormat
}
