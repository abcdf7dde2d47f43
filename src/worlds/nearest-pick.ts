import type { NearestEntry } from '../domain/world.ts'
import { isEarlier, type TimedEntry } from './timed-entries.ts'

type Similar<Entry> = { readonly entry: Entry; readonly similarity: number }
type Rejected<Entry> = Similar<Entry> & { readonly guard: string }

/**
 * The entry that serves, picked from living ones that come in falling similarity: the most similar that no guard
 * rejects, of equals the first that was born. Beside it the most similar that a guard rejected, picked alike.
 */
export class NearestPick<Entry extends TimedEntry<string | number>> {
  #found: Similar<Entry> | null = null
  #rejected: Rejected<Entry> | null = null

  get found(): Similar<Entry> | null {
    return this.#found
  }

  /** Whether nothing of this similarity, or less, can change the pick any more. */
  isOver(similarity: number): boolean {
    return this.#found !== null && similarity < this.#found.similarity
  }

  offer(entry: Entry, similarity: number, guard: string | null): void {
    if (guard === null) {
      if (isBetter(entry, similarity, this.#found)) this.#found = { entry, similarity }
    } else if (isBetter(entry, similarity, this.#rejected)) {
      this.#rejected = { entry, similarity, guard }
    }
  }

  /** What a guard rejected, where it was more similar than the entry that serves. */
  get guarded(): Extract<NearestEntry, { kind: 'asked' }>['guarded'] {
    const rejected = this.#rejected
    if (rejected === null || rejected.similarity === this.#found?.similarity) return null
    return { guard: rejected.guard, similarity: rejected.similarity }
  }
}

function isBetter<Entry extends TimedEntry<string | number>>(
  entry: Entry,
  similarity: number,
  best: Similar<Entry> | null,
): boolean {
  if (best === null) return true
  return similarity === best.similarity && isEarlier(entry, best.entry)
}
