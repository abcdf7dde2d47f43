import type { Dialect, Stamp } from '../dialects/dialect.ts'
import type { Call } from '../domain/call.ts'
import { isObject, type JsonObject } from '../domain/json.ts'
import { faultOf } from './mock-faults.ts'
import { forceAnswer, readForced } from './mock-forced.ts'
import { questionOf } from './mock-model.ts'
import { openPacer } from './mock-pace.ts'
import { sendAnswer, sendFault } from './mock-send.ts'
import { billedUsage } from './mock-usage.ts'
import type { MockState, Visit, Visited } from './mock-visit.ts'

/** Asks the mock what a body of some dialect asks, and answers in that dialect. */
export async function answerCall(
  { request, response, state, requestId, left }: Visit,
  dialect: Dialect,
  body: JsonObject,
): Promise<Visited> {
  const forced = readForced(request.headers)
  if (typeof forced === 'string') {
    sendFault(response, dialect, { ...faultOf('400', 0), message: forced })
    return { model: null, outcome: 'refused' }
  }
  const call = dialect.readCall(body)
  const turn = forced.turn ?? nextTurn(state, call)
  const answer = forceAnswer(state.model(call, turn), forced, state.settings)
  response.setHeader('x-mock-latency-ms', answer.latencyMs.toFixed(3))
  response.setHeader('x-mock-first-token-ms', answer.firstTokenMs.toFixed(3))
  const usageAtStart = billedUsage(answer.reply, 0)
  const stamp = { ...stampOf(dialect, call, body, requestId, state), usageAtStart }
  const pacer = openPacer(left, state.isWaiting)
  const exchange = { response, dialect, call, answer, stamp, pacer, left }
  const sent = await sendAnswer(exchange)
  const { model, streamed } = call
  state.tally.add({ requestId, model, streamed, ...sent })
  return { model, outcome: sent.outcome }
}

/** Questions that are remembered; further ones make the oldest be forgotten. */
const keptQuestions = 500_000

/** A question asked again of the same model is the next turn: a retry may fare better. */
function nextTurn({ turns }: MockState, call: Call): number {
  const key = `${call.model}\n${questionOf(call)}`
  const turn = turns.get(key) ?? 0
  turns.set(key, turn + 1)
  if (turns.size > keptQuestions) turns.delete(turns.keys().next().value ?? '')
  return turn
}

const prefixes = {
  'openai-chat': 'chatcmpl-',
  'openai-responses': 'resp_',
  'anthropic-messages': 'msg_',
}

function stampOf(
  { name }: Dialect,
  { model }: Call,
  body: JsonObject,
  requestId: string,
  { now }: MockState,
): Stamp {
  const options = body['stream_options']
  return {
    id: `${prefixes[name]}${requestId.replace('req_', '')}`,
    model,
    createdAt: Math.floor(now() / 1_000),
    usageInStream: isObject(options) && options['include_usage'] === true,
  }
}
