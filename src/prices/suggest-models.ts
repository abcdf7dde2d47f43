import { nearestWords } from './did-you-mean.ts'
import { knownNames } from './known-models.ts'
import type { OpenPriceBook } from './price-book.ts'

/** Known names nearest to one that the book does not know, best first; empty when none is near. */
export function suggestModels(book: OpenPriceBook, name: string, limit = 3): readonly string[] {
  const { catalog, overrides } = book.context
  const targets = overrides.map(({ target }) => target)
  return nearestWords(name, [...targets, ...knownNames(catalog)], limit)
}

/**
 * Three lines to paste into the policy or a prices file for a model that the book cannot price.
 * With `as`, the name of a known model, the entry is an alias; without, it holds round rates for
 * the user to replace.
 */
export function overrideSnippet(target: string, as?: string): string {
  const price =
    as === undefined
      ? 'rates: { input: 1.00, output: 4.00 }  # your US dollars per million tokens'
      : `as: ${JSON.stringify(as)}  # the model behind this name`
  return `prices:\n  - target: ${JSON.stringify(target)}\n    ${price}\n`
}
