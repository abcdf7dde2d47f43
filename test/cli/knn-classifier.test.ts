import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { SimulateResult } from '../../src/simulate/result.ts'
import { putMeasurements } from '../../src/store/measurements.ts'
import {
  canonicalRecord,
  newTerminal,
  removeTerminals,
  rowsOf,
  runIn,
  withDatabase,
} from '../support/cli.ts'
import { measurementOf } from '../support/measurements.ts'
import { closeServers, liveAt, replayedIn, serveMock } from '../support/replay-cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

/** Of two subjects, worded so that each is nearest to its own. */
const geese = Array.from({ length: 6 }, (_, n) => `How many geese swim on pond number ${n}?`)
const taxes = Array.from({ length: 6 }, (_, n) => `Explain the tax law of paragraph ${n} for me`)
const [small, medium] = ['openai:gpt-4o-mini', 'openai:gpt-4o'] as const

let terminal: FakeTerminal
let log: string
let policy: string
let scores: string
beforeEach(async () => {
  terminal = newTerminal()
  log = join(terminal.folder, 'log.jsonl')
  policy = join(terminal.folder, 'llmcost.yaml')
  scores = join(terminal.folder, 'scores.jsonl')
  const record = (question: string, index: number) =>
    canonicalRecord({
      id: `r${index}`,
      model: 'gpt-4o',
      prompt: { messages: [{ role: 'user', content: question }] },
      answer: { text: `answer ${index}`, finishReason: 'stop' },
    })
  const lines = [geese[0], taxes[0]].map((question, index) => record(question ?? '', index))
  writeFileSync(log, `${lines.join('\n')}\n`)
  expect((await runIn(terminal, 'ingest', log, '-q')).code).toBe(0)
})
afterEach(async () => {
  await closeServers()
  removeTerminals()
})

const routed = (
  evidence: string,
): string => `tiers: { small: ${small}, medium: ${medium}, large: openai:gpt-4.1 }
classifiers: { near: { kind: knn, neighbours: 3${evidence} } }
routes: [{ name: learned, classifier: near }]
`

/** The small model can tell geese, nobody taxes but the strongest. */
function writeScores(asked: readonly string[], own: Readonly<Record<string, number>> = {}): void {
  const rows = asked.map((prompt) => {
    const score = own[prompt] ?? (geese.includes(prompt) ? 1 : 0)
    return JSON.stringify({ prompt, scores: { 'gpt-4o-mini': score, 'gpt-4o': score } })
  })
  writeFileSync(scores, rows.join('\n'))
}

async function simulated(...flags: readonly string[]): Promise<SimulateResult> {
  const { code, out, err } = await runIn(
    terminal,
    ...['simulate', log, '--policy', policy, '--format', 'json', '-q', ...flags],
  )
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as SimulateResult
}

/** By request: what the classifier says, and who is asked. */
async function labels(...flags: readonly string[]): Promise<readonly (readonly unknown[])[]> {
  const path = join(terminal.folder, 'receipts.jsonl')
  await simulated('--receipts', path, ...flags)
  const receipts = readFileSync(path, 'utf8').trim().split('\n')
  return receipts.map((line) => {
    const { steps } = JSON.parse(line) as { steps: Readonly<Record<string, unknown>>[] }
    const step = (kind: string) => steps.find((each) => each['kind'] === kind)
    return [step('classify')?.['label'], ...((step('route')?.['targets'] ?? []) as string[])]
  })
}

it('is asked for each request, by the files of the policy, of the classifier or of a flag', async () => {
  writeScores([...geese, ...taxes])
  const known = [
    ['simple', small],
    ['hard', 'openai:gpt-4.1'],
  ]
  writeFileSync(policy, `${routed('')}evidence: [${scores}]\n`)
  expect(await labels()).toEqual(known)
  writeFileSync(policy, routed(`, evidence: [${scores}]`))
  expect(await labels()).toEqual(known)
  writeFileSync(policy, routed(''))
  expect(await labels('--evidence', scores)).toEqual(known)
  const { warnings, layers, policy: simulatedPolicy } = await simulated('--evidence', scores)
  expect(warnings.map(({ code }) => code)).toEqual(['no-latency'])
  expect(layers.routing.routes.map(({ requests }) => requests)).toEqual([1, 1])
  expect(simulatedPolicy.unmeasuredRequests).toBe(1)
})

