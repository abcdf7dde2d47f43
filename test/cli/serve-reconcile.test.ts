import { writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { startServe } from '../../src/cli/start-serve.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { GatewaySnapshot } from '../../src/serve/gateway-snapshot.ts'
import { newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import { writeLedger } from '../support/gateway-ledger.ts'
import { begun } from '../support/journal.ts'
import { parsePrometheusText } from '../support/prometheus-text.ts'

afterAll(removeTerminals)

test('what a call came to that a crash left open is in what was spent, at once and after a restart', async () => {
  const terminal = newTerminal()
  const path = `${terminal.folder}/llmcost.yaml`
  writeFileSync(path, 'alerts: { rules: [{ metric: userMonthUsd, above: 1 }] }\n')
  const now = Date.now()
  const reservedNanoUsd = 3_000_000_000 as NanoUsd
  const open = { reservedNanoUsd, spender: { user: 'ada' }, target: 'openai:gpt-4o' }
  await writeLedger(
    terminal,
    [begun('today', { ...open, at: now })],
    [begun('before', { ...open, at: now - 50 * 3_600_000 })],
  )
  const start = () => startServe({ port: 0, adminPort: 0, policy: [path] }, terminal)
  const snapshotOf = async (adminUrl: string) =>
    (await (await fetch(`${adminUrl}/snapshot`)).json()) as GatewaySnapshot
  const first = await start()
  const { adminUrl } = first.gateway
  const reconcile = (id: string, cost: string) => {
    const { port } = new URL(adminUrl)
    const words = ['serve', 'budgets', 'reconcile', id, '--cost', cost, '--admin-port', port]
    return runIn(terminal, ...words)
  }
  expect((await snapshotOf(adminUrl)).today.costUsd).toBe(0)
  const reconciled = await reconcile('today', '1.25')
  expect(reconciled.code).toBe(0)
  expect(reconciled.err).toContain('user ada cost $1.25')
  expect((await reconcile('before', '0.5')).code).toBe(0)
  const { today, windows, health } = await snapshotOf(adminUrl)
  expect(today.costUsd).toBe(1.25)
  expect(windows.start).toMatchObject({ requests: 0, costUsd: 1.75, costUsdPer1k: null })
  expect(health.openIntents).toBe(0)
  const metrics = parsePrometheusText(await (await fetch(`${adminUrl}/metrics`)).text())
  expect(metrics.get('llmcost_spend_usd_total')?.samples).toMatchObject([
    { labels: { provider: 'openai', model: 'gpt-4o' }, value: 1.75 },
  ])
  await first.close(0)

  const second = await start()
  expect((await snapshotOf(second.gateway.adminUrl)).today.costUsd).toBe(1.25)
  await second.close(0)
})
