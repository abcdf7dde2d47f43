import { writeFileSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { openLogs } from '../../src/cli/logs.ts'
import { openRunPrices } from '../../src/cli/price-book.ts'
import { dialectOf } from '../../src/dialects/dialects.ts'
import { bodyOfRequest } from '../../src/dialects/stored-call.ts'
import type { Receipt, Step } from '../../src/domain/receipt.ts'
import type { Request, Status } from '../../src/domain/request.ts'
import { flag } from '../../src/domain/row.ts'
import type { Usage } from '../../src/domain/usage.ts'
import { startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings } from '../../src/providers/mock-settings.ts'
import { receiptValue } from '../../src/report/receipt.ts'
import { openHistorySource } from '../../src/store/history-source.ts'
import { openRequestLookup } from '../../src/store/request-lookup.ts'
import { openRequestSource } from '../../src/store/request-source.ts'
import { bypassReasons, type History, loadHistory } from '../../src/worlds/history.ts'
import { usageAt } from '../../src/worlds/model-costs.ts'
import { newTerminal, runIn } from './cli.ts'
import { journalOf, settledIn, startedServe, until } from './running-serve.ts'
import type { FakeTerminal } from './terminal.ts'

/** A log in a store of its own, ready to be simulated and replayed under any policy. */
export type ParityLog = { readonly terminal: FakeTerminal; readonly history: History }

/** A receipt as `export --receipts` writes it, keys in their order. */
export type WrittenReceipt = {
  readonly id: number
  readonly outcome: string
  readonly servedBy: number | null
  readonly costUsd: number
  readonly latencyMs: number
  readonly steps: readonly WrittenStep[]
}
type WrittenStep = { readonly kind: string } & Readonly<Record<string, unknown>>

/** The receipts of one request in both worlds. */
export type Pair = {
  readonly request: Request
  /** The log does not pay for it by tokens alone: a cache had answered, or there were fees by the piece. */
  readonly isFlat: boolean
  readonly simulated: WrittenReceipt
  readonly live: WrittenReceipt
}

export type Replayed = {
  readonly pairs: readonly Pair[]
  /** Requests that no gateway can be asked, by why. */
  readonly unsent: Readonly<Record<string, number>>
}

export type ReplayOptions = {
  /**
   * The gateway is told of requests whose logged answer was none for a cache: they wish for none. Otherwise it finds that
   * out as it does live, when the answer is there.
   */
  readonly tellsUncached?: boolean
}

/** Reads a log, in any format, into a store of its own. */
export async function parityLog(path: string): Promise<ParityLog> {
  const terminal = newTerminal()
  const prices = await openRunPrices({}, terminal)
  const { store } = await openLogs([path], { quiet: true }, terminal, prices)
  const source = openRequestSource(store.database, { files: null, where: [] })
  const lookup = openRequestLookup(store.database)
  return { terminal, history: loadHistory(source, openHistorySource(store.database), lookup) }
}

/** Canonical records as such a log. */
export function parityLogOf(records: readonly object[]): Promise<ParityLog> {
  const path = join(newTerminal().folder, 'log.jsonl')
  writeFileSync(path, records.map((record) => JSON.stringify({ v: 1, ...record })).join('\n'))
  return parityLog(path)
}

/**
 * Simulates a log under a policy (the text of its file), asks a gateway that runs the same policy under the replay clock
 * the same requests in their order, in front of a mock that answers as the log, or the simulation, has it, and gives the
 * receipts of both.
 */
export async function replayThrough(
  log: ParityLog,
  policy: string,
  options: ReplayOptions = {},
): Promise<Replayed> {
  const { history, terminal } = log
  const answers = { next: '' }
  const mock = await startMockServer({
    settings: defaultMockSettings,
    expectedOf: () => answers.next,
    isWaiting: false,
  })
  const text = withProviders(policy, history, mock.url)
  const simulated = await simulatedReceipts(terminal, text)
  const started = await startedServe({
    env: {
      OPENAI_BASE_URL: `${mock.url}/v1`,
      ANTHROPIC_BASE_URL: mock.url,
      OPENAI_API_KEY: 'k',
      ANTHROPIC_API_KEY: 'k',
    },
    policy: text,
    flags: { replayClock: true, quiet: true },
  })
  const agent = new Agent({ keepAlive: true })
  const sent = new Map<string, number>()
  const unsent: Record<string, number> = {}
  try {
    for (let place = 0; place < history.count; place++) {
      const receipt = simulated[place] as WrittenReceipt
      const asked = askedOf(history, place, receipt, options)
      if (typeof asked === 'string') {
        unsent[asked] = (unsent[asked] ?? 0) + 1
        continue
      }
      answers.next = isElsewhere(receipt) ? adequate : answerAt(history, place)
      const id = await send(started.serve.gateway.url, asked, agent)
      sent.set(id, place)
    }
    const { store } = started.serve
    await until(() => settledIn(journalOf(store)).length >= sent.size)
    const seqOf = (id: Receipt['id']) => history.seq[sent.get(String(id)) ?? -1] as number
    const pairs = settledIn(journalOf(store)).map(({ receipt }): Pair => {
      const place = sent.get(String(receipt.id)) as number
      return {
        request: history.requestAt(place),
        isFlat: isFlat(history, place),
        simulated: simulated[place] as WrittenReceipt,
        live: receiptValue(renamed(receipt, seqOf)) as unknown as WrittenReceipt,
      }
    })
    return { pairs, unsent }
  } finally {
    agent.destroy()
    await started.serve.close(1000)
    await mock.close()
  }
}

async function simulatedReceipts(
  terminal: FakeTerminal,
  policy: string,
): Promise<readonly WrittenReceipt[]> {
  const path = join(terminal.folder, 'policy.yaml')
  writeFileSync(path, policy)
  const { code, out, err } = await runIn(terminal, 'export', '--receipts', '--policy', path)
  if (code !== 0) throw new Error(err)
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as WrittenReceipt)
}

