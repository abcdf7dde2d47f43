import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AnalyzeResult } from '../../src/analyze/result.ts'
import { canonicalRecord, newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

async function warningsOf(...argv: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const { code, out } = await runIn(terminal, 'analyze', ...argv, '--format', 'json', '-q')
  expect(code).toBe(0)
  const { warnings } = JSON.parse(out) as AnalyzeResult
  return Object.fromEntries(warnings.map((warning) => [warning.code, warning.count]))
}

test('what pricing could not do is said by a report, of its files and at its prices', async () => {
  const record = (id: string, fields: object) =>
    canonicalRecord({ id, usage: { inputTokens: 300_000, outputTokens: 10 }, ...fields })
  const write = (name: string, lines: readonly string[]) => {
    const path = join(terminal.folder, name)
    writeFileSync(path, `${lines.join('\n')}\n`)
    return path
  }
  const tiers = write('tiers.jsonl', [
    record('t1', { model: 'gpt-4o', serviceTier: 'flex' }),
    record('t2', { model: 'gpt-4o', serviceTier: 'flex' }),
    record('t3', { model: 'gpt-4o' }),
  ])
  const sound = write('sound.jsonl', [
    record('s1', { model: 'gpt-4o-audio-preview', fees: { inputAudioTokens: 500 } }),
  ])
  const tierOnly = { 'service-tier-unpriced': 2 }
  expect(await warningsOf(tiers)).toEqual(tierOnly)
  expect(await warningsOf(sound)).toEqual({ 'audio-rate-missing': 1 })
  const both = { ...tierOnly, 'audio-rate-missing': 1 }
  expect(await warningsOf(tiers, sound)).toEqual(both)
  // Counted anew, not once more.
  expect(await warningsOf(tiers, sound, '--prices-as-of', '2026-06-01')).toEqual(both)
})
