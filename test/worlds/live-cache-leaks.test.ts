import { describe, expect, it } from 'vitest'
import type { Message, Request } from '../../src/domain/request.ts'
import type { CachePolicy, NamespaceField } from '../../src/policy/caching.ts'
import {
  answered,
  cachingPolicy,
  failed,
  openLiveCache,
  openPlainGateway,
  question,
  servedBy,
} from '../support/live-cache.ts'

const by = (...fields: readonly NamespaceField[]): Pick<CachePolicy, 'namespace'> => ({
  namespace: { kind: 'fields', fields },
})

/** How requests are served, one after the other. */
async function served(
  cache: Parameters<typeof cachingPolicy>[0],
  requests: readonly Request[],
): Promise<readonly string[]> {
  const gateway = openPlainGateway(cachingPolicy(cache))
  const found: string[] = []
  for (const request of requests) found.push(servedBy(await gateway.ask(request)))
  return found
}

const notice = 'How long is the notice period?'
const similar = 'How long is the notice period here?'

describe('a cached answer never reaches', () => {
  it('another user, byte for byte the same question or a similar one', async () => {
    const ask = (text: string, user: string) => question(text, { user })
    expect(
      await served(by('user'), [
        ask(notice, 'alice'),
        ask(notice, 'bob'),
        ask(similar, 'carol'),
        ask(notice, 'alice'),
        ask(similar, 'alice'),
        ask(similar, 'bob'),
      ]),
    ).toEqual(['model', 'model', 'model', 'exact', 'semantic', 'semantic'])
  })

  it.each(['tenant', 'key', 'team', 'session', 'plan'] as const)(
    'another %s, in either layer',
    async (field) => {
      const name = field === 'tenant' ? 'namespace' : field
      const ask = (text: string, value: string) => question(text, { [name]: value })
      expect(
        await served(by(field), [ask(notice, 'a'), ask(notice, 'b'), ask(similar, 'c')]),
      ).toEqual(['model', 'model', 'model'])
    },
  )

  it('whoever names nobody, where names tell apart', async () => {
    expect(
      await served(by('user'), [question(notice, { user: 'alice' }), question(notice)]),
    ).toEqual(['model', 'model'])
    expect(await served(by('user'), [question(notice), question(notice, { user: '' })])).toEqual([
      'model',
      'model',
    ])
  })

  it('a user whose name is written like somebody else’s field', async () => {
    const ask = (user: string, feature?: string) =>
      question(notice, { user, ...(feature !== undefined && { feature }) })
    expect(
      await served(by('user', 'feature'), [
        ask('a', 'b\nfeature=c'),
        ask('a\nfeature=b', 'c'),
        ask('a\n\nfeature=b', 'c'),
        ask('a\nfeature=b\nfeature=c'),
        ask('a', 'b'),
      ]),
    ).toEqual(['model', 'model', 'model', 'model', 'model'])
  })

  it('a user who is called like a feature that shares its answers', async () => {
    const rules = [
      { name: 'faq', when: { feature: ['faq'] }, namespace: by('feature').namespace },
    ] as const
    expect(
      await served({ ...by('user'), rules }, [
        question(notice, { user: 'faq' }),
        question(notice, { user: 'eve', feature: 'faq' }),
      ]),
    ).toEqual(['model', 'model'])
  })

  it('readers of another document version', async () => {
    const ask = (documentVersion: string) => question(notice, { documentVersion })
    expect(await served({}, [ask('1'), ask('2'), ask('1')])).toEqual(['model', 'model', 'exact'])
  })

  it('another upstream with a model of the same name', async () => {
    const ask = (requestedModel: string) => question(notice, { requestedModel })
    expect(
      await served({}, [ask('azure:gpt-4o'), ask('openai:gpt-4o'), ask('azure:gpt-4o')]),
    ).toEqual(['model', 'model', 'exact'])
  })

  it.each([
    ['model', { model: 'gpt-4o-mini' }],
    ['parameters', { params: { temperature: 1 } }],
    ['answer format', { params: { response_format: { type: 'json_object' } } }],
    ['operation', { operation: 'completion' }],
  ] as const)('a request for another %s', async (_, rest) => {
    expect(await served({}, [question(notice), question(notice, rest)])).toEqual(['model', 'model'])
  })

  it('another system prompt or other tools', async () => {
    const messages: readonly Message[] = [{ role: 'user', content: notice }]
    const tools = [{ type: 'function', function: { name: 'look' } }]
    const prompts: readonly NonNullable<Request['prompt']>[] = [
      { messages },
      { messages, system: 'Answer for Germany.' },
      { messages, system: 'Answer for France.' },
      { messages, tools },
    ]
    expect(
      await served(
        {},
        prompts.map((prompt) => question('', { prompt })),
      ),
    ).toEqual(['model', 'model', 'model', 'model'])
  })
})