it('is not told what evidence says of the request itself', async () => {
  const [goose = '', tax = ''] = [geese[0], taxes[0]]
  writeFileSync(policy, `${routed('')}evidence: [${scores}]\n`)
  writeScores([...geese, ...taxes], { [goose]: 0, [tax]: 1 })
  expect(await labels()).toEqual([
    ['simple', small],
    ['hard', 'openai:gpt-4.1'],
  ])
  // Nothing but itself to judge by; the other one has a neighbour.
  writeScores([goose])
  expect((await labels()).map(([label]) => label)).toEqual(['medium', 'simple'])
})

it('learns from what replays measured, which --no-measured leaves out', async () => {
  writeFileSync(policy, routed(''))
  await withDatabase(terminal, (database) =>
    putMeasurements(
      database,
      [...geese.slice(1), ...taxes.slice(1)].flatMap((question, index) =>
        [small, medium].map((target) =>
          measurementOf({
            caseId: `#${index}`,
            target,
            question,
            promptKey: `${index}`,
            questionKey: `${index}`,
            score: geese.includes(question) ? 1 : 0,
          }),
        ),
      ),
    ),
  )
  expect((await labels()).map(([label]) => label)).toEqual(['simple', 'hard'])
  expect((await labels('--no-measured')).map(([label]) => label)).toEqual(['medium', 'medium'])
})

it('says medium without evidence, and that it has none', async () => {
  writeFileSync(policy, routed(''))
  expect(await labels()).toEqual([
    ['medium', medium],
    ['medium', medium],
  ])
  const { warnings } = await simulated()
  expect(warnings).toMatchObject([
    { code: 'untrained-classifier', count: 1 },
    { code: 'no-latency' },
  ])
  expect(warnings[0]?.message).toContain('classifiers.near has no scores')
  writeFileSync(scores, JSON.stringify({ prompt: 'x', scores: { 'claude-opus-4-1': 1 } }))
  expect((await labels('--evidence', scores)).map(([label]) => label)).toEqual(['medium', 'medium'])
})

it('is said to have nothing to learn from wherever it stands', async () => {
  writeScores([...geese, ...taxes])
  writeFileSync(policy, `${routed('')}evidence: [${scores}]\n`)
  const untaught = join(terminal.folder, 'untaught.yaml')
  writeFileSync(untaught, routed(''))
  const messages = (warnings: SimulateResult['warnings']) =>
    warnings.flatMap(({ code, message }) => (code === 'untrained-classifier' ? [message] : []))
  const none = expect.stringContaining(`${untaught}: classifiers.near has no scores`)
  // With --no-measured, and no files of its own.
  const { warnings } = await simulated('--no-measured', '--policy', untaught)
  expect(messages(warnings)).toEqual([none])
  const flags = ['--policy', policy, '--no-semantic', '--mock', '--fixed', '--dry-run']
  const replayed = await replayedIn(terminal, log, '--baseline', untaught, ...flags)
  expect(messages(replayed.warnings)).toEqual([none])
})

it('says what a gateway would pay to have the questions of a log embedded', async () => {
  const server = await serveMock()
  writeScores([...geese, ...taxes])
  const embedder = 'openai:text-embedding-3-small'
  writeFileSync(policy, routed(`, evidence: [${scores}], embedder: '${embedder}'`))
  const asking = { ...terminal, env: { ...terminal.env, ...liveAt(server) } }
  const args = ['simulate', log, '--policy', policy, '--format', 'json', '-q']
  const { out, err } = await runIn(asking, ...args)
  expect(err).toBe('')
  const { warnings } = JSON.parse(out) as SimulateResult
  const told = warnings.find(({ code }) => code === 'classifier-embedding')
  expect(told).toMatchObject({ count: 2 })
  expect(told?.message).toMatch(
    /by openai:text-embedding-3-small: about \$0\.0+\d+ for those of this log/,
  )
})

