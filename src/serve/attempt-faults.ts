import type { Fault, FaultKind } from '../domain/fault.ts'

const faultOf = (kind: FaultKind, message: string): Fault => ({
  kind,
  message,
  status: null,
  retryAfterMs: null,
})

export const cancelled = faultOf('cancelled', 'the caller went away')
export const stalled = faultOf('cancelled', 'the caller reads no more')
export const outOfTime = faultOf('timeout', 'a limit of time of the policy was reached')
export const malformed = faultOf('malformed', 'what came is no answer of its format')
export const tooLarge = faultOf('too-large', 'the answer is larger than is read')
export const redirected = faultOf(
  'not-found',
  'a redirect, which is not followed; check the address of the provider',
)

/** The first header of a name in small letters. */
export function headerIn(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2)
    if (headers[index] === name) return headers[index + 1]
  return undefined
}
