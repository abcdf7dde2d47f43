import { UserError } from '../domain/user-error.ts'
import type { Terminal } from './terminal.ts'

const timeoutMs = 30_000

/**
 * Fetches a text the user named by its address. Throws a UserError where that fails, takes too long, is too large, or
 * would have to go through a proxy, which Node's fetch does not.
 */
export async function fetchText(
  address: string,
  { env, maxBytes }: { readonly env: Terminal['env']; readonly maxBytes: number },
): Promise<{ readonly text: string; readonly modified: string | null }> {
  const url = parsedUrl(address)
  refuseProxy(url, env)
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    if (!response.ok) throw failed(url, `HTTP ${response.status}`)
    const text = await bodyOf(response, url, maxBytes)
    return { text, modified: response.headers.get('last-modified') }
  } catch (error) {
    if (error instanceof UserError) throw error
    const { name, cause } = error as { name?: string; cause?: { code?: string; message?: string } }
    if (name === 'TimeoutError') throw failed(url, `no answer in ${timeoutMs / 1000} s`)
    throw failed(url, cause?.code ?? cause?.message ?? String(error))
  }
}

function parsedUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : null
  const isLocal = /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url?.hostname ?? '')
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) return url
  throw new UserError(`"${address}" is no https address`, {
    hint: 'download the file yourself and name it with --file',
  })
}

/** Going around a proxy would fail at best, and break a rule of the house at worst. */
function refuseProxy(url: URL, env: Terminal['env']): void {
  if (url.protocol === 'http:') return
  const proxy = env['HTTPS_PROXY'] || env['https_proxy']
  const exempt = (env['NO_PROXY'] || env['no_proxy'] || '')
    .split(',')
    .map((name) => name.trim().replace(/^\*?\./, ''))
    .some((name) => name === '*' || (name !== '' && `.${url.hostname}`.endsWith(`.${name}`)))
  if (!proxy || exempt) return
  throw new UserError('HTTPS_PROXY is set, and llmcost does not fetch through a proxy', {
    hint: `download it, e.g. curl -fLO ${url.href}, and name the file with --file`,
  })
}

async function bodyOf(response: Response, url: URL, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw failed(url, `over ${maxBytes / 1e6} MB`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const failed = (url: URL, why: string): UserError =>
  new UserError(`${url.href} could not be fetched: ${why}`, {
    hint: 'try again, or download the file and name it with --file',
  })
