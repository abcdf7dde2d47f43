import { type GuardFacts, guardFacts, guardPair } from '../engine/guards.ts'
import type { GuardName } from '../policy/caching.ts'

/** Longer texts take guards more than some milliseconds to read, for which nobody else may wait. */
export const mostGuardedLength = 16_384

/** A text that guards read once, when they first have to. */
export class ComparedText {
  readonly text: string
  #facts: GuardFacts | null = null

  constructor(text: string) {
    this.text = text
  }

  get isRead(): boolean {
    return this.#facts !== null
  }

  get facts(): GuardFacts {
    this.#facts ??= guardFacts(this.text)
    return this.#facts
  }
}

/**
 * The guard that speaks against serving one text's answer to the other; null: none. Beside those of the policy `length`,
 * where a text is too long for them.
 */
export function guardBetween(
  a: ComparedText,
  b: ComparedText,
  guards: readonly GuardName[],
): GuardName | 'length' | null {
  if (guards.length === 0 || a.text === b.text) return null
  if (Math.max(a.text.length, b.text.length) > mostGuardedLength) return 'length'
  return guardPair(a.facts, b.facts, guards)
}
