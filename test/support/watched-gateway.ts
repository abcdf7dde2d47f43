import { startMockServer } from '../../src/providers/mock-server.ts'
import { defaultMockSettings, type MockSettings } from '../../src/providers/mock-settings.ts'
import type { GatewayState } from '../../src/serve/gateway-state.ts'
import { policyOf } from '../policy/support.ts'
import { alikeCache } from './alike-cache.ts'
import { startLiveGateway } from './live-gateway.ts'

export type Ask = {
  readonly text: string
  readonly model?: string
  readonly streams?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A gateway over a mock, with a semantic cache in which all questions with the same first word are alike: two that have
 * different answers make a wrong hit.
 */
export async function startWatchedGateway(options: {
  readonly policy: string
  readonly mock?: Partial<MockSettings>
  readonly env?: Readonly<Record<string, string>>
  readonly parts?: Partial<GatewayState>
  readonly similarity?: (a: string, b: string) => number
}) {
  const mock = await startMockServer({ settings: { ...defaultMockSettings, ...options.mock } })
  const { cache, held } = alikeCache(options.similarity ?? bySameStart)
  const gateway = await startLiveGateway({
    env: { OPENAI_BASE_URL: `${mock.url}/v1`, ANTHROPIC_BASE_URL: mock.url, ...options.env },
    policy: policyOf(options.policy),
    cache,
    parts: { chance: () => 0, ...options.parts },
  })
  const post = ({ text, model = 'gpt-4o-mini', streams = false, headers = {} }: Ask) =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer sk-caller',
        ...headers,
      },
      body: JSON.stringify({ model, stream: streams, messages: [{ role: 'user', content: text }] }),
    })
  return {
    ...gateway,
    held,
    mock,
    post,
    /** The text of an answer in one piece. */
    async ask(text: string, rest: Omit<Ask, 'text' | 'streams'> = {}): Promise<string> {
      const response = await post({ text, ...rest })
      const body = (await response.json()) as {
        readonly choices?: readonly { readonly message: { readonly content: string } }[]
      }
      return body.choices?.[0]?.message.content ?? `status ${response.status}`
    },
    async close() {
      await gateway.close()
      await mock.close()
    },
  }
}

const firstWord = (text: string) => text.split(' ', 1)[0]
const bySameStart = (a: string, b: string) =>
  a === b ? 1 : firstWord(a) === firstWord(b) ? 0.95 : 0

/** The mock answers a question that ends with one of the words with a number of its own. */
export const answersByLastWord = (...words: readonly string[]) =>
  words.map((word, index) => ({ when: `${word}$`, answer: `It takes ${11 + index} days.` }))
