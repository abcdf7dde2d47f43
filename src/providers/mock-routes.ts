import type { Dialect } from '../dialects/dialect.ts'
import { dialectOf } from '../dialects/dialects.ts'
import { dialectNames } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import { isObject, type JsonObject, textOf } from '../domain/json.ts'
import { noUsage } from '../domain/usage.ts'
import { answerCall } from './mock-calls.ts'
import { embeddingsAnswer } from './mock-embeddings.ts'
import { faultOf } from './mock-faults.ts'
import { sendFault, sendJson } from './mock-send.ts'
import { promptTokens } from './mock-usage.ts'
import type { MockState, Visit, Visited } from './mock-visit.ts'

const noModel: Visited = { model: null, outcome: null }

/** Answers any request; nothing that a caller sends makes it throw. */
export async function answerRequest(visit: Visit): Promise<Visited> {
  const { request, response } = visit
  const path = (request.url ?? '').split('?')[0] ?? ''
  try {
    return request.method === 'POST' ? await answerPost(visit, path) : answerGet(visit, path)
  } catch (error) {
    if (response.headersSent) response.destroy()
    else refuse(visit, dialectAt(path), { ...faultOf('500', 0), message: String(error) })
    return { model: null, outcome: 'error' }
  }
}

function answerGet({ request, response, state }: Visit, path: string): Visited {
  const { pathname } = new URL(path, 'http://mock')
  if (pathname === '/mock/tally') sendJson(response, 200, state.tally.tally())
  else if (pathname === '/v1/models') {
    const isAnthropic = request.headers['anthropic-version'] !== undefined
    sendJson(response, 200, isAnthropic ? anthropicModels(state) : openaiModels(state))
  } else if (pathname === '/health') sendJson(response, 200, { status: 'ok' })
  else sendFault(response, dialectAt(path), notFound(path))
  return noModel
}

const notFound = (path: string): Fault => ({
  ...faultOf('404', 0),
  message: `There is nothing at ${path}.`,
})

const pathOf = (dialect: Dialect): string => `/v1${dialect.path}`
const dialects = dialectNames.map(dialectOf)

/** Whose words a path is answered in. */
const dialectAt = (path: string): Dialect =>
  dialects.find((dialect) => path.startsWith(pathOf(dialect))) ?? dialectOf('openai-chat')

async function answerPost(visit: Visit, path: string): Promise<Visited> {
  const { response, state } = visit
  if (path === '/mock/reset') {
    state.tally.reset()
    state.turns.clear()
    sendJson(response, 200, state.tally.tally())
    return noModel
  }
  const dialect = dialectAt(path)
  const isCount = path === `${pathOf(dialectOf('anthropic-messages'))}/count_tokens`
  const isKnown = isCount || path === '/v1/embeddings' || path === pathOf(dialect)
  if (!isKnown) return refuse(visit, dialect, notFound(path))
  const body = await readBody(visit)
  if (!isObject(body)) return refuse(visit, dialect, body === null ? tooLarge : notJson)
  if (textOf(body['model']) === undefined) return refuse(visit, dialect, noModelName)
  state.models.add(String(body['model']))
  if (isCount) {
    sendJson(response, 200, { input_tokens: promptTokens(dialect.readCall(body)) })
    return noModel
  }
  const limited = limit(visit, dialect, String(body['model']))
  if (limited !== null) return limited
  return path === '/v1/embeddings'
    ? answerEmbeddings(visit, body)
    : answerCall(visit, dialect, body)
}

/** Errors before a model is asked are not billed; they are no calls of the tally. */
function refuse({ request, response }: Visit, dialect: Dialect, fault: Fault): Visited {
  // A caller who is still sending reads no answer before all is sent.
  request.resume()
  sendFault(response, dialect, fault)
  return { model: null, outcome: 'refused' }
}

const tooLarge = faultOf('413', 0)
const notJson: Fault = { ...faultOf('400', 0), message: 'The body is no JSON object.' }
const noModelName: Fault = { ...faultOf('400', 0), message: 'model: a name is required.' }

/** The body as JSON; null: larger than allowed; undefined: no JSON. */
async function readBody({ request, state }: Visit): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > state.maxBodyBytes) return null
    chunks.push(chunk)
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString())
    return value ?? undefined
  } catch {
    return undefined
  }
}

/** Sets the headers of the rate limit; a refusal where the window is used up. */
function limit(visit: Visit, dialect: Dialect, model: string): Visited | null {
  const { response, state } = visit
  const window = state.rateWindow?.take()
  if (window === undefined) return null
  response.setHeaders(new Headers(window.headers))
  if (window.isAllowed) return null
  const fault = faultOf('429', window.resetMs)
  sendFault(response, dialect, fault)
  const { requestId } = visit
  state.tally.add({ requestId, model, streamed: false, outcome: '429', usage: null })
  return { model, outcome: '429' }
}

function answerEmbeddings(visit: Visit, body: JsonObject): Visited {
  const answer = embeddingsAnswer(body)
  if ('mistake' in answer)
    return refuse(visit, dialectOf('openai-chat'), { ...notJson, message: answer.mistake })
  const model = String(body['model'])
  sendJson(visit.response, 200, answer.body)
  visit.state.tally.add({
    requestId: visit.requestId,
    model,
    streamed: false,
    outcome: 'answered',
    usage: { ...noUsage, inputTokens: answer.tokens },
  })
  return { model, outcome: 'answered' }
}

const modelNames = ({ settings, models }: MockState): readonly string[] => [
  ...new Set([
    'mock',
    ...settings.models.map(({ match }) => match).filter((match) => !match.includes('*')),
    ...models,
  ]),
]

const openaiModels = (state: MockState): object => ({
  object: 'list',
  data: modelNames(state).map((id) => ({ id, object: 'model', created: 0, owned_by: 'mock' })),
})

function anthropicModels(state: MockState): object {
  const names = modelNames(state)
  const created_at = '1970-01-01T00:00:00Z'
  const data = names.map((id) => ({ type: 'model', id, display_name: id, created_at }))
  return { data, has_more: false, first_id: names[0], last_id: names.at(-1) }
}
