import { describe, expect, it, test } from 'vitest'
import { catalogue } from '../../src/providers/catalogue.ts'
import { openExactScrub, openScrub, readKey, secretsOf } from '../../src/providers/keys.ts'

const provider = (name: string) => {
  const found = catalogue.find((each) => each.name === name)
  if (found === undefined) throw new Error(name)
  return found
}

describe('a key', () => {
  it('comes from the variable that the provider names', () => {
    const env = { GROQ_API_KEY: ' gsk_planted\n', OPENAI_API_KEY: 'sk-other' }
    expect(readKey(provider('groq'), env)).toBe('gsk_planted')
  })

  test.each([{}, { GROQ_API_KEY: '' }, { GROQ_API_KEY: '  ' }])('is missed by name: %j', (env) => {
    expect(() => readKey(provider('groq'), env)).toThrow(
      expect.objectContaining({
        name: 'UserError',
        message: expect.stringContaining('GROQ_API_KEY'),
        hint: expect.stringContaining('GROQ_API_KEY'),
      }),
    )
  })

  it('is not needed by servers of one’s own', () => {
    expect(readKey(provider('vllm'), {})).toBeNull()
    expect(readKey(provider('vllm'), { VLLM_API_KEY: 'EMPTY' })).toBe('EMPTY')
    expect(readKey({ ...provider('openai'), apiKeyEnv: null }, { OPENAI_API_KEY: 'x' })).toBeNull()
  })

  test.each(['sk-planted\nsecond', 'sk-“planted”', 'sk-planted two'])(
    'that no header takes is refused without being shown: %j',
    (key) => {
      const attempt = () => readKey(provider('openai'), { OPENAI_API_KEY: key })
      expect(attempt).toThrow(/OPENAI_API_KEY holds characters/)
      expect(attempt).not.toThrow(/planted/)
    },
  )
})

describe('what is said of a failure', () => {
  const env = {
    OPENAI_API_KEY: 'my.own-key',
    MINE_KEY: 'my.own-key-and-more',
    HTTPS_PROXY: 'http://me:p%40ss-word@proxy.example:3128',
    PATH: '/bin',
  }
  const mine = {
    name: 'mine',
    dialect: 'openai-chat',
    baseUrl: 'https://m.example/v1',
    apiKeyEnv: 'MINE_KEY',
    models: [],
  } as const
  const secrets = secretsOf([mine], env)
  const scrub = openScrub(secrets)

  test.each([
    ['wrong key my.own-key, twice: my.own-key', 'wrong key [key], twice: [key]'],
    ['key=my.own-key-and-more;', 'key=[key];'],
    ['proxy p%40ss-word or p@ss-word', 'proxy [key] or [key]'],
    ['you sent sk-proj-abc123def456ghi789', 'you sent [key]'],
    ['Incorrect API key provided: sk-ab***************wxyz.', 'Incorrect API key provided: [key]'],
    ['no such model: gpt-4o; look in /bin', 'no such model: gpt-4o; look in /bin'],
  ])('%s', (said, shown) => {
    expect(scrub(said)).toBe(shown)
  })

  it('leaves placeholders alone in texts that matter to the letter', () => {
    const exact = openExactScrub(['EMPTY', 'long-enough-key'])
    expect(exact('EMPTY sk-proj-abc123def456ghi789 long-enough-key')).toBe(
      'EMPTY sk-proj-abc123def456ghi789 [key]',
    )
  })
})
