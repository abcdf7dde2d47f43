import { UserError } from '../domain/user-error.ts'
import { isLoopback } from '../policy/is-loopback.ts'
import type { ServePolicy } from '../policy/serving.ts'
import { catalogue, type KnownProvider } from '../providers/catalogue.ts'
import type { Environment } from '../providers/resolve-target.ts'

/**
 * Throws a UserError where a provider has the address of the gateway itself, which would ask itself without end: the
 * shell that starts it may have the variable that its clients need.
 */
export function requireOthers(
  { host, port, providers }: Pick<ServePolicy, 'host' | 'port' | 'providers'>,
  env: Environment,
): void {
  const all: readonly KnownProvider[] = [...providers, ...catalogue]
  for (const { name, baseUrl, baseUrlEnv } of all) {
    const given = baseUrlEnv === undefined ? '' : (env[baseUrlEnv]?.trim() ?? '')
    const url = given === '' ? baseUrl : given
    if (!URL.canParse(url) || !isAt(new URL(url), host, port)) continue
    throw given === ''
      ? new UserError(`the provider ${name} has the gateway's own address, ${url}`, {
          hint: 'give it another address (serve.providers), or the gateway another port (--port)',
        })
      : new UserError(`${baseUrlEnv} is the gateway's own address, ${url}`, {
          hint: 'it is for the programs that ask the gateway: unset it in the shell that runs serve',
        })
  }
}

/** A server at any address of the machine is at those of its loopback too. */
function isAt({ hostname, port: portText, protocol }: URL, host: string, port: number): boolean {
  if (Number(portText || (protocol === 'https:' ? 443 : 80)) !== port) return false
  return isLoopback(hostname) || hostname === host
}
