import { isObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import type { Forwarder } from './forward.ts'

/** A mock on this machine, or near it, answers in less. */
const answersWithinMs = 5_000

/** The origins of addresses behind all of which `llmcost mock` answers. Throws a UserError where one is anything else. */
export async function mockOrigins(baseUrls: readonly string[]): Promise<ReadonlySet<string>> {
  const origins = new Set(baseUrls.map((baseUrl) => new URL(baseUrl).origin))
  for (const origin of origins) if (!(await isMock(origin))) throw noMock(origin)
  return origins
}

async function isMock(origin: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(answersWithinMs)
    const response = await fetch(`${origin}/mock/tally`, { signal, redirect: 'error' })
    const tally: unknown = response.ok ? await response.json() : null
    return isObject(tally) && typeof tally['calls'] === 'number' && isObject(tally['byOutcome'])
  } catch {
    return false
  }
}

const noMock = (origin: string): UserError =>
  new UserError(`--replay-clock is for mocks alone, and ${origin} is none`, {
    hint: 'start `llmcost mock --no-wait`, and set OPENAI_BASE_URL and ANTHROPIC_BASE_URL as it prints them; serve.providers of the policy must name it, too',
  })

/** The same forwarder, which reaches nobody else than these: a provider that was not looked at may be a real one. */
export const mocksOnly = (forwarder: Forwarder, origins: ReadonlySet<string>): Forwarder => ({
  send(request, sink) {
    if (origins.has(request.origin)) return forwarder.send(request, sink)
    queueMicrotask(() => sink.fault({ ...unreachable, message: `${request.origin} is no mock` }))
    return { abort: () => undefined, resume: () => undefined }
  },
  close: () => forwarder.close(),
})

const unreachable = { kind: 'unreachable', status: null, retryAfterMs: null } as const
