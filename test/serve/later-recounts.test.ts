import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openLaterRecounts } from '../../src/serve/recover-ledger.ts'
import { type GatewayStore, openGatewayStore } from '../../src/store/gateway-store.ts'
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

let folder = ''
let store: GatewayStore
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-recounts-'))
  store = await openGatewayStore({ path: join(folder, 'store.db'), durability: 'process' })
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

const turns = 300

/** So many turns of a dollar each, on the disk and in the ledger. */
function spend(ledger: LiveLedger, from: number): void {
  for (let turn = from; turn < from + turns; turn++) {
    const asked = askedOf(`${turn}`, usd(1))
    ledger.admit(asked)
    ledger.settle(asked, usd(1))
    store.append(turn, JSON.stringify([settledOf(asked, usd(1))]))
  }
}

const spent = (ledger: LiveLedger) =>
  ledger.standings(noon, 1).map(({ members }) => members[0]?.spentNanoUsd ?? 0)

const overall = budgetOf({ name: 'overall', scope: 'all', limitNanoUsd: usd(1e4) })
const limited = ledgerPolicy([overall])

test('a budget that a policy brings counts what was spent before, and what is spent meanwhile', async () => {
  const ledger = openLedger(ledgerPolicy([]))
  spend(ledger, 1)
  const recounts = openLaterRecounts(store, ledger)
  const counted = recounts.recount(ledger.reload(limited, noon))
  expect(spent(ledger)[0]).toBeLessThan(usd(turns))
  spend(ledger, turns + 1)
  await counted
  expect(spent(ledger)).toEqual([usd(2 * turns)])
})

test('a budget that changes while it is counted is counted once', async () => {
  const ledger = openLedger(ledgerPolicy([]))
  spend(ledger, 1)
  const recounts = openLaterRecounts(store, ledger)
  const first = recounts.recount(
    ledger.reload(ledgerPolicy([{ ...overall, when: { model: ['gpt-4o', 'o3'] } }]), noon),
  )
  const second = recounts.recount(ledger.reload(limited, noon))
  await Promise.all([first, second])
  expect(spent(ledger)).toEqual([usd(turns)])
})

test('counting ends with the gateway', async () => {
  const ledger = openLedger(ledgerPolicy([]))
  spend(ledger, 1)
  const recounts = openLaterRecounts(store, ledger)
  const counted = recounts.recount(ledger.reload(limited, noon))
  recounts.close()
  await counted
  expect(spent(ledger)[0]).toBeLessThan(usd(turns))
})
