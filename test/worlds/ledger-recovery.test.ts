import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JournalEntry, Settled } from '../../src/domain/journal.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Asked } from '../../src/domain/world.ts'
import type { Budget } from '../../src/policy/governance.ts'
import type { AlertEvent } from '../../src/worlds/alert-event.ts'
import type { LedgerState } from '../../src/worlds/ledger-state.ts'
import type { LiveLedger } from '../../src/worlds/live-ledger.ts'
import {
  askedOf,
  budgetOf,
  ledgerPolicy,
  noon,
  openLedger,
  settledOf,
  usd,
} from '../support/ledger.ts'

/** As a checkpoint stores it. */
const stored = (state: LedgerState): LedgerState => JSON.parse(JSON.stringify(state))
const hourMs = 3_600_000

const budgets: readonly Budget[] = [
  budgetOf({ limitNanoUsd: 2000 as NanoUsd }),
  budgetOf({ name: 'week', scope: 'team', window: 'week', limitNanoUsd: 4000 as NanoUsd }),
  budgetOf({ name: 'big', scope: 'all', limitNanoUsd: 1500 as NanoUsd, when: { model: ['o3'] } }),
  budgetOf({ name: 'life', scope: 'trace', window: 'lifetime', mode: 'soft', action: 'alert' }),
]
const policy = ledgerPolicy(budgets, { maxCalls: 6, maxSimilarInRow: 3, action: 'block' })

type Step = {
  readonly settles: boolean
  readonly pick: number
  readonly cost: number
  readonly hours: number
  readonly request: Parameters<typeof askedOf>[2]
}
const anyStep: fc.Arbitrary<Step> = fc.record({
  settles: fc.boolean(),
  pick: fc.nat(),
  cost: fc.nat(400),
  hours: fc.nat(9),
  request: fc.record({
    user: fc.constantFrom('ann', 'bob'),
    team: fc.constantFrom('red', 'blue'),
    trace: fc.constantFrom('t', 'u'),
    model: fc.constantFrom('gpt-4o', 'o3'),
    step: fc.constantFrom('x', 'y'),
  }),
})

/** Requests that come, begin their call and end, and what is written of them. */
class Run {
  readonly ledger = openLedger(policy)
  readonly open: Asked[] = []
  state = stored(this.ledger.state())
  /** Since the checkpoint. */
  journal: JournalEntry[] = []
  at = noon
  #count = 0

  checkpoint(): void {
    this.state = stored(this.ledger.state())
    this.journal = []
  }

  take({ settles, pick, cost, hours, request }: Step): void {
    this.at += hours * hourMs
    const done = settles ? this.open.splice(pick % Math.max(1, this.open.length), 1) : []
    for (const asked of done) {
      this.ledger.settle(asked, cost as NanoUsd)
      this.journal.push(settledOf(asked, cost as NanoUsd))
    }
    if (done.length > 0) return
    const asked = askedOf(`${this.#count++}`, cost, request, this.at)
    if (this.ledger.admit(asked)?.action === 'block') {
      this.journal.push(settledOf(asked, 0 as NanoUsd))
      return
    }
    this.open.push(asked)
    this.journal.push(this.ledger.begin(asked, 'openai:gpt-4o', 1))
  }
}

