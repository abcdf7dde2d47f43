import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { DialectName } from '../../src/domain/call.ts'
import { noCallLimits } from '../../src/domain/provider.ts'
import { type LiveProviders, openLiveProviders } from '../../src/providers/live-providers.ts'
import { plainCall } from './calls.ts'
import { type RawServer, respond, startRawServer } from './raw-server.ts'
import { wireAnswers } from './wire-answers.ts'

const json = { 'content-type': 'application/json' }
const answers = {
  chat: respond(200, json, JSON.stringify(wireAnswers['openai-chat'].whole)),
  messages: respond(200, json, JSON.stringify(wireAnswers['anthropic-messages'].whole)),
}

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function serve(answer: Buffer): Promise<RawServer> {
  const server = await startRawServer((socket) => socket.end(answer))
  closers.push(server.close)
  return server
}

function openProviders(
  env: Readonly<Record<string, string>>,
  own: readonly {
    name: string
    dialect: DialectName
    baseUrl: string
    apiKeyEnv: string | null
  }[] = [],
): LiveProviders {
  const providers = openLiveProviders({ env, own: own.map((each) => ({ ...each, models: [] })) })
  closers.push(providers.close)
  return providers
}

async function askOf(providers: LiveProviders, target: string) {
  const { provider, model } = await providers.find(target)
  return provider.ask({ ...plainCall, model }, { limits: noCallLimits })
}

describe('live providers', () => {
  it('ask the address of the environment with the key of the provider, and no other', async () => {
    const openai = await serve(answers.chat)
    const anthropic = await serve(answers.messages)
    const providers = openProviders({
      OPENAI_BASE_URL: `${openai.url}/v1`,
      OPENAI_API_KEY: 'sk-planted-openai',
      ANTHROPIC_BASE_URL: anthropic.url,
      ANTHROPIC_API_KEY: 'sk-ant-planted',
    })
    expect(await askOf(providers, 'openai:gpt-4o-mini')).toMatchObject({ kind: 'answered' })
    expect(await askOf(providers, 'claude-haiku-4-5')).toMatchObject({ kind: 'answered' })
    const [asked] = openai.requests
    expect(asked).toMatchObject({
      head: 'POST /v1/chat/completions HTTP/1.1',
      headers: { authorization: 'Bearer sk-planted-openai' },
    })
    expect(JSON.parse(asked?.body ?? '')).toMatchObject({ model: 'gpt-4o-mini' })
    expect(anthropic.requests).toMatchObject([
      {
        head: 'POST /v1/messages HTTP/1.1',
        headers: { 'x-api-key': 'sk-ant-planted', 'anthropic-version': '2023-06-01' },
      },
    ])
    expect(JSON.stringify([...openai.requests])).not.toContain('sk-ant')
    expect(anthropic.requests[0]?.headers['authorization']).toBeUndefined()
  })

  it('send no key where none is wanted, whatever is in the environment of the process', async () => {
    const planted = {
      OPENAI_API_KEY: 'sk-planted-1',
      OPENAI_ADMIN_KEY: 'sk-planted-2',
      OPENAI_ORG_ID: 'org-planted-3',
      OPENAI_CUSTOM_HEADERS: 'X-Planted: planted-4\nAuthorization: Bearer planted-5',
      ANTHROPIC_API_KEY: 'sk-ant-planted-6',
      ANTHROPIC_AUTH_TOKEN: 'planted-7',
      ANTHROPIC_CUSTOM_HEADERS: 'X-Planted: planted-8\nx-api-key: planted-9',
    }
    const before = { ...process.env }
    Object.assign(process.env, planted)
    try {
      for (const [dialect, answer] of [
        ['openai-chat', answers.chat],
        ['anthropic-messages', answers.messages],
      ] as const) {
        const server = await serve(answer)
        const own = [{ name: 'mine', dialect, baseUrl: `${server.url}/v1`, apiKeyEnv: null }]
        const answered = await askOf(openProviders({}, own), 'mine:small')
        expect(answered.kind).toBe('answered')
        expect(JSON.stringify(server.requests)).not.toMatch(/planted|authorization|x-api-key/i)
      }
    } finally {
      for (const name of Object.keys(planted))
        if (before[name] === undefined) delete process.env[name]
        else process.env[name] = before[name]
    }
  })

  it('are the same provider for all its models, and load nothing for a target that is none', async () => {
    const providers = openProviders({ OPENAI_API_KEY: 'sk-planted' })
    const [small, large] = [await providers.find('openai:small'), await providers.find('gpt-4o')]
    expect(small.provider).toBe(large.provider)
    await expect(providers.find('opnai:small')).rejects.toThrow(/unknown provider/)
    await expect(providers.find('groq:small')).rejects.toThrow(/GROQ_API_KEY/)
  })

  it('find a key that is set after it was missed', async () => {
    const env: Record<string, string> = {}
    const providers = openProviders(env)
    await expect(providers.find('openai:small')).rejects.toThrow(/OPENAI_API_KEY/)
    env['OPENAI_API_KEY'] = 'sk-planted'
    expect((await providers.find('openai:small')).provider.name).toBe('openai')
  })
})

