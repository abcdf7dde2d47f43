import { expect, test } from 'vitest'
import { readOpenAiFault, writeOpenAiFault } from '../../src/dialects/openai-faults.ts'
import { type FaultKind, faultKinds } from '../../src/domain/fault.ts'

const kindOf = (status: number, body: unknown) =>
  readOpenAiFault(status, {}, typeof body === 'string' ? body : JSON.stringify(body)).kind

const openAi = (message: string, type: string | null, code: string | number | null) => ({
  error: { message, type, param: null, code },
})

const bodies: readonly (readonly [string, number, unknown, FaultKind])[] = [
  [
    'a wrong key',
    401,
    openAi('Incorrect API key provided: sk-ab*cd.', 'invalid_request_error', 'invalid_api_key'),
    'authentication',
  ],
  [
    'a spent quota',
    429,
    openAi('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota'),
    'quota',
  ],
  [
    'a rate limit',
    429,
    openAi('Rate limit reached for gpt-4o', 'tokens', 'rate_limit_exceeded'),
    'rate-limit',
  ],
  [
    'a long prompt',
    400,
    openAi(
      "This model's maximum context length is 128000 tokens.",
      'invalid_request_error',
      'context_length_exceeded',
    ),
    'context-length',
  ],
  [
    'an unknown model',
    404,
    openAi('The model `x` does not exist', 'invalid_request_error', 'model_not_found'),
    'not-found',
  ],
  [
    'a flagged prompt',
    400,
    openAi('Invalid prompt: flagged', 'invalid_request_error', 'invalid_prompt'),
    'content-policy',
  ],
  [
    'a wrong field',
    400,
    openAi("Unsupported parameter: 'max_tokens'", 'invalid_request_error', 'unsupported_parameter'),
    'bad-request',
  ],
  [
    'a country',
    403,
    openAi('Country not supported', 'request_forbidden', 'unsupported_country_region_territory'),
    'permission',
  ],
  [
    'a busy engine',
    503,
    openAi('The engine is currently overloaded', 'server_error', null),
    'overloaded',
  ],
  ['a failure', 500, openAi('The server had an error', 'server_error', null), 'server'],
  [
    'Azure: a filter',
    400,
    {
      error: {
        code: 'content_filter',
        message: 'filtered',
        status: 400,
        innererror: { code: 'ResponsibleAIPolicyViolation' },
      },
    },
    'content-policy',
  ],
  [
    'Azure: a deployment',
    404,
    { error: { code: 'DeploymentNotFound', message: 'no' } },
    'not-found',
  ],
  [
    'Azure: a rate limit',
    429,
    { statusCode: 429, message: 'Rate limit is exceeded. Try again in 26 seconds.' },
    'rate-limit',
  ],
  [
    'Azure: a key',
    401,
    { statusCode: 401, message: 'Access denied due to invalid subscription key' },
    'authentication',
  ],
  [
    'vLLM: a long prompt',
    400,
    {
      object: 'error',
      message: "This model's maximum context length is 8192 tokens.",
      type: 'BadRequestError',
      param: null,
      code: 400,
    },
    'context-length',
  ],
  [
    'vLLM: a newer long prompt',
    400,
    openAi(
      "You passed 1015 input tokens. However, the model's context length is only 1024 tokens",
      'BadRequestError',
      400,
    ),
    'context-length',
  ],
  [
    'vLLM: a model',
    404,
    { object: 'error', message: 'The model `x` does not exist.', type: 'NotFoundError', code: 404 },
    'not-found',
  ],
  ['Ollama: a model', 404, { error: 'model "x" not found, try pulling it first' }, 'not-found'],
  ['Ollama: a failure', 500, { error: 'llama runner process has terminated' }, 'server'],
  ['OpenRouter: credit', 402, { error: { code: 402, message: 'Insufficient credits' } }, 'quota'],
  [
    'OpenRouter: moderation',
    403,
    { error: { code: 403, message: 'violates the usage policies', metadata: { reasons: [] } } },
    'content-policy',
  ],
  [
    'OpenRouter: behind it',
    400,
    {
      error: {
        code: 400,
        message: 'Provider returned error',
        metadata: { raw: '{"message":"prompt is too long: 300000 tokens"}' },
      },
    },
    'context-length',
  ],
  [
    'Google: a rate limit',
    429,
    [
      {
        error: {
          code: 429,
          message: 'You exceeded your current quota',
          status: 'RESOURCE_EXHAUSTED',
        },
      },
    ],
    'rate-limit',
  ],
  [
    'a page of a gateway',
    502,
    '<html><head><title>502 Bad Gateway</title></head><body>…</body></html>',
    'server',
  ],
  ['a page that is too large', 413, '<h1>413 Request Entity Too Large</h1>', 'too-large'],
  ['plain text', 529, 'busy', 'overloaded'],
  ['nothing', 408, '', 'timeout'],
  ['FastAPI', 422, { detail: [{ loc: ['body'], msg: 'field required' }] }, 'bad-request'],
  [
    'an event',
    200,
    { type: 'error', code: 'rate_limit_exceeded', message: 'x', param: null },
    'rate-limit',
  ],
  ['an event with the status inside', 200, { error: { code: 503, message: 'x' } }, 'server'],
  [
    'LM Studio: an event',
    200,
    { error: { message: 'more tokens than the context length' } },
    'context-length',
  ],
]

