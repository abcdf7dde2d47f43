import { InvalidArgumentError } from 'commander'

/** A whole number from 1 on. */
export function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('it must be a whole number from 1 on')
  return value
}

/** An amount in dollars, 0 or more, with or without its sign. */
export function dollars(text: string): number {
  const value = Number(text.replace(/^\$/, ''))
  if (!Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('it must be an amount in dollars')
  return value
}
