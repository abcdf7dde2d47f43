import type { MaybePromise } from '../domain/world.ts'

/** Goes on with a value, at once where it is there: waiting for what needs no waiting is most of a decision's time. */
export const after = <T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> => (value instanceof Promise ? value.then(next) : next(value))
