import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { costTotal } from '../../src/domain/price.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { type MockServer, startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings, type MockSettings } from '../../src/providers/mock-settings.ts'
import type { ReplayResult } from '../../src/replay/result.ts'
import { canonicalRecord, runIn } from './cli.ts'
import type { FakeTerminal } from './terminal.ts'

/** A key that must be found nowhere. */
export const plantedKey = 'sk-planted-4242424242424242'

/** The n-th answer of `additionsLog`: long enough for the cascade to take it. */
export const additionOf = (index: number): string =>
  `${index} plus ${index} is ${2 * index}, as adding a number to itself doubles it.`

/** A log of so many different questions, one a minute, in a terminal's folder. */
export function additionsLog({ folder }: FakeTerminal, count = 120): string {
  const path = join(folder, 'log.jsonl')
  const lines = Array.from({ length: count }, (_, index) =>
    canonicalRecord({
      id: `r${index}`,
      at: new Date(Date.UTC(2026, 7, 1, 10, index)).toISOString(),
      prompt: { messages: [{ role: 'user', content: `What is ${index} plus ${index}?` }] },
      answer: { text: additionOf(index), finishReason: 'stop' },
    }),
  )
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

/** Writes a file into a terminal's folder; its path. */
export function fileIn({ folder }: FakeTerminal, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** A policy that sends everything to a ladder of targets, climbing on what `validators` reject. */
export const ladderPolicy = (targets: readonly string[], validators: readonly object[] = []) =>
  JSON.stringify({
    routes: [
      {
        name: 'all',
        when: {},
        ladder: targets.map((target, index) =>
          index + 1 < targets.length ? { target, validators } : { target },
        ),
      },
    ],
  })

/** `llmcost replay … --format json`, which must succeed. */
export async function replayedIn(
  terminal: FakeTerminal,
  ...argv: readonly string[]
): Promise<ReplayResult> {
  const { code, out, err } = await runIn(terminal, 'replay', ...argv, '--format', 'json', '-q')
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as ReplayResult
}

const book = openPriceBook({})
const servers: MockServer[] = []

/** A mock that bills by the price list, until `closeServers`. */
export async function serveMock(
  settings: Partial<MockSettings> = {},
  onRequest: () => void = () => {},
): Promise<MockServer> {
  const server = await startMockServer({
    settings: { ...defaultMockSettings, ...settings },
    onRequest,
    priceOf(model, usage) {
      const provider = model.startsWith('claude') ? 'anthropic' : 'openai'
      const pricing = book.price({ model, provider }, usage)
      return pricing.kind === 'priced' ? costTotal(pricing.cost) : null
    },
  })
  servers.push(server)
  return server
}

export async function closeServers(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()))
}

/** The environment of a user whose models are a mock. */
export const liveAt = ({ url }: Pick<MockServer, 'url'>): Record<string, string> => ({
  OPENAI_API_KEY: plantedKey,
  OPENAI_BASE_URL: `${url}/v1`,
  ANTHROPIC_API_KEY: plantedKey,
  ANTHROPIC_BASE_URL: url,
})

/** What a mock billed, nano-dollars. */
export const billedBy = (server: MockServer): number =>
  Object.values(server.tally().byModel).reduce(
    (sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0),
    0,
  )
