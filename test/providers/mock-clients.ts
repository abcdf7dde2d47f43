import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach } from 'vitest'
import {
  type MockServer,
  type MockServerOptions,
  startMockServer,
} from '../../src/providers/mock-server.ts'
import { defaultMockSettings, type MockSettings } from '../../src/providers/mock-settings.ts'

const open: MockServer[] = []

/** A mock server until the test ends, with both vendors' own clients, which do not retry. */
export async function startMock(
  settings: Partial<MockSettings> = {},
  options: Omit<MockServerOptions, 'settings'> = {},
) {
  const server = await startMockServer({
    settings: { ...defaultMockSettings, ...settings },
    ...options,
  })
  open.push(server)
  return { server, ...clientsOf(server.url) }
}

export const clientsOf = (url: string) => ({
  openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0, logLevel: 'off' }),
  anthropic: new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0, logLevel: 'off' }),
})

/** Forces one call's behaviour. */
export const forced = (headers: Readonly<Record<string, string>>) => ({
  headers: Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [`x-mock-${name}`, value]),
  ),
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})
