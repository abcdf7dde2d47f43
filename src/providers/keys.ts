import { redactKeys } from '../dialects/redact-keys.ts'
import { UserError } from '../domain/user-error.ts'
import type { ProviderSettings } from '../policy/serving.ts'
import { catalogue } from './catalogue.ts'
import type { Environment } from './resolve-target.ts'

/**
 * The key of a provider, from the variable that it names; null where it names none, or needs none and has none. Throws
 * a UserError that names the variable where the key is missing, or cannot be sent.
 */
export function readKey(
  provider: ProviderSettings & { readonly isKeyOptional?: true },
  env: Environment,
): string | null {
  const { name, apiKeyEnv } = provider
  if (apiKeyEnv === null) return null
  const key = env[apiKeyEnv]?.trim() ?? ''
  if (key === '' && provider.isKeyOptional) return null
  if (key === '')
    throw new UserError(`${name} needs a key, and ${apiKeyEnv} is not set`, {
      hint: `export ${apiKeyEnv}=… in the shell that runs llmcost`,
    })
  // What refuses such a header prints it, and with it the key.
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new UserError(`${apiKeyEnv} holds characters that no key has`, {
      hint: 'look for a space, a line break or a quotation mark of a text editor in it',
    })
  return key
}

/** Every key that this process could send or be told of. */
export function secretsOf(own: readonly ProviderSettings[], env: Environment): readonly string[] {
  const names = [...own, ...catalogue].flatMap(({ apiKeyEnv }) => apiKeyEnv ?? [])
  const keys = [...new Set(names)].map((name) => env[name]?.trim() ?? '')
  return [...new Set([...keys, ...proxyPasswords(env)])].filter((key) => key !== '')
}

/** The variables that name a proxy, in the two spellings in use; the small one comes first, as in curl. */
export const proxyNames = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'] as const

function proxyPasswords(env: Environment): readonly string[] {
  return proxyNames.flatMap((name) => {
    const address = env[name] ?? ''
    if (!URL.canParse(address)) return []
    const { password } = new URL(address)
    return [password, decoded(password)]
  })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export type Scrub = (text: string) => string

/** As the dialects have it. */
const replacement = '[key]'

/** Takes keys out of a message: the given ones wherever they stand, and whatever has the shape of one. */
export function openScrub(secrets: readonly string[]): Scrub {
  const exact = openExactScrub(secrets, 1)
  return (text) => redactKeys(exact(text))
}

/** Takes only the given keys out, for texts that matter to the letter: short placeholders such as "EMPTY" may stay. */
export function openExactScrub(secrets: readonly string[], shortest = 8): Scrub {
  const known = secrets
    .filter((secret) => secret.length >= shortest)
    .sort((a, b) => b.length - a.length)
  return (text) => known.reduce((rest, secret) => rest.replaceAll(secret, replacement), text)
}
