import { dialectOf } from '../dialects/dialects.ts'
import type { Loss } from '../domain/call.ts'
import type { Provider } from '../domain/provider.ts'
import type { ProviderSettings } from '../policy/serving.ts'
import type { KnownProvider } from './catalogue.ts'
import { openScrub, readKey, secretsOf } from './keys.ts'
import { limitProvider } from './limiter.ts'
import { openLiveProvider } from './live-provider.ts'
import { type Environment, resolveTarget } from './resolve-target.ts'
import { checkProxies, openTransport, type Transport } from './transport.ts'
import { openUpstream } from './upstream.ts'

export type LiveProvidersOptions = {
  /** Of the policy, `serve.providers`. */
  readonly own: readonly ProviderSettings[]
  readonly env: Environment
  /** The most requests under way at each provider. */
  readonly mostAtOnce?: number
  readonly onLoss?: (loss: Loss, model: string) => void
}

/** All providers that can be asked over the network. */
export type LiveProviders = {
  /**
   * Who answers for a target, and the model to put into the call; the same provider for all its models, so that they
   * share one limit. Throws a UserError for an unknown target, a missing key or address.
   */
  find(target: string): Promise<{ readonly provider: Provider; readonly model: string }>
  /** Lets go of all connections; what is under way fails. */
  close(): Promise<void>
}

/** Asks nobody and loads no SDK before a target is looked for. */
export function openLiveProviders(options: LiveProvidersOptions): LiveProviders {
  const { own, env, mostAtOnce, onLoss } = options
  const providers = new Map<string, Promise<Provider>>()
  let transport: Promise<Transport> | null = null

  async function open(provider: KnownProvider): Promise<Provider> {
    const key = readKey(provider, env)
    checkProxies(env)
    transport ??= openTransport(env)
    const upstream = await openUpstream({
      provider,
      key,
      apiVersion: env['OPENAI_API_VERSION'],
      transport: await transport,
    })
    const live = openLiveProvider({
      name: provider.name,
      dialect: dialectOf(provider.dialect),
      upstream,
      scrub: openScrub(secretsOf(own, env)),
      onLoss,
    })
    return limitProvider(live, { mostAtOnce })
  }

  return {
    async find(target) {
      const { provider, model } = resolveTarget(target, own, env)
      const opened = providers.get(provider.name) ?? open(provider)
      providers.set(provider.name, opened)
      // What was the user's mistake may be mended by the next time.
      opened.catch(() => providers.delete(provider.name))
      return { provider: await opened, model }
    },
    async close() {
      const connections = transport
      transport = null
      providers.clear()
      await (await connections)?.close()
    },
  }
}
