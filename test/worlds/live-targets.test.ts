import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import { noUsage } from '../../src/domain/usage.ts'
import { passThroughPolicy } from '../../src/policy/default-policy.ts'
import type { Overflow } from '../../src/policy/governance.ts'
import type { SelfHosted } from '../../src/policy/levers.ts'
import { HistoryBreakers } from '../../src/worlds/history-breakers.ts'
import { openHistorySight } from '../../src/worlds/history-world.ts'
import { LiveTargets, type TargetCall } from '../../src/worlds/live-targets.ts'
import type { CostOf } from '../../src/worlds/model-costs.ts'
import { storedHistory } from '../support/stored-history.ts'

const answered = { kind: 'answered', outputTokens: 100 } as const
const failed = { kind: 'failed', fault: 'server' } as const
const start = Date.parse('2026-08-05T12:00:00Z')

type Setting = {
  readonly overflow?: readonly Partial<Overflow>[]
  readonly selfHosted?: SelfHosted
  readonly costOf?: CostOf
  readonly failures?: number
}

/** Targets on a clock that is set by hand. */
function openTargets({ overflow = [], selfHosted, costOf, failures = 2 }: Setting = {}) {
  const clock = { at: start }
  const rule = { target: 'local:llama', maxInFlight: null, maxQueueMs: null, to: 'openai:gpt-4o' }
  const { failure } = passThroughPolicy
  const targets = new LiveTargets({
    policy: {
      failure: {
        ...failure,
        breaker: { on: true, failures, openSeconds: 60 },
        overflow: overflow.map((each) => ({ ...rule, ...each })),
      },
      selfHosted: selfHosted === undefined ? [] : [selfHosted],
    },
    now: () => clock.at,
    costOf: costOf ?? (() => null),
  })
  return { targets, clock }
}

function begin(targets: LiveTargets, target: string, isRouted = true): TargetCall {
  const call = targets.begin(target, isRouted)
  if (call === null) throw new Error(`${target} is down`)
  return call
}

type Logged = {
  readonly at: number
  readonly latencyMs: number
  readonly model: string
  readonly status: string
}

const timed = (list: readonly (Omit<Logged, 'at'> & { gapMs: number })[]): readonly Logged[] => {
  let at = start
  return list.map(({ gapMs, ...request }) => {
    at += gapMs
    return { ...request, at }
  })
}

const recordOf = ({ at, ...request }: Logged, index: number) => ({
  ...request,
  id: `${index}`,
  provider: 'openai',
  at: new Date(at).toISOString(),
  usage: { inputTokens: 10, outputTokens: 1 },
})

const siblings = ['openai:gpt-4o', 'openai:gpt-4o-2024-08-06', 'openai:gpt-4o-mini']

describe('a breaker under any name of its target', () => {
  const ends = {
    answered: { kind: 'answered', outputTokens: null },
    failed: { kind: 'failed', fault: 'server' },
    unknown: { kind: 'failed', fault: 'cancelled' },
  } as const
  /** What both say of each name after these calls, one after the other. */
  function saidAfter(calls: readonly (readonly [target: string, kind: keyof typeof ends])[]) {
    const { targets, clock } = openTargets()
    const past = new HistoryBreakers({ on: true, failures: 2, openSeconds: 60 })
    for (const [target, kind] of calls) {
      clock.at += 20_000
      const call = targets.begin(target)
      if (call === null) continue
      past.note(target, clock.at, {
        ...{ usage: noUsage, costNanoUsd: 0 as NanoUsd, latencyMs: 0 },
        ...{ kind, answer: null, reason: '', retryAfterMs: null },
      })
      targets.end(call, ends[kind])
    }
    clock.at += 1
    const asked = [...siblings, 'gpt-4o', 'gpt-4o-2024-08-06', 'nobody-knows']
    return asked.map((name) => ({
      name,
      live: targets.stateOf(name)?.breaker ?? 'closed',
      past: past.stateOfAny(name, clock.at),
    }))
  }

  it('is what calls of that name say, and of another one only where it was never asked', () => {
    const dated = Array.from({ length: 2 }, () => [siblings[1], 'failed'] as [string, 'failed'])
    const of = (calls: Parameters<typeof saidAfter>[0]) =>
      saidAfter(calls).map(({ live, past }) => [live, past])
    const [open, closed] = [
      ['open', 'open'],
      ['closed', 'closed'],
    ]
    expect(of(dated)).toEqual([open, open, closed, open, open, closed])
    const well = ['openai:gpt-4o', 'answered'] as const
    const known = [closed, open, closed, closed, open, closed]
    expect(of([...dated, well])).toEqual(known)
    expect(of([well, ...dated])).toEqual(known)
  })

  it('is the same live and in history', () => {
    const call = fc.tuple(
      fc.constantFrom(...siblings),
      fc.constantFrom('answered', 'failed', 'failed', 'unknown'),
    )
    fc.assert(
      fc.property(fc.array(call, { maxLength: 12 }), (calls) => {
        for (const { live, past } of saidAfter(calls)) expect(live).toBe(past)
      }),
    )
  })
})