it('is planned in a dry run without asking its embedder, by vectors that are there', async () => {
  let asked = 0
  const server = await serveMock({}, () => asked++)
  writeScores([...geese, ...taxes])
  writeFileSync(
    policy,
    `${routed(`, evidence: [${scores}], embedder: 'openai:text-embedding-3-small'`)}cache: { semantic: off }\n`,
  )
  const asking = { ...terminal, env: { ...terminal.env, ...liveAt(server) } }
  const dryRun = ['replay', log, '--policy', policy, '--dry-run', '--format', 'json', '-q']
  const refused = await runIn(asking, ...dryRun)
  expect(refused.code).toBe(2)
  expect(refused.err).toMatch(
    /a dry run asks nobody.*text-embedding-3-small yet\nhint: {2}llmcost simulate/s,
  )
  expect(asked).toBe(0)
  expect((await runIn(asking, 'simulate', log, '--policy', policy, '-q')).code).toBe(0)
  const before = asked
  expect(before).toBeGreaterThan(0)
  expect((await runIn(asking, ...dryRun)).code).toBe(0)
  expect(asked).toBe(before)
})

it('is judged on the part of evidence that it did not learn from', async () => {
  writeFileSync(policy, `${routed('')}evidence: [${scores}]\n`)
  // Earlier and later part hold both subjects; the strong model is right throughout.
  const mixed = Array.from({ length: 80 }, (_, n) =>
    n % 2 === 0
      ? `How many geese swim on pond number ${n}?`
      : `Explain the tax law of paragraph ${n}`,
  )
  const row = (prompt: string) => ({
    prompt,
    scores: { 'gpt-4o-mini': prompt.includes('geese') ? 1 : 0, 'gpt-4.1': 1 },
  })
  writeFileSync(scores, mixed.map((prompt) => JSON.stringify(row(prompt))).join('\n'))
  const { routingMetrics, frontier } = await simulated()
  expect(frontier.map(({ name }) => name)).toContain('neighbours in evidence (held out)')
  // Half of the questions need the strong model, and all of those are found first.
  expect(routingMetrics).toMatchObject({ apgr: 0.75, cpt: { '0.5': 0.25 } })
})

it('learns from the files of its own policy where several are compared', async () => {
  writeScores([...geese, ...taxes])
  writeFileSync(policy, 'cache: { namespace: shared }\n')
  const learning = join(terminal.folder, 'learning.yaml')
  writeFileSync(learning, `${routed('')}evidence: [${scores}]\n`)
  const { beside } = await simulated('--policy', learning)
  const compared = beside.find(({ name }) => name.includes('learning'))
  writeFileSync(policy, `${routed('')}evidence: [${scores}]\n`)
  const alone = await simulated()
  expect(compared?.savingUsd).toBeCloseTo(alone.savings.costUsd, 9)
})

it('plans a replay by whom its labels lead to', async () => {
  writeScores([...geese, ...taxes])
  const planned = async (text: string) => {
    writeFileSync(policy, text)
    const flags = ['--policy', policy, '--no-semantic', '--mock', '--fixed', '--dry-run']
    return (await replayedIn(terminal, log, ...flags)).plan.priceUsd
  }
  const fixed = (model: string, when: string): string =>
    `{ name: ${when}, when: { patterns: [${when}] }, ladder: ['${model}'] }`
  const told = `routes: [${fixed(small, 'geese')}, ${fixed('openai:gpt-4.1', 'tax')}]\n`
  expect(await planned(`${routed('')}evidence: [${scores}]\n`)).toEqual(await planned(told))
})

it('routes what a replay asks, of a log and of a suite', async () => {
  writeScores([...geese, ...taxes])
  writeFileSync(policy, `${routed('')}evidence: [${scores}]\n`)
  const flags = ['--policy', policy, '--no-semantic', '--mock', '--fixed', '--yes']
  const asked = (where: string) =>
    rowsOf(terminal, `SELECT seq, target FROM replies WHERE ${where} ORDER BY seq, target`)
  await replayedIn(terminal, log, ...flags)
  expect(await asked(`target <> '${medium}'`)).toEqual([
    { seq: 1, target: small },
    { seq: 2, target: 'openai:gpt-4.1' },
  ])
  const suite = join(terminal.folder, 'suite.jsonl')
  const cases = [geese[1], taxes[1]].map((prompt) => JSON.stringify({ prompt, expected: 'x' }))
  writeFileSync(suite, cases.join('\n'))
  await replayedIn(terminal, '--suite', suite, '--baseline', `all:${medium}`, ...flags)
  expect(await asked(`seq IS NULL AND target <> '${medium}'`)).toEqual([
    { seq: null, target: 'openai:gpt-4.1' },
    { seq: null, target: small },
  ])
})
