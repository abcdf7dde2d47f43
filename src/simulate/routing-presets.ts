import { inTable } from '../domain/json.ts'
import { usdOf } from '../domain/money.ts'
import { difficultyShift, type KeptPreset, keptPresets } from '../domain/row.ts'
import type { Policy } from '../policy/policy.ts'
import { presetRoute } from '../policy/route-presets.ts'
import { type RoutePresetName, routePresetNames, type Tier } from '../policy/routing.ts'
import type { Label } from '../policy/when.ts'
import { openHistoryPrefix } from '../worlds/history-prefix.ts'
import type { TargetsOptions } from '../worlds/history-targets.ts'
import { prefixPrompts } from '../worlds/prefix-prompts.ts'
import type { PresetLine } from './result.ts'
import { CallRun } from './routing-calls.ts'

export type PresetsOptions = Omit<TargetsOptions, 'prefix'> & {
  readonly policy: Pick<Policy, 'prefix' | 'cache'>
  readonly tiers: Readonly<Record<Tier, string>>
  /** False where prompt caches can change nothing, so that prompts need not be read. */
  readonly hasPrefix: boolean
}

/** What each routing preset would make of a log: every request with text goes where its label says. */
export function simulatePresets(options: PresetsOptions): readonly PresetLine[] {
  const { history, policy, tiers, hasPrefix, ...rest } = options
  const promptAt = prefixPrompts(history)
  const open = () =>
    new CallRun({
      history,
      ...rest,
      prefix: hasPrefix ? openHistoryPrefix(history, policy, promptAt) : null,
    })
  const logged = open()
  const presets = routePresetNames.map((name) => new PresetRun(name, options, open()))
  for (let place = 0; place < history.count; place++) {
    logged.add(place, [null])
    for (const preset of presets) preset.add(place)
  }
  return presets.map((preset) => preset.line(logged))
}

/** What each request costs where a preset sends it, nano-dollars by place. */
export function presetCosts(name: RoutePresetName, options: PresetsOptions): Float64Array {
  const { history, policy, hasPrefix, tiers: _, ...rest } = options
  const prefix = hasPrefix ? openHistoryPrefix(history, policy) : null
  const run = new CallRun({ history, ...rest, prefix })
  const preset = new PresetRun(name, options, run)
  for (let place = 0; place < history.count; place++) preset.add(place)
  return run.costs
}

const levels: readonly (Label | null)[] = [null, 'simple', 'medium', 'hard']

/** `three-way` sorts as `signals` does, and `cascade` not at all. */
const keptAs: Readonly<Record<RoutePresetName, KeptPreset | null>> = {
  length: 'length',
  signals: 'signals',
  keywords: 'keywords',
  'three-way': 'signals',
  cascade: null,
}

/** These leave to a classifier, or to "medium", what they cannot tell; they never say "medium" themselves. */
const abstaining: ReadonlySet<RoutePresetName> = new Set(['signals', 'three-way'])

class PresetRun {
  readonly #name: RoutePresetName
  readonly #options: PresetsOptions
  readonly #run: CallRun
  readonly #shift: number
  readonly #targets: Readonly<Record<Label, string>>
  readonly #mix: Record<Label, number> = { simple: 0, medium: 0, hard: 0 }
  readonly #scores = new ScoreSum()

  constructor(name: RoutePresetName, options: PresetsOptions, run: CallRun) {
    this.#name = name
    this.#options = options
    this.#run = run
    const kept = keptAs[name]
    this.#shift = difficultyShift + 2 * (kept === null ? 0 : keptPresets.indexOf(kept))
    this.#targets = targetsOf(name, options.tiers)
  }

  add(place: number): void {
    const label = this.#labelAt(place)
    if (label === null) {
      this.#run.add(place, [null])
      return
    }
    this.#mix[label]++
    const target = this.#targets[label]
    this.#run.add(place, [target])
    this.#scores.add(this.#options.known?.(place, target)?.score ?? null)
  }

  /** Null for what is no question to a model: it goes where it went. */
  #labelAt(place: number): Label | null {
    const { columns, profiles } = this.#options.history
    if (profiles[columns.profile[place] as number]?.operation !== 'chat') return null
    const bits = columns.flags[place] as number
    const kept = levels[(bits >>> this.#shift) & 3] ?? null
    return kept !== null && keptAs[this.#name] === null ? 'simple' : kept
  }

  line(logged: CallRun): PresetLine {
    const { simple, medium, hard } = this.#mix
    const sorted = simple + medium + hard
    const isSorter = keptAs[this.#name] !== null && sorted > 0
    const decided = abstaining.has(this.#name) ? simple + hard : sorted
    const cost = this.#run.cost.total()
    return {
      preset: this.#name,
      decidedShare: isSorter ? decided / sorted : null,
      mix: isSorter
        ? { simple: simple / sorted, medium: medium / sorted, hard: hard / sorted }
        : null,
      costUsd: sorted === 0 ? null : usdOf(cost),
      savingUsd: sorted === 0 ? null : usdOf(logged.cost.total() - cost),
      quality: this.#quality(sorted),
    }
  }

  #quality(sorted: number): string {
    if (sorted === 0) return 'unmeasured: the log holds no text to sort by'
    const measured = this.#scores.words(sorted)
    if (this.#name !== 'cascade') return measured ?? 'unmeasured'
    const climb = 'the cost is that of the first rung, before any answer climbs'
    return measured === null ? `unmeasured; ${climb}` : `${measured}; ${climb}`
  }
}

function targetsOf(
  name: RoutePresetName,
  tiers: Readonly<Record<Tier, string>>,
): Readonly<Record<Label, string>> {
  const { to } = presetRoute(name)
  const named = (target: string) => inTable<string>(tiers, target) ?? target
  const first = (label: Label): string => {
    const ladder =
      to.kind === 'classifier' ? to.ladders[label] : to.kind === 'ladder' ? to.ladder : []
    return named(ladder[0]?.target ?? 'small')
  }
  return { simple: first('simple'), medium: first('medium'), hard: first('hard') }
}

/** Scores that evidence has at the models that were chosen. */
class ScoreSum {
  #sum = 0
  #count = 0

  add(score: number | null): void {
    if (score === null) return
    this.#sum += score
    this.#count++
  }

  words(of: number): string | null {
    if (this.#count === 0) return null
    const mean = (this.#sum / this.#count).toFixed(3)
    return `mean score ${mean} on the ${this.#count} of ${of} requests that evidence knows`
  }
}