describe('an answer in one conversation', () => {
  const turn = (before: string, text: string): Request =>
    question('', {
      prompt: {
        messages: [
          { role: 'user', content: before },
          { role: 'assistant', content: 'Shall I?' },
          { role: 'user', content: text },
        ],
      },
    })

  it.each(['continue', 'yes'])('is not the answer to "%s" in another', async (text) => {
    const requests = [turn('Delete the branch', text), turn('Send the invoice', text)]
    expect(await served({}, requests)).toEqual(['model', 'model'])
    // Longer conversations are compared only where the whole of them is.
    const semantic = { maxMessages: 10, cacheText: { kind: 'conversation' } } as const
    expect(await served({ semantic }, requests)).toEqual(['model', 'model'])
  })

  it('serves the same conversation asked again', async () => {
    const request = turn('Delete the branch', 'yes')
    expect(await served({}, [request, request])).toEqual(['model', 'exact'])
  })
})

describe('the key of a request', () => {
  it('is not changed by cache marks that move, nor by the order of its fields', async () => {
    const part = (text: string, isMarked: boolean) => ({
      type: 'text',
      text,
      ...(isMarked && { cache_control: { type: 'ephemeral' } }),
    })
    const marked = (first: boolean): Request =>
      question('', {
        prompt: {
          system: [part('Be kind.', first), part('Be short.', !first)],
          messages: [{ role: 'user', content: [part(notice, first), part('Please.', !first)] }],
        },
      })
    const turned: Request = { ...marked(true), params: { top_p: 1, temperature: 0 } }
    expect(
      await served({}, [
        marked(true),
        marked(false),
        turned,
        { ...turned, params: { temperature: 0, top_p: 1 } },
      ]),
    ).toEqual(['model', 'exact', 'model', 'exact'])
  })
})

describe('what must not be stored is not:', () => {
  const repeated = async (...attempts: readonly ReturnType<typeof answered>[]) => {
    const policy = cachingPolicy()
    let call = 0
    const gateway = openPlainGateway(
      policy,
      openLiveCache(policy.cache),
      () => attempts[Math.min(call++, attempts.length - 1)] ?? failed,
    )
    const first = await gateway.ask(question(notice))
    const second = await gateway.ask(question(notice))
    return [first.receipt.outcome, second.receipt.outcome]
  }

  it('an error', async () => {
    expect(await repeated(failed, answered('30 days'))).toEqual(['failed', 'answered'])
  })

  it.each([
    ['an answer that was cut off', { finishReason: 'length' }],
    ['an answer that was filtered', { finishReason: 'content_filter' }],
    ['one of several choices', { choices: 2 }],
    ['a tool call', { toolCalls: [{ id: 'c' }] }],
  ] as const)('%s', async (_, rest) => {
    expect(await repeated(answered('30', 0, rest))).toEqual(['answered', 'answered'])
  })
})

describe('a similar question is not served where it differs in', () => {
  it.each([
    ['a number', 'How do I return item 12 here?', 'How do I return item 13 here?'],
    ['a name', 'How long is the flight to Paris now?', 'How long is the flight to Rome now?'],
    ['a negation', 'Can the invoice be changed later?', 'Can the invoice not be changed later?'],
    ['the order of its words', 'convert dollars to euros', 'convert euros to dollars'],
  ])('%s', async (_, first, second) => {
    const semantic = { threshold: 0.6 }
    expect(await served({ semantic }, [question(first), question(second)])).toEqual([
      'model',
      'model',
    ])
    const unguarded = { threshold: 0.6, guards: [] }
    expect(await served({ semantic: unguarded }, [question(first), question(second)])).toEqual([
      'model',
      'semantic',
    ])
  })
})