/** Requests of a log as live calls, each answered when it was. */
class Traffic {
  readonly targets: LiveTargets
  readonly #clock: { at: number }
  #open: readonly { readonly endsAt: number; readonly isOk: boolean; readonly call: TargetCall }[] =
    []

  constructor(costOf: CostOf) {
    // Histories note how a call ended when it begins: what breakers say is compared where calls follow one another.
    const { targets, clock } = openTargets({ costOf, failures: Number.POSITIVE_INFINITY })
    this.targets = targets
    this.#clock = clock
  }

  begin({ at, latencyMs, model, status }: Logged): void {
    this.end(at)
    this.#clock.at = at
    const call = begin(this.targets, `openai:${model}`, false)
    const under = { endsAt: at + latencyMs, isOk: status === 'ok', call }
    this.#open = [...this.#open, under].sort((a, b) => a.endsAt - b.endsAt)
  }

  /** What has ended by a moment. */
  end(at: number): void {
    for (const { endsAt, isOk, call } of this.#open.filter((each) => each.endsAt <= at)) {
      this.#clock.at = endsAt
      this.targets.end(call, isOk ? answered : failed)
    }
    this.#open = this.#open.filter((each) => each.endsAt > at)
  }
}

describe('what rules know of live targets', () => {
  it('is what they know of them in a history', async () => {
    const anyRequest = fc.record({
      gapMs: fc.integer({ min: 0, max: 90_000 }),
      latencyMs: fc.integer({ min: 0, max: 120_000 }),
      model: fc.constantFrom('gpt-4o', 'gpt-4o-2024-08-06', 'gpt-4o-mini', 'nobody-knows'),
      status: fc.constantFrom('ok', 'ok', 'ok', 'error'),
    })
    const names = ['openai:gpt-4o', 'gpt-4o-mini', 'openai:nobody-knows', 'who:knows']
    await fc.assert(
      fc.asyncProperty(fc.array(anyRequest, { minLength: 1, maxLength: 40 }), async (list) => {
        const requests = timed(list)
        const stored = await storedHistory(requests.map(recordOf))
        try {
          const { history, costOf } = stored
          const policy = passThroughPolicy
          const { factsAt } = openHistorySight({ history, policy, costOf })
          const traffic = new Traffic(costOf)
          for (const [place, request] of requests.entries()) {
            traffic.begin(request)
            const facts = factsAt(place)
            for (const name of names)
              expect(traffic.targets.stateOf(name)).toEqual(facts.target(name))
            traffic.end(request.at)
          }
        } finally {
          stored.close()
        }
      }),
      { numRuns: 20 },
    )
  }, 60_000)

  it('is their breaker, even of one that has neither price nor answers', () => {
    const { targets, clock } = openTargets()
    for (const _ of [1, 2]) targets.end(begin(targets, 'local:llama'), failed)
    expect(targets.stateOf('local:llama')).toMatchObject({ breaker: 'open', p95LatencyMs: null })
    clock.at += 60_000
    expect(targets.stateOf('local:llama')?.breaker).toBe('half-open')
    expect(targets.stateOf('local:mistral')).toBeUndefined()
  })
})