/** The vendors that a gateway knows by itself; any other of the log is the mock as well. */
const known = ['openai', 'anthropic']

function withProviders(policy: string, history: History, url: string): string {
  const names = new Set(history.profiles.flatMap((profile) => profile?.provider ?? []))
  const others = [...names].filter((name) => !known.includes(name) && isPathName.test(name))
  if (others.length === 0) return policy
  const provider = (name: string) => ({ name, dialect: 'openai-chat', baseUrl: `${url}/v1` })
  return `${policy}\nserve: ${JSON.stringify({ providers: others.map(provider) })}\n`
}

const isPathName = /^[a-z][\w-]*$/

type AskedRequest = {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A request of a log as a client would send it, with what its mock is to answer; a text says why there is none. */
function askedOf(
  history: History,
  place: number,
  receipt: WrittenReceipt,
  { tellsUncached = false }: ReplayOptions,
): AskedRequest | string {
  const request = history.requestAt(place)
  if (Number.isNaN(history.at[place])) return 'undated'
  if (request.operation !== 'chat') return `operation ${request.operation}`
  const asked = bodyOfRequest(request)
  if (asked === null) return 'no prompt'
  const { provider } = request
  const start = provider === undefined || known.includes(provider) ? '' : `/${provider}`
  return {
    path: `${isPathName.test(provider ?? 'a') ? start : ''}/v1${dialectOf(asked.dialect).path}`,
    headers: {
      'content-type': 'application/json',
      'x-llmcost-at': String(history.at[place]),
      ...identityHeaders(request),
      ...(tellsUncached && uncached(receipt) !== null && { 'x-llmcost-cache': 'off' }),
      ...mockHeaders(history, place, receipt),
    },
    body: JSON.stringify(asked.body),
  }
}

/** Why a request was none for a cache, as only its answer told; null: it was one. */
export function uncached({ steps }: Pick<WrittenReceipt, 'steps'>): string | null {
  const step = steps.find(({ reason }) => reason === 'tool-call' || reason === 'not-answered')
  return step === undefined ? null : String(step['reason'])
}

function identityHeaders(request: Request): Record<string, string> {
  const { user, feature, plan, team, session, trace, namespace, key } = request
  const { documentVersion, promptVersion, task, agentRole, requiresReasoning, tags } = request
  const { diffLines, paths } = request
  const fields = { user, feature, plan, team, session, trace, tenant: namespace, task }
  const others = {
    'document-version': documentVersion,
    'prompt-version': promptVersion,
    'agent-role': agentRole,
    'requires-reasoning': requiresReasoning === true ? 'true' : undefined,
  }
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries({ ...fields, ...others }))
    if (value !== undefined) headers[`x-llmcost-${name}`] = bytesOf(value)
  for (const [name, value] of tags ?? [])
    if (/^[\w-]+$/.test(name)) headers[`x-llmcost-tag-${name}`] = bytesOf(value)
  const hint = tags?.get('hint')
  if (hint !== undefined) headers['x-llmcost-hint'] = bytesOf(hint)
  if (diffLines !== undefined || paths !== undefined)
    headers['cf-aig-metadata'] = bytesOf(JSON.stringify({ diffLines, paths }))
  // A client's own key is its namespace, where it names none.
  if (key !== undefined && namespace !== undefined) headers['authorization'] = `Bearer ${key}`
  return headers
}

