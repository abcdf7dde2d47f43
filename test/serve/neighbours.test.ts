import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { startServe } from '../../src/cli/start-serve.ts'
import type { Settled } from '../../src/domain/journal.ts'
import { putMeasurements } from '../../src/store/measurements.ts'
import { openStore } from '../../src/store/store.ts'
import { newTerminal, removeTerminals } from '../support/cli.ts'
import { completion } from '../support/fixture-gateway.ts'
import { startFixtureUpstream } from '../support/gateways/fixture-upstream.ts'
import { measurementOf } from '../support/measurements.ts'
import { journalOf, settledIn, until } from '../support/running-serve.ts'
import type { FakeTerminal } from '../support/terminal.ts'

afterEach(removeTerminals)

const [small, medium, large] = ['openai:gpt-4o-mini', 'openai:gpt-4o', 'openai:gpt-4.1'] as const
const [goose, tax] = ['How many geese swim on the pond?', 'Explain the tax law to me'] as const
const evidence = [
  ...['pond', 'lake', 'river'].map((water) => [`How many geese swim on a ${water}?`, 1] as const),
  ...['income', 'trade', 'wages'].map((kind) => [`Explain the tax law of ${kind}`, 0] as const),
]

/** On the first coordinate the geese, on the second the taxes. */
const vectorFor = (text: string): readonly number[] =>
  text.includes('geese') ? [1, text.length / 1000] : [text.length / 1000, 1]

/** Answers questions and makes vectors, a million billed tokens for each call, until it is told to fail. */
async function startUpstream() {
  const embedded: string[][] = []
  const failing = { is: false }
  const upstream = await startFixtureUpstream((response, { path, body }) => {
    const isEmbedding = path.endsWith('/embeddings')
    response.writeHead(isEmbedding && failing.is ? 401 : 200, {
      'content-type': 'application/json',
    })
    if (!isEmbedding) return void response.end(completion('An answer.'))
    const { input } = JSON.parse(body.toString()) as { readonly input: string[] }
    embedded.push(input)
    const data = input.map((text, index) => ({ index, embedding: vectorFor(text) }))
    response.end(JSON.stringify({ data, usage: { prompt_tokens: 1_000_000 } }))
  })
  onTestFinished(() => upstream.close())
  return { url: upstream.url, embedded, failing }
}

const uncached = 'cache: { exact: off, semantic: off }'

const policyOf = (classifier: string, rest: string, cache = uncached): string => `coalesce: false
${cache}
tiers: { small: ${small}, medium: ${medium}, large: ${large} }
classifiers: { near: { kind: knn, neighbours: 3${classifier} } }
routes: [{ name: learned, classifier: near }]
${rest}
`

function writeScores({ folder }: FakeTerminal, turned = false): string {
  const path = join(folder, 'scores.jsonl')
  const rows = evidence.map(([prompt, right]) => {
    const score = turned ? 1 - right : right
    return JSON.stringify({ prompt, scores: { 'gpt-4o-mini': score, 'gpt-4o': score } })
  })
  writeFileSync(path, rows.join('\n'))
  return path
}

async function gatewayOf(policyIn: (terminal: FakeTerminal) => string) {
  const upstream = await startUpstream()
  const env = { OPENAI_BASE_URL: `${upstream.url}/v1`, OPENAI_API_KEY: 'sk-of-the-gateway' }
  const terminal = newTerminal({ env })
  const path = join(terminal.folder, 'llmcost.yaml')
  writeFileSync(path, policyIn(terminal))
  const start = () => startServe({ port: 0, adminPort: 0, policy: [path], log: 'json' }, terminal)
  return { ...upstream, terminal, path, start }
}

/** A million tokens of the embedder. */
const embeddingNano = 20_000_000

type Started = Awaited<ReturnType<typeof startServe>>

async function ask({ gateway }: Started, content: string): Promise<string | null> {
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
    body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content }] }),
  })
  await answer.text()
  return answer.headers.get('x-llmcost-target')
}

const labelIn = ({ receipt }: Settled) =>
  receipt.steps.flatMap((step) => (step.kind === 'classify' ? [step.label] : []))

