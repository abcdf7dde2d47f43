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

/** A port; 0 is a free one. */
export function portNumber(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('it must be a port, 0 to 65535')
  return value
}
