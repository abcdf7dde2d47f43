import { describe, expect, test } from 'vitest'
import { type Flaw, referenceProgram } from './gateway-program.ts'
import { killGateway } from './kill-gateway.ts'

const kill = (kills: number, ...flaws: readonly Flaw[]) =>
  killGateway({ program: referenceProgram(...flaws), kills, clients: 12, seed: '1' })

describe.runIf(process.platform !== 'win32')('killing a gateway under load', () => {
  test('finds nothing wrong with a ledger that is written before and after each call', async () => {
    const { lives, problems } = await kill(2)
    expect(problems).toEqual([])
    expect(lives.map(({ end }) => end)).toEqual(['killed', 'killed', 'stopped'])
    const [first, last] = [lives[0], lives.at(-1)]
    expect(first?.whole).toBeGreaterThan(0)
    // Killed with calls under way, which nobody settles any more.
    expect(last?.ledger.begun.calls).toBeGreaterThan(0)
    expect(last?.tally.calls).toBeGreaterThan(first?.tally.calls as number)
    expect(last?.tally.costNanoUsd).toBeGreaterThan(0)
  }, 60_000)

  test('notices what was never begun, settled early, twice or not at all', async () => {
    expect((await kill(1, 'begins-late')).problems).toContainEqual(
      expect.stringMatching(/^life 1, killed: calls: the mock knows of \d+, only \d+ are settled/),
    )
    const { problems } = await kill(0, 'settles-early', 'doubles-receipts')
    for (const words of [
      /^life 1, stopped: costNanoUsd: 0 were settled in this life, the mock billed [1-9]/,
      /^life 1, stopped: \d+ requests are settled twice/,
    ])
      expect(problems).toContainEqual(expect.stringMatching(words))
    expect((await kill(0, 'loses-receipts')).problems).toContainEqual(
      expect.stringMatching(/^life 1, stopped: calls: \d+ were settled in this life/),
    )
  }, 60_000)
})
