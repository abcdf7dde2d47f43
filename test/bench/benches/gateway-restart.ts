import { join } from 'node:path'
import { defaultMockSettings } from '../../../src/providers/mock-settings.ts'
import { openGatewayStore } from '../../../src/store/gateway-store.ts'
import { serveProgram } from '../../support/gateway-program.ts'
import { begun, settled } from '../../support/journal.ts'
import { startBillingMock } from '../../support/kill-gateway.ts'
import type { BenchOptions, Outcome, SheetRow } from '../outcome.ts'
import { rangeOf } from '../range.ts'
import { inTime, inWhole } from '../table.ts'
import { newFolder, removeFolder } from '../work-folder.ts'

const requests = 1_000_000
const quickRequests = 10_000
/** Of one event-loop turn. */
const requestsATurn = 4
/** Of one transaction. */
const turnsAtOnce = 2_000
/** Written after the last checkpoint: ten seconds at two thousand a second. */
const requestsAfter = 20_000
const users = 5_000
const defaultRuns = 5
const longestMs = 1_000

const policyFor = (budgets: readonly string[]) => (upstreamUrl: string) =>
  JSON.stringify({
    budgets: budgets.map((scope) => ({
      name: scope,
      ...{ scope, window: 'month', limit: '$1000000', action: 'block', mode: 'hard' },
    })),
    serve: {
      providers: [{ name: 'openai', dialect: 'openai-chat', baseUrl: `${upstreamUrl}/v1` }],
    },
  })

/** Starts of `llmcost serve` on a ledger of a million requests, each after a kill -9, until its port answers. */
export async function benchGatewayRestart({ runs, quick }: BenchOptions): Promise<Outcome> {
  const folder = newFolder()
  const mock = await startBillingMock(defaultMockSettings)
  const place = { folder, upstreamUrl: mock.url }
  const count = quick === true ? quickRequests : requests
  const times = runs ?? (quick === true ? 1 : defaultRuns)
  const start = async (budgets: readonly string[], end: NodeJS.Signals): Promise<Start> => {
    const { process, url } = await serveProgram(policyFor(budgets)).start(place)
    const cpuMs = process.cpuMs()
    // Something new for a checkpoint to cover.
    if (end === 'SIGTERM') await askOnce(url)
    await process.end(end)
    return { startMs: process.startMs, cpuMs }
  }
  const starts = async (budgets: readonly string[]): Promise<readonly Start[]> => {
    const found: Start[] = []
    for (let run = 0; run < times; run++) found.push(await start(budgets, 'SIGKILL'))
    return found
  }
  try {
    const known = ['all', 'user']
    const empty = await starts(known)
    await writeRequests(folder, count)
    const whole = await start(known, 'SIGTERM')
    const checkpointed = await starts(known)
    await writeRequests(folder, requestsAfter)
    const killed = await starts(known)
    const recounted = await start([...known, 'feature'], 'SIGKILL')
    const { median } = rangeOf(killed.map(({ startMs }) => startMs))
    const words = `a start on ${inWhole(count)} receipts, ${inWhole(requestsAfter)} more after the checkpoint, below ${inTime(longestMs)}`
    return {
      bench: 'gateway-restart',
      input: `${inWhole(count)} receipts of ${inWhole(users)} users`,
      figures: [],
      targets: [{ words, found: inTime(median), met: median < longestMs }],
      sheets: [
        {
          title: 'from the start of Node until the port answers',
          columns: [
            { key: 'startMs', heading: 'start', unit: 'milliseconds' },
            { key: 'cpuMs', heading: 'processor time', unit: 'milliseconds' },
          ],
          rows: [
            row('on an empty ledger', empty),
            row('after its last checkpoint nothing was written', checkpointed),
            row(`after its last checkpoint ${inWhole(requestsAfter)} receipts were`, killed),
            row('without a checkpoint, all of it is read', [whole]),
            row('with a new budget, all of it is counted again', [recounted]),
          ],
        },
      ],
    }
  } finally {
    await mock.close()
    removeFolder(folder)
  }
}

type Start = { readonly startMs: number; readonly cpuMs: number | null }

const row = (name: string, starts: readonly Start[]): SheetRow => ({
  name,
  role: 'measured',
  values: {
    startMs: rangeOf(starts.map(({ startMs }) => startMs)),
    cpuMs: rangeOf(starts.map(({ cpuMs }) => cpuMs ?? Number.NaN)),
  },
})

async function askOnce(url: string): Promise<void> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
    body: JSON.stringify({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Why?' }],
      max_tokens: 20,
    }),
  })
  await response.arrayBuffer()
}

/** Appends requests to the ledger as a gateway does, an intent and a receipt for each. */
async function writeRequests(folder: string, count: number): Promise<void> {
  const store = await openGatewayStore({
    path: join(folder, 'store.db'),
    durability: 'process',
  })
  try {
    const at = Date.now()
    const first = store.newestTurn() + 1
    const turns = count / requestsATurn
    for (let done = 0; done < turns; done += turnsAtOnce)
      store.transaction(() => {
        for (let turn = done; turn < Math.min(turns, done + turnsAtOnce); turn++) {
          const entries = Array.from({ length: requestsATurn }, (_, place) => {
            const number = (first + turn) * requestsATurn + place
            const id = `req_${String(number).padStart(12, '0')}`
            const spender = { user: `user-${number % users}`, feature: 'chat' }
            return [begun(id, { at, spender }), settled(id, { at, spender })]
          }).flat()
          store.append(first + turn, JSON.stringify(entries))
        }
      })
  } finally {
    store.close()
  }
}
