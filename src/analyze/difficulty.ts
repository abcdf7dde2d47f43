import { difficultyShift, type KeptPreset, keptPresets } from '../domain/row.ts'
import type { Difficulty, PresetMix } from './result.ts'

/** Presets that leave a request to another classifier where no rule of theirs fits; that then counts as medium. */
const abstains: ReadonlySet<KeptPreset> = new Set(['signals'])

/** Counts the presets' verdicts from the bits of each request. */
export class DifficultyCount {
  readonly #counts = keptPresets.map(() => [0, 0, 0, 0])

  add(flags: number): void {
    for (let preset = 0; preset < this.#counts.length; preset++) {
      const level = (flags >>> (difficultyShift + 2 * preset)) & 3
      const counts = this.#counts[preset] as number[]
      counts[level] = (counts[level] as number) + 1
    }
  }

  result(): Difficulty {
    const presets = keptPresets.map((preset, index) => mixOf(preset, this.#counts[index] ?? []))
    const { simple = 0, medium = 0, hard = 0 } = presets[0] ?? {}
    return { classified: simple + medium + hard, simple, medium, hard, presets }
  }
}

function mixOf(
  preset: KeptPreset,
  [, simple = 0, medium = 0, hard = 0]: readonly number[],
): PresetMix {
  const classified = simple + medium + hard
  const decided = abstains.has(preset) ? simple + hard : classified
  return { preset, simple, medium, hard, decidedShare: classified === 0 ? 0 : decided / classified }
}