test('evidence decides who answers, also after a reload and after a restart', async () => {
  const { terminal, path, start } = await gatewayOf((own) =>
    policyOf('', `evidence: [${writeScores(own)}]`),
  )
  const serve = await start()
  expect([await ask(serve, goose), await ask(serve, tax)]).toEqual([small, large])
  await until(() => settledIn(journalOf(serve.store)).length === 2)
  expect(settledIn(journalOf(serve.store)).map(labelIn)).toEqual([['simple'], ['hard']])
  // A question of evidence is not judged by itself, but by the other two and by taxes.
  const scores = writeScores(terminal, true)
  writeFileSync(path, policyOf(', minQuality: 80%', `evidence: [${scores}]`))
  expect(await serve.watcher.reload()).toMatchObject({ kind: 'replaced' })
  expect([await ask(serve, `${goose} `), await ask(serve, `${tax} `)]).toEqual([large, small])
  writeFileSync(path, policyOf('', 'evidence: [missing.jsonl]'))
  expect(await serve.watcher.reload()).toMatchObject({ kind: 'refused' })
  expect(await ask(serve, `${goose}  `)).toBe(large)
  await serve.close(0)
  writeScores(terminal)
  writeFileSync(path, policyOf('', `evidence: [${scores}]`))
  const again = await start()
  expect([await ask(again, goose), await ask(again, tax)]).toEqual([small, large])
  await again.close(0)
})

test('what replays left in the store teaches too; without anything it is medium, and said so', async () => {
  const { terminal, start } = await gatewayOf(() => policyOf('', ''))
  const first = await start()
  expect([await ask(first, goose), await ask(first, tax)]).toEqual([medium, medium])
  expect(terminal.err()).toContain('classifiers.near has no scores of the small or medium tier')
  await first.close(0)
  const store = await openStore({ path: terminal.database, create: true })
  if (store === null) return expect.fail('no store')
  const measured = evidence.flatMap(([question, score], index) =>
    [small, medium].map((target) =>
      measurementOf({ caseId: `#${index}`, target, question, score, promptKey: `p${index}` }),
    ),
  )
  putMeasurements(store.database, measured)
  store.close()
  const second = await start()
  expect([await ask(second, goose), await ask(second, tax)]).toEqual([small, large])
  await second.close(0)
})

test('a question that the cache looked up is embedded once, and booked once', async () => {
  const embedder = 'openai:text-embedding-3-small'
  const semantic = `cache: { namespace: shared, semantic: { threshold: 0.999, embedder: '${embedder}', guards: [] } }`
  const { embedded, terminal, start } = await gatewayOf((own) =>
    policyOf(`, embedder: '${embedder}'`, `evidence: [${writeScores(own)}]`, semantic),
  )
  const serve = await start()
  expect(embedded).toEqual([evidence.map(([question]) => question)])
  expect([await ask(serve, goose), await ask(serve, tax)]).toEqual([small, large])
  expect(embedded.slice(1)).toEqual([[goose], [tax]])
  await until(() => settledIn(journalOf(serve.store)).length === 5)
  const paid = settledIn(journalOf(serve.store)).map(({ costNanoUsd }) => costNanoUsd)
  expect(paid.filter((cost) => cost === embeddingNano)).toHaveLength(3)
  await serve.close(0)
  // What evidence cost is kept in the store.
  const again = await start()
  const longer = `${tax}${', please'.repeat(20)}`
  expect(await ask(again, longer)).toBe(large)
  expect(embedded.slice(3)).toEqual([[longer]])
  await again.close(0)
  expect(terminal.err()).not.toContain('classifiers')
})

test('an embedder that fails is no reason not to serve', async () => {
  const { failing, terminal, start } = await gatewayOf((own) =>
    policyOf(", embedder: 'openai:text-embedding-3-small'", `evidence: [${writeScores(own)}]`),
  )
  failing.is = true
  const untaught = await start()
  expect(await ask(untaught, goose)).toBe(medium)
  expect(terminal.err()).toContain('could not embed the questions of evidence')
  await untaught.close(0)
  failing.is = false
  const taught = await start()
  expect(await ask(taught, goose)).toBe(small)
  failing.is = true
  expect(await ask(taught, `${goose}!`)).toBe(medium)
  await taught.close(0)
})
