import { onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import type { JsonObject } from '../../src/domain/json.ts'
import { parsePolicy } from '../../src/policy/parse-policy.ts'
import type { GatewayState } from '../../src/serve/gateway-state.ts'
import { type FixtureAnswer, startFixtureUpstream } from './gateways/fixture-upstream.ts'
import { startLiveGateway } from './live-gateway.ts'

/** A gateway of this process in front of what a test makes answer; both end with the test. */
export async function startFixtureGateway(
  answer: FixtureAnswer,
  policy: JsonObject = {},
  parts: Partial<GatewayState> = {},
) {
  const parsed = parsePolicy(stringify(policy), {
    nearest: () => null,
    knownModel: () => ({ known: true }),
  })
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems))
  const upstream = await startFixtureUpstream(answer)
  const gateway = await startLiveGateway({
    env: {
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      ANTHROPIC_BASE_URL: upstream.url,
      OPENAI_API_KEY: 'sk-of-the-gateway',
    },
    policy: parsed.policy,
    parts,
  })
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
  })
  const post = (path: string, body: object, init: RequestInit = {}) =>
    fetch(`${gateway.url}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', ...init.headers },
    })
  return { gateway, upstream, post }
}

/** A question for a small chat model. */
export const asking = (content: string, more: JsonObject = {}): JsonObject => ({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content }],
  ...more,
})

/** A whole chat completion. */
export const completion = (content: string, more: JsonObject = {}): string =>
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'gpt-4o-mini',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
    ...more,
  })

/** An event of a streamed chat completion. */
export const chunk = (content: string, finish: string | null = null): string =>
  `data: ${JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    model: 'gpt-4o-mini',
    choices: [{ index: 0, delta: { content }, finish_reason: finish }],
  })}\n\n`

export const usageChunk = `data: ${JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  model: 'gpt-4o-mini',
  choices: [],
  usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
})}\n\n`

export const endOfStream = 'data: [DONE]\n\n'