describe('a proxy', () => {
  /** Passes tunnels on to one server, whatever name they ask for; or refuses them. */
  async function startProxy(to: RawServer | null) {
    const heads: string[] = []
    const proxy: Server = createServer((client) => {
      client.on('error', () => {})
      client.once('data', (bytes) => {
        heads.push(bytes.toString())
        if (to === null) {
          client.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')
          return
        }
        client.write('HTTP/1.1 200 OK\r\n\r\n')
        void pipeTo(client, Number(new URL(to.url).port))
      })
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    closers.push(async () => proxy.close())
    const address = proxy.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    return { url: `http://me:proxy-password@127.0.0.1:${port}`, heads }
  }

  async function pipeTo(client: import('node:net').Socket, port: number) {
    const { connect } = await import('node:net')
    const upstream = connect(port, '127.0.0.1')
    upstream.on('error', () => client.destroy())
    client.pipe(upstream).pipe(client)
  }

  const own = (baseUrl: string) => [
    { name: 'mine', dialect: 'openai-chat' as const, baseUrl, apiKeyEnv: 'MINE_KEY' },
  ]

  it('is gone through, and told no key', async () => {
    const server = await serve(answers.chat)
    const { url, heads } = await startProxy(server)
    const env = { HTTP_PROXY: url, MINE_KEY: 'planted-key' }
    const providers = openProviders(env, own('http://models.invalid/v1'))
    expect(await askOf(providers, 'mine:small')).toMatchObject({ kind: 'answered' })
    expect(heads).toEqual([expect.stringMatching(/^CONNECT models\.invalid:80 /)])
    expect(heads.join()).not.toContain('planted-key')
    expect(server.requests).toHaveLength(1)
  })

  it('that refuses is a provider out of reach, and its password is not shown', async () => {
    const { url, heads } = await startProxy(null)
    const env = { https_proxy: url, MINE_KEY: 'planted-key' }
    const providers = openProviders(env, own('https://models.invalid/v1'))
    const answer = await askOf(providers, 'mine:small')
    expect(answer).toMatchObject({ kind: 'failed', fault: { kind: 'unreachable' } })
    expect(JSON.stringify(answer)).not.toMatch(/proxy-password|planted-key/)
    expect(heads).toEqual([expect.stringMatching(/^CONNECT models\.invalid:443 /)])
  })

  it('is left aside for what NO_PROXY names', async () => {
    const server = await serve(answers.chat)
    const { url, heads } = await startProxy(null)
    const env = { HTTP_PROXY: url, NO_PROXY: 'example.com,127.0.0.1', MINE_KEY: 'planted-key' }
    const providers = openProviders(env, own(`${server.url}/v1`))
    expect(await askOf(providers, 'mine:small')).toMatchObject({ kind: 'answered' })
    expect(heads).toEqual([])
  })

  it('has to have an address, which is not shown', async () => {
    const providers = openProviders(
      { HTTPS_PROXY: 'me:proxy-password@proxy', MINE_KEY: 'k' },
      own('https://models.invalid/v1'),
    )
    const failure = await providers.find('mine:small').catch((error: unknown) => error)
    expect(String(failure)).toMatch(/HTTPS_PROXY is no address/)
    expect(String(failure)).not.toContain('proxy-password')
  })
})

describe('Azure', () => {
  it('is asked by deployment, with the version and the key in its own header', async () => {
    const server = await serve(answers.chat)
    const { openUpstream } = await import('../../src/providers/upstream.ts')
    const { openTransport } = await import('../../src/providers/transport.ts')
    const real = await openTransport({})
    closers.push(real.close)
    // Its addresses are known by their names: here they lead to loopback.
    const fetch = (url: string, init: RequestInit) =>
      real.fetch(url.replace('https://res.openai.azure.com', server.url), init)
    const ask = async (baseUrl: string, apiVersion?: string) => {
      const provider = { name: 'azure', dialect: 'openai-chat', baseUrl, apiKeyEnv: '', models: [] }
      const upstream = await openUpstream({
        provider: { ...provider, dialect: 'openai-chat' },
        key: 'planted',
        apiVersion,
        transport: { ...real, fetch },
      })
      await upstream('/chat/completions', { model: 'mine' }, new AbortController().signal)
      const { head = '', headers = {} } = server.requests.at(-1) ?? {}
      return [head.split(' ')[1], headers['api-key'] ?? headers['authorization']]
    }
    const deployments = '/openai/deployments/mine/chat/completions?api-version='
    const root = 'https://res.openai.azure.com'
    expect(await ask(`${root}/openai`)).toEqual([`${deployments}2024-10-21`, 'planted'])
    expect(await ask(`${root}/openai`, '2025-01-01')).toEqual([
      `${deployments}2025-01-01`,
      'planted',
    ])
    expect(await ask(`${root}/?api-version=2025-02-02`)).toEqual([
      `${deployments}2025-02-02`,
      'planted',
    ])
    expect(await ask(`${root}/openai/v1`)).toEqual([
      '/openai/v1/chat/completions',
      'Bearer planted',
    ])
  })
})