/** UTF-8, as `node:http` sends it. */
const bytesOf = (text: string): string => Buffer.from(text).toString('latin1')

const statusOf: Readonly<Record<Exclude<Status, 'ok'>, string>> = {
  error: '500',
  timeout: '408',
  cancelled: '500',
}

/** What the log says of the answer, or the simulation where it is of a model that the log never asked this. */
function mockHeaders(
  history: History,
  place: number,
  { steps }: WrittenReceipt,
): Record<string, string> {
  const { columns } = history
  const { model, status } = history.requestAt(place)
  const attempt = attemptIn(steps)
  const isOther = attempt?.['outcome'] === 'unknown'
  // What of a prompt its provider has in its cache depends on the calls that the policy saves.
  const usage = (attempt?.['usage'] as Usage | undefined) ?? usageAt(columns, place)
  const latencyMs = isOther ? (attempt['latencyMs'] as number) : history.latencyMs[place]
  const { inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = usage
  const counts = [inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens]
  return {
    'x-mock-latency-ms': String(latencyMs),
    'x-mock-usage': [...counts, usage.outputTokens, usage.reasoningTokens].join(','),
    'x-mock-finish': finishAt(history, place),
    ...(!isOther && { 'x-mock-model': model }),
    ...(status !== 'ok' && { 'x-mock-status': statusOf[status] }),
  }
}

const attemptIn = (steps: readonly WrittenStep[]): WrittenStep | undefined =>
  steps.findLast(({ kind }) => kind === 'attempt')

/** Of a model that the log never asked this: nobody knows what it would say. */
export const isElsewhere = ({ steps }: Pick<WrittenReceipt, 'steps'>): boolean =>
  attemptIn(steps)?.['outcome'] === 'unknown'

/** No validator finds fault with it. */
const adequate =
  'Open the settings, choose the account that you mean, and confirm the change below.'

function finishAt({ bypass, columns }: History, place: number): string {
  if (bypassReasons[bypass[place] as number] === 'tool-call') return 'tool'
  return ((columns.flags[place] as number) & flag.truncated) === 0 ? 'stop' : 'length'
}

function answerAt(history: History, place: number): string {
  const link = history.lookup.answerOf(history.seq[place] as number)
  return link?.content || 'An answer that nobody has written down, of some length.'
}

const isFlat = ({ columns }: History, place: number): boolean =>
  ((columns.flags[place] as number) & flag.servedFromCache) !== 0 ||
  (columns.costTools[place] as number) > 0

/** The id that the gateway gave it. */
const send = (url: string, { path, headers, body }: AskedRequest, agent: Agent): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = httpRequest(`${url}${path}`, { method: 'POST', headers, agent }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.once('error', reject).once('end', () => {
        const id = response.headers['x-llmcost-request-id']
        if (typeof id === 'string') resolve(id)
        else reject(new Error(`${path}: ${response.statusCode} ${text.slice(0, 300)}`))
      })
    })
    sent.once('error', reject)
    sent.end(body)
  })

/** A receipt with other names for its requests. */
export const renamed = (receipt: Receipt, nameOf: (id: Receipt['id']) => number): Receipt => ({
  ...receipt,
  id: nameOf(receipt.id),
  servedBy: receipt.servedBy === null ? null : nameOf(receipt.servedBy),
  steps: receipt.steps.map((step): Step => {
    if (step.kind === 'hit') return { ...step, entry: nameOf(step.entry) }
    return step.kind === 'coalesced' ? { ...step, with: nameOf(step.with) } : step
  }),
})