describe('calls of live targets', () => {
  it('pass one at a time while a breaker is half open, to each target by itself', () => {
    const { targets, clock } = openTargets()
    for (const _ of [1, 2]) targets.end(begin(targets, 'a'), failed)
    expect([targets.isUp('a'), targets.begin('a'), targets.isUp('b')]).toEqual([false, null, true])
    clock.at += 60_000
    expect(targets.isUp('a')).toBe(true)
    const probe = begin(targets, 'a')
    expect([targets.isUp('a'), targets.begin('a')]).toEqual([false, null])
    // A stream may take minutes: its first content is enough.
    targets.answers(probe)
    expect(targets.isUp('a')).toBe(true)
    targets.end(probe, answered)
    expect(targets.sights()[0]).toMatchObject({ breaker: 'closed', inFlight: 0 })
  })

  it('pass by every breaker where they have nowhere else to go, and count like any other', () => {
    const { targets, clock } = openTargets()
    for (const _ of [1, 2]) targets.end(begin(targets, 'a', false), failed)
    expect(targets.sights()[0]).toMatchObject({ breaker: 'open', failuresInRow: 2 })
    expect([targets.isUp('a'), targets.begin('a')]).toEqual([false, null])
    clock.at += 30_000
    targets.end(begin(targets, 'a', false), failed)
    clock.at += 59_999
    // It is a minute since it failed last.
    expect(targets.isUp('a')).toBe(false)
    targets.end(begin(targets, 'a', false), answered)
    expect(targets.sights()[0]).toMatchObject({ breaker: 'closed', failuresInRow: 0 })
  })

  it('say nothing of a target where the caller’s own key or haste ended them', () => {
    const { targets, clock } = openTargets()
    const ofCaller = { kind: 'failed', fault: 'rate-limit', isOfCaller: true } as const
    for (const _ of [1, 2, 3]) targets.end(begin(targets, 'a'), ofCaller)
    expect(targets.sights()[0]).toMatchObject({ breaker: 'closed', faults: { 'rate-limit': 3 } })
    for (const _ of [1, 2]) targets.end(begin(targets, 'a'), failed)
    clock.at += 60_000
    targets.end(begin(targets, 'a'), ofCaller)
    expect(targets.stateOf('a')?.breaker).toBe('half-open')
  })

  it('can be let through again by hand', () => {
    const { targets } = openTargets()
    for (const _ of [1, 2]) targets.end(begin(targets, 'a'), failed)
    expect([targets.reset('a'), targets.isUp('a')]).toEqual([true, true])
    expect(targets.reset('never asked')).toBe(false)
  })

  it('take no less than no time when the clock is set back', () => {
    const { targets, clock } = openTargets()
    const call = begin(targets, 'a')
    clock.at -= 3_600_000
    targets.end(call, answered)
    expect(targets.sights()[0]).toMatchObject({ p50LatencyMs: 0 })
    for (const _ of [1, 2]) targets.end(begin(targets, 'a'), failed)
    clock.at += 3_600_000 + 60_000
    expect(targets.isUp('a')).toBe(true)
  })

  it('are seen by people as they are', () => {
    const { targets, clock } = openTargets()
    for (const latencyMs of [100, 200, 300]) {
      const call = begin(targets, 'a')
      clock.at += latencyMs
      targets.end(call, { kind: 'answered', outputTokens: latencyMs })
    }
    begin(targets, 'a')
    targets.end(begin(targets, 'b'), { kind: 'failed', fault: 'bad-request' })
    targets.end(begin(targets, 'b'), failed)
    const none = { queueMs: null, failuresInRow: 0, openUntil: null, breaker: 'closed' }
    expect(targets.sights()).toEqual([
      {
        ...none,
        target: 'a',
        inFlight: 1,
        answered: 3,
        faults: {},
        p50LatencyMs: 200,
        p95LatencyMs: 300,
      },
      {
        ...none,
        target: 'b',
        failuresInRow: 1,
        inFlight: 0,
        answered: 0,
        faults: { 'bad-request': 1, server: 1 },
        p50LatencyMs: null,
        p95LatencyMs: null,
      },
    ])
    expect(targets.usualOutputTokensOf('a')).toBe(115)
    expect(targets.usualOutputTokensOf('b')).toBeNull()
  })

  it('are remembered of the two hundred targets asked last, and of those that are not done', () => {
    const { targets } = openTargets()
    const busy = begin(targets, 'busy')
    for (let index = 0; index < 500; index++)
      targets.end(begin(targets, `made up ${index}`), answered)
    const names = targets.sights().map(({ target }) => target)
    expect(names).toHaveLength(200)
    expect(names).toContain('busy')
    targets.end(busy, answered)
    expect(targets.sights().find(({ target }) => target === 'busy')?.inFlight).toBe(0)
  })
})