test.each(bodies)('%s', (_, status, body, kind) => {
  expect(kindOf(status, body)).toBe(kind)
})

test.each(faultKinds)('%s is read back as it was written', (kind) => {
  for (const message of ['something', 'context length', 'overloaded, out of credits']) {
    const { status, body } = writeOpenAiFault({ kind, message, status: null, retryAfterMs: null })
    expect(status).toBeGreaterThanOrEqual(400)
    const read = readOpenAiFault(status, {}, JSON.stringify(body))
    expect(read).toEqual({ kind, message, status, retryAfterMs: null })
    expect(kindOf(200, body)).toBe(kind)
  }
})

test.each([
  [{ 'retry-after': '20' }, 20_000],
  [{ 'retry-after': '0.5' }, 500],
  [{ 'retry-after': '2', 'retry-after-ms': '1200' }, 1200],
  [
    { 'retry-after': 'Thu, 01 Jan 1970 00:01:30 GMT', date: 'Thu, 01 Jan 1970 00:00:00 GMT' },
    90_000,
  ],
  [
    { 'retry-after': 'Fri, 01 Mar 2024 00:00:10 GMT', date: 'Wed, 28 Feb 2024 23:59:50 GMT' },
    86_420_000,
  ],
  [{ 'retry-after': 'Fri, 01 Mar 2024 00:00:10 GMT', date: 'Sat, 02 Mar 2024 00:00:00 GMT' }, 0],
  [{ 'retry-after': 'Fri, 01 Mar 2024 00:00:10 GMT' }, null],
  [{ 'retry-after': 'soon' }, null],
  [{ 'retry-after': '-5' }, null],
  [{}, null],
])('waits %o as told: %s ms', (headers, wait) => {
  expect(readOpenAiFault(429, headers, '').retryAfterMs).toBe(wait)
})

test('dates are those of the calendar', () => {
  for (let day = 0; day < 40_000; day += 13) {
    const from = new Date(day * 86_400_000)
    const headers = {
      date: 'Thu, 01 Jan 1970 00:00:00 GMT',
      'retry-after': from.toUTCString(),
    }
    expect(readOpenAiFault(429, headers, '').retryAfterMs).toBe(from.getTime())
  }
})

const messageOf = (body: string) => readOpenAiFault(500, {}, body).message

test('a message is in words, short, and without keys', () => {
  expect(messageOf('<html><title>502 Bad\n Gateway</title><p>x</p></html>')).toBe('502 Bad Gateway')
  expect(messageOf('<p>Bad <b>gateway</b></p>')).toBe('Bad gateway')
  expect(messageOf('')).toBe('HTTP 500')
  expect(messageOf('{}')).toBe('{}')
  expect(messageOf('x'.repeat(5000))).toHaveLength(501)
  const planted = [
    'sk-proj-abcDEF1234567890_-x',
    'sk-ab**********wxyz',
    'Bearer abc.def-123456789',
    'AIzaSyA1234567890abcdefghijk',
    'gsk_abcdefghijklmnop',
    'api_key=0123456789abcdef',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc123',
  ]
  for (const key of planted) {
    const secret = key.replace(/^(?:Bearer |api_key=)/, '')
    const fault = readOpenAiFault(401, {}, JSON.stringify(openAi(`bad ${key}!`, null, null)))
    expect(fault.message).not.toContain(secret)
    expect(JSON.stringify(writeOpenAiFault({ ...fault, message: key }))).not.toContain(secret)
  }
})
