import { UserError } from '../domain/user-error.ts'

/** A cap cannot be kept where nobody knows what a call costs. */
export const unpricedUnderBudget = (target: string): UserError =>
  new UserError(`the price of ${target} is not known, so no budget can be kept`, {
    hint: 'give its price with --prices, or leave out --budget',
  })