describe('a busy target', () => {
  it('passes on what is more than it may have at the same time', () => {
    const { targets } = openTargets({ overflow: [{ maxInFlight: 2 }] })
    const place = () => targets.placeFor('local:llama')
    const [first] = [begin(targets, place()), begin(targets, place())]
    expect(place()).toBe('openai:gpt-4o')
    expect(targets.placeFor('anthropic:claude-sonnet-4-5')).toBe('anthropic:claude-sonnet-4-5')
    targets.end(first, answered)
    expect(place()).toBe('local:llama')
  })

  it('keeps its requests where the other one is down, and passes them on again and again', () => {
    const overflow = [
      { maxInFlight: 1, to: 'b' },
      { target: 'b', maxInFlight: 1, to: 'c' },
      { target: 'c', maxInFlight: 1, to: 'local:llama' },
    ]
    const { targets } = openTargets({ overflow })
    begin(targets, 'local:llama')
    expect(targets.placeFor('local:llama')).toBe('b')
    begin(targets, 'b')
    expect(targets.placeFor('local:llama')).toBe('c')
    for (const _ of [1, 2]) targets.end(begin(targets, 'c'), failed)
    expect(targets.placeFor('local:llama')).toBe('b')
    targets.reset('c')
    begin(targets, 'c')
    // All three are busy: whoever asks ends where it began.
    expect(targets.placeFor('local:llama')).toBe('local:llama')
  })

  const hosted = (throughput: SelfHosted['throughput']): SelfHosted => ({
    target: 'local:llama',
    gpuHourNanoUsd: 2e9 as NanoUsd,
    gpus: 1,
    throughput,
    utilisationShare: 0.5,
    operationsNanoUsdPerMonth: 0 as NanoUsd,
  })

  /**
   * A server that answers four at a time, each in a second, and is asked at a steady rate. Gives what the targets
   * estimate when a request comes, and how long it then really waits.
   */
  function serveSteadily(perSecond: number, seconds: number, selfHosted?: SelfHosted) {
    const { targets, clock } = openTargets({ ...(selfHosted !== undefined && { selfHosted }) })
    const slots = [0, 0, 0, 0]
    const under: { readonly call: TargetCall; readonly endsAt: number }[] = []
    const seen: { readonly estimated: number | null; readonly waited: number }[] = []
    for (let index = 0; index < perSecond * seconds; index++) {
      const at = start + (index * 1000) / perSecond
      while (under[0] !== undefined && under[0].endsAt <= at) {
        const [done] = under.splice(0, 1)
        clock.at = done?.endsAt ?? at
        if (done !== undefined) targets.end(done.call, answered)
      }
      clock.at = at
      slots.sort((a, b) => a - b)
      const from = Math.max(at, slots[0] ?? 0)
      slots[0] = from + 1000
      const call = begin(targets, 'local:llama')
      seen.push({ estimated: call.queueMs, waited: from - at })
      under.push({ call, endsAt: from + 1000 })
    }
    return seen
  }

  it.each([
    ['as measured before', hosted({ kind: 'requests', requestsPerSecond: 4 }), 0.95],
    ['by its tokens', hosted({ kind: 'tokens', outputTokensPerSecond: 400 }), 0.95],
    // What it has shown at its best in ten seconds is a little more than it can keep up.
    ['as it has shown', undefined, 0.6],
  ])('has a queue by its rate of answers: %s', (_, selfHosted, least) => {
    // Three a second are no queue; five a second are a queue that grows by a fifth of a second each second.
    const idle = serveSteadily(3, 60, selfHosted)
    expect(idle.every(({ waited }) => waited === 0)).toBe(true)
    expect(Math.max(...idle.map(({ estimated }) => estimated ?? 0))).toBeLessThan(400)
    const late = serveSteadily(5, 60, selfHosted).slice(150)
    expect(Math.max(...late.map(({ waited }) => waited))).toBeGreaterThan(10_000)
    for (const { estimated, waited } of late) {
      expect(estimated).toBeGreaterThan(least * waited - 1000)
      expect(estimated).toBeLessThan(waited + 1000)
    }
  })

  it('passes on what would wait too long', () => {
    const overflow = [{ maxQueueMs: 2000 }]
    const selfHosted = hosted({ kind: 'requests', requestsPerSecond: 4 })
    const { targets, clock } = openTargets({ overflow, selfHosted })
    const call = begin(targets, 'local:llama')
    clock.at += 1000
    targets.end(call, answered)
    // Four seconds of work, of which one is the answer itself.
    const places = Array.from({ length: 16 }, () => {
      const place = targets.placeFor('local:llama')
      if (place === 'local:llama') begin(targets, place)
      return place
    })
    expect(places.filter((place) => place === 'local:llama')).toHaveLength(13)
  })
})
