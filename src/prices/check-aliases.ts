import { UserError } from '../domain/user-error.ts'
import { nearestWords } from './did-you-mean.ts'
import { knownNames } from './known-models.ts'
import { readTarget } from './model-name.ts'
import { compilePrice, type PriceContext } from './price-plan.ts'

/**
 * Every alias must lead to a price: a name with a slip in it would leave its whole traffic
 * unpriced.
 */
export function checkAliases(context: PriceContext): void {
  for (const { price, target, path, at } of context.overrides) {
    if (price.kind !== 'as') continue
    const query = readTarget(price.target)
    if (compilePrice(context, query, Date.parse(context.catalog.date)).kind !== 'unpriced') continue
    const near = nearestWords(price.target, knownNames(context.catalog), 1)[0]
    throw new UserError(
      `${path} ${at}.as: "${price.target}" (for "${target}") is not a model the price book knows`,
      {
        at: `${path} ${at}.as`,
        hint:
          near === undefined
            ? '`llmcost prices` lists every known model'
            : `did you mean "${near}"?`,
      },
    )
  }
}