describe('a ledger that is opened again', () => {
  it('knows from checkpoint and journal what it knew, whenever it was killed', () => {
    const steps = fc.array(anyStep, { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(steps, fc.double({ min: 0, max: 1, noNaN: true }), (list, cutAt) => {
        const run = new Run()
        const cut = Math.floor(cutAt * list.length)
        for (const step of list.slice(0, cut)) run.take(step)
        run.checkpoint()
        for (const step of list.slice(cut)) run.take(step)
        const { ledger, at } = run
        const again = openLedger(policy)
        expect(again.restore(run.state, at)).toEqual([])
        for (const entry of run.journal) again.replay(entry)
        expect(spendOf(again, at)).toEqual(spendOf(ledger, at))
        const lost = again.maybeBilled().map(({ id }) => id)
        expect(lost.sort()).toEqual(run.open.map(({ id }) => String(id)).sort())
        for (const id of lost) {
          again.reconcile(id, 7 as NanoUsd)
          ledger.settle({ id }, 7 as NanoUsd)
        }
        expect(spendOf(again, at)).toEqual(spendOf(ledger, at))
      }),
      { numRuns: 300 },
    )
  })

  const spendOf = (ledger: LiveLedger, at: number) =>
    ledger.standings(at, 99).map(({ budget, members }) => [
      budget,
      // Whoever was only looked at has spent nothing.
      members.filter(({ spentNanoUsd, reservedNanoUsd }) => spentNanoUsd + reservedNanoUsd > 0),
    ])

  it('goes on counting the calls and steps of a trace', () => {
    const guarded = ledgerPolicy([], { maxCalls: 3, action: 'block' })
    const ledger = openLedger(guarded)
    const call = (id: string) => askedOf(id, 0, { trace: 't' })
    ledger.admit(call('a'))
    ledger.settle(call('a'), 0 as NanoUsd)
    // Under way while the checkpoint is written: its entry comes after it.
    ledger.admit(call('b'))
    const checkpoint = stored(ledger.state())
    const again = openLedger(guarded)
    again.restore(checkpoint, noon)
    again.replay(settledOf(call('b'), 0 as NanoUsd))
    const words = ['c', 'd'].map((id) => again.admit(call(id))?.budget ?? null)
    expect(words).toEqual([null, 'loop guard'])
  })

  it('counts a call that nobody settled as spent until somebody says what it came to', () => {
    const ledger = openLedger(ledgerPolicy([budgetOf()]))
    const asked = askedOf('a', usd(4))
    ledger.admit(asked)
    const begun = ledger.begin(asked, 'openai:gpt-4o', 1)
    expect(begun).toEqual({
      kind: 'begun',
      id: 'a',
      attempt: 1,
      at: noon,
      target: 'openai:gpt-4o',
      reservedNanoUsd: usd(4),
      spender: { user: 'ann' },
    })
    const again = openLedger(ledgerPolicy([budgetOf()]))
    again.replay(begun)
    expect(again.maybeBilled()).toEqual([begun])
    expect(again.admit(askedOf('b', usd(2)))).toMatchObject({ action: 'block' })
    expect(again.reconcile('nobody', usd(1))).toBe(false)
    expect(again.reconcile('a', usd(1))).toBe(true)
    expect(again.reconcile('a', usd(1))).toBe(false)
    expect(again.admit(askedOf('b', usd(4)))).toBeNull()
    // A call of this run is none of those.
    expect(again.reconcile('b', usd(0))).toBe(false)
  })

  it('forgets nothing of today for calls of days ago that nobody settled', () => {
    const ledger = openLedger(ledgerPolicy([budgetOf()]))
    const day = 24 * hourMs
    for (const ago of [1, 2, 3, 4]) {
      const lost = askedOf(`lost ${ago}`, usd(1), {}, noon - ago * day)
      ledger.admit(lost)
      ledger.begin(lost, 'openai:gpt-4o', 1)
    }
    const today = askedOf('today', usd(4))
    ledger.admit(today)
    ledger.settle(today, usd(4))
    const again = openLedger(ledgerPolicy([budgetOf()]))
    again.restore(stored(ledger.state()), noon)
    for (const ago of [5, 6, 7]) {
      const old = settledOf(askedOf(`old ${ago}`, 0, {}, noon - ago * day), usd(1))
      again.recount(old, new Set(['cap']))
    }
    expect(again.standings(noon, 9)[0]?.members).toMatchObject([{ spentNanoUsd: usd(4) }])
    expect(again.admit(askedOf('b', usd(2)))).toMatchObject({ action: 'block' })
  })

  it('counts an entry once that the journal holds twice', () => {
    const ledger = openLedger(ledgerPolicy([budgetOf()]))
    const entry = settledOf(askedOf('a'), usd(3))
    ledger.replay(entry)
    ledger.replay(entry)
    expect(ledger.standings(noon, 1)[0]?.members).toMatchObject([{ spentNanoUsd: usd(3) }])
  })

  it('tells no alert twice', () => {
    const told: AlertEvent[] = []
    const onAlert = (alert: AlertEvent) => told.push(alert)
    const ledger = openLedger(ledgerPolicy([budgetOf()]), { onAlert })
    ledger.admit(askedOf('a', usd(4)))
    ledger.settle(askedOf('a'), usd(4))
    expect(told).toHaveLength(1)
    const again = openLedger(ledgerPolicy([budgetOf()]), { onAlert })
    again.restore(stored(ledger.state()), noon)
    again.replay(settledOf(askedOf('b'), usd(0.5)))
    again.admit(askedOf('c', usd(0.5)))
    again.settle(askedOf('c'), usd(0.5))
    expect(told).toHaveLength(1)
  })
})

describe('another policy', () => {
  it('keeps what was spent where it counts the same, and says what to count anew', () => {
    const kept = budgetOf({ name: 'kept' })
    const month = budgetOf({ name: 'month', window: 'month' })
    const ledger = openLedger(ledgerPolicy([kept, month]))
    const spend = (id: string, at: number) => {
      const asked = askedOf(id, usd(1), {}, at)
      ledger.admit(asked)
      ledger.settle(asked, usd(1))
      return settledOf(asked, usd(1))
    }
    const journal = [spend('a', noon - 100 * hourMs), spend('b', noon)]
    ledger.admit(askedOf('under way', usd(2)))
    const next = ledgerPolicy([
      { ...kept, name: 'renamed', limitNanoUsd: usd(4) },
      { ...month, when: { user: ['ann'] } },
      budgetOf({ name: 'all', scope: 'all', window: 'lifetime' }),
    ])
    const recounts = ledger.reload(next, noon)
    expect(recounts).toEqual([
      { budget: 'month', since: Date.parse('2026-08-01T00:00:00Z') },
      { budget: 'all', since: null },
    ])
    const names = new Set(recounts.map(({ budget }) => budget))
    for (const entry of journal) ledger.recount(entry, names)
    const sums = () =>
      ledger
        .standings(noon, 9)
        .map(({ budget, members }) => [
          budget,
          members[0]?.spentNanoUsd,
          members[0]?.reservedNanoUsd,
        ])
    expect(sums()).toEqual([
      ['renamed', usd(1), usd(2)],
      ['month', usd(2), usd(2)],
      ['all', usd(2), usd(2)],
    ])
    ledger.settle(askedOf('under way'), usd(1.5))
    expect(sums().map(([, spent]) => spent)).toEqual([usd(2.5), usd(3.5), usd(3.5)])
    expect(ledger.admit(askedOf('c', usd(1.6)))).toEqual({ budget: 'renamed', action: 'block' })
  })

  it('counts what its condition holds for, by the record of the journal', () => {
    const ledger = openLedger(ledgerPolicy([]))
    const limited = budgetOf({ name: 'o3', when: { model: ['o3'] } })
    const names = new Set(ledger.reload(ledgerPolicy([limited]), noon).map(({ budget }) => budget))
    for (const model of ['o3', 'gpt-4o'])
      ledger.recount(settledOf(askedOf(model, 0, { model }), usd(1)), names)
    const unreadable: Settled = { ...settledOf(askedOf('x'), usd(1)), record: {} }
    ledger.recount(unreadable, names)
    expect(ledger.standings(noon, 9)[0]?.members).toMatchObject([{ spentNanoUsd: usd(1) }])
  })

  it('knows questions of the gateway’s own by their ids in journals that name nobody', () => {
    const entriesOf = (id: string): readonly JournalEntry[] => [
      {
        kind: 'begun',
        id,
        attempt: 1,
        at: noon,
        target: 't',
        reservedNanoUsd: usd(1),
        spender: {},
      },
      { ...settledOf(askedOf(id), usd(1)), spender: {} },
    ]
    const spentAfter = (
      ids: readonly string[],
      entries: (id: string) => readonly JournalEntry[],
    ) => {
      const ledger = openLedger(ledgerPolicy([budgetOf(), budgetOf({ name: 'all', scope: 'all' })]))
      for (const id of ids) for (const entry of entries(id)) ledger.replay(entry)
      return ledger.standings(noon, 9).map(({ members }) => members)
    }
    const spent = (dollars: number) => [{ member: '', spentNanoUsd: usd(dollars) }]
    const own = ['audit_1', 'judge_1', 'embedding_1']
    for (const entries of [entriesOf, (id: string) => entriesOf(id).slice(1)]) {
      expect(spentAfter(own, entries)).toMatchObject([[], spent(3)])
      expect(spentAfter([...own, 'req_1'], entries)).toMatchObject([spent(1), spent(4)])
    }
  })

  it('counts what a call may have come to, where nobody told', () => {
    const asked = askedOf('a', usd(2))
    const entry: Settled = { ...settledOf(asked, usd(1)), countedNanoUsd: usd(2) }
    const ledger = openLedger(ledgerPolicy([budgetOf()]))
    ledger.admit(asked)
    const intent = ledger.begin(asked, 'openai:gpt-4o', 1)
    const restarted = openLedger(ledgerPolicy([budgetOf()]))
    for (const each of [intent, entry]) restarted.replay(each)
    expect(restarted.standings(noon, 1)[0]?.members).toMatchObject([
      { spentNanoUsd: usd(2), reservedNanoUsd: 0 },
    ])
    const later = openLedger(ledgerPolicy([]))
    const names = new Set(later.reload(ledgerPolicy([budgetOf()]), noon).map((r) => r.budget))
    later.recount(entry, names)
    expect(later.standings(noon, 1)[0]?.members).toMatchObject([{ spentNanoUsd: usd(2) }])
  })

  it('gives two budgets that count the same each a sum of its own', () => {
    const ledger = openLedger(ledgerPolicy([budgetOf()]))
    ledger.admit(askedOf('a', usd(1)))
    ledger.settle(askedOf('a'), usd(1))
    const both = [budgetOf({ action: 'alert', limitNanoUsd: usd(2) }), budgetOf({ name: 'two' })]
    expect(ledger.reload(ledgerPolicy(both), noon)).toEqual([])
    ledger.admit(askedOf('b', usd(1)))
    ledger.settle(askedOf('b'), usd(1))
    const spent = ledger.standings(noon, 1).map(({ members }) => members[0]?.spentNanoUsd)
    expect(spent).toEqual([usd(2), usd(2)])
  })
})
