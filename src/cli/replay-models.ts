import { existsSync, statSync } from 'node:fs'
import type { Call } from '../domain/call.ts'
import type { Json } from '../domain/json.ts'
import type { AskOptions, Provider, ProviderAnswer } from '../domain/provider.ts'
import { UserError } from '../domain/user-error.ts'
import { canonicalJson, keyHash } from '../engine/cache-key.ts'
import { withOutputCap } from '../engine/upper-bound.ts'
import { redact } from '../ingest/redact.ts'
import type { ProviderSettings } from '../policy/serving.ts'
import type { ReplayFlags } from './replay-flags.ts'
import type { Terminal } from './terminal.ts'

/** Who answers a replay: a mock, a cassette, or the models themselves. */
export type ReplayModels = {
  /** Part of every key: answers of a mock are never taken for those of a model. "" for the models themselves. */
  readonly name: string
  /** Whether what is measured says something of the models: a mock's answers do not. */
  readonly isMeasurement: boolean
  /** Asks a target once. */
  readonly send: (target: string, call: Call, options: AskOptions) => Promise<ProviderAnswer>
  /** Throws a UserError where a target is unknown or its key is missing, before anything is spent. */
  readonly check: (targets: readonly string[]) => Promise<void>
  readonly close: () => Promise<void>
}

export type ModelsOptions = {
  readonly flags: ReplayFlags
  readonly terminal: Terminal
  readonly own: readonly ProviderSettings[]
  /** The answer that a mock takes for right: the logged one, or what a suite expects. */
  readonly expectedOf: (call: Call) => string | null
  readonly onLoss: (sentence: string) => void
  readonly concurrency: number
}

/** The key of a call, without its model and without what only says how its answer travels. */
export function callKeys(secret: string): (call: Call) => string {
  const hash = keyHash(secret)
  return (call) => hash(textOf(call))
}

/** What callers wrote as JSON of their own may have its keys in any order; the rest is written by one reader. */
function textOf({ model: _, streamed: __, user: ___, wording: ____, ...said }: Call): string {
  const { tools, format, more, ...fixed } = said
  const free = [tools, format, more] as unknown as Json
  return `${JSON.stringify(fixed)}\n${canonicalJson(free)}`
}

export async function openReplayModels(options: ModelsOptions): Promise<ReplayModels> {
  const { flags } = options
  if (flags.mock !== undefined) return mockModels(options, flags.mock)
  if (flags.recorded !== undefined) return recordedModels(flags.recorded)
  return liveModels(options)
}

async function mockModels(
  { expectedOf }: ModelsOptions,
  settings: string | true,
): Promise<ReplayModels> {
  const { openMockProvider } = await import('../providers/mock-provider.ts')
  const { defaultMockSettings } = await import('../providers/mock-settings.ts')
  const given = settings === true ? defaultMockSettings : await mockSettingsOf(settings)
  const provider = openMockProvider(given, expectedOf)
  return {
    name: `mock ${JSON.stringify(given)}`,
    isMeasurement: false,
    send: (target, call, asking) => provider.ask({ ...call, model: modelOf(target) }, asking),
    check: async () => {},
    close: async () => {},
  }
}

/** "accuracy=0.8,seed=1", or a YAML file. */
async function mockSettingsOf(text: string) {
  const { readMockSettings } = await import('../providers/mock-settings.ts')
  const { readYamlFile } = await import('../policy/yaml-file.ts')
  if (existsSync(text)) {
    const { readText } = await import('./read-text.ts')
    const { value, errors } = readYamlFile(readText(text, 'a file of mock settings'))
    const [error] = errors
    if (error !== undefined)
      throw new UserError(
        `${text} ${error.message}`,
        error.hint === null ? {} : { hint: error.hint },
      )
    return readMockSettings(value, text)
  }
  const pairs = text.split(',').map((pair) => {
    const [name = '', value = ''] = pair.split('=')
    if (value === '') {
      throw new UserError(`--mock ${text} is neither a file nor a list of settings`, {
        hint: 'write it as accuracy=0.8,seed=1; docs/mock.md lists all settings',
      })
    }
    const number = Number(value)
    return [name.trim(), name.trim() === 'seed' || Number.isNaN(number) ? value : number] as const
  })
  return readMockSettings(Object.fromEntries(pairs), '--mock')
}

/** A model's name without its provider: what goes over the wire. */
const modelOf = (target: string): string => target.slice(target.indexOf(':') + 1)

async function recordedModels(file: string): Promise<ReplayModels> {
  const { openRecordedProvider } = await import('../providers/recorded-provider.ts')
  const keyOf = callKeys(cassetteSecret)
  const providers = new Map<string, Provider & { close(): void }>()
  const providerOf = (name: string) => {
    const known = providers.get(name)
    if (known !== undefined) return known
    const opened = openRecordedProvider({ name, file, keys: { keyOf } })
    providers.set(name, opened)
    return opened
  }
  return {
    name: `recorded ${file} ${versionOf(file)}`,
    isMeasurement: true,
    send: (target, call, asking) =>
      providerOf(vendorOf(target)).ask({ ...call, model: modelOf(target) }, asking),
    check: async () => {},
    async close() {
      for (const provider of providers.values()) provider.close()
    },
  }
}

/** Changes when a cassette is recorded anew. */
function versionOf(file: string): string {
  if (!existsSync(file)) return ''
  const { size, mtimeMs } = statSync(file)
  return `${size} ${mtimeMs}`
}

const vendorOf = (target: string): string => target.slice(0, Math.max(0, target.indexOf(':')))

/** A cassette is carried from machine to machine, a store's secret is not. */
const cassetteSecret = 'llmcost cassette'

async function liveModels(options: ModelsOptions): Promise<ReplayModels> {
  const { flags, terminal, own, onLoss, concurrency } = options
  const { openLiveProviders } = await import('../providers/live-providers.ts')
  const live = openLiveProviders({
    own,
    env: terminal.env,
    mostAtOnce: concurrency,
    onLoss: ({ field, why }, model) => onLoss(`${model} goes without ${field}: ${why}`),
  })
  const closing: (() => void)[] = []
  const recorded =
    flags.record === undefined ? null : await openRecorder(flags.record, options, closing)
  const capped = flags.budget === undefined ? (provider: Provider) => provider : cappedProvider
  const wrapped = (provider: Provider) => recorded?.(capped(provider)) ?? capped(provider)
  const asked = new Map<Provider, Provider>()
  return {
    name: '',
    isMeasurement: true,
    async send(target, call, asking) {
      const { provider, model } = await live.find(target)
      const known = asked.get(provider) ?? wrapped(provider)
      asked.set(provider, known)
      return known.ask({ ...call, model }, asking)
    },
    async check(targets) {
      for (const target of targets) await live.find(target)
    },
    async close() {
      for (const close of closing) close()
      await live.close()
    },
  }
}

/** Under a budget every call has a largest output; beneath the recorder, since it is no part of the question. */
const cappedProvider = (provider: Provider): Provider => ({
  name: provider.name,
  ask: (call, options) => provider.ask(withOutputCap(call), options),
})

async function openRecorder(
  file: string,
  { own, terminal, flags }: ModelsOptions,
  closing: (() => void)[],
): Promise<(provider: Provider) => Provider> {
  const { recordProvider } = await import('../providers/recorded-provider.ts')
  const { openScrub, secretsOf } = await import('../providers/keys.ts')
  const scrub = openScrub(secretsOf(own, terminal.env))
  const keys = { keyOf: callKeys(cassetteSecret), hashOf: keyHash(cassetteSecret) }
  return (provider) => {
    const redactText = flags.redact === true ? redact : (text: string) => text
    const recorder = recordProvider(provider, { file, keys, redact: redactText, scrub })
    closing.push(recorder.close)
    return recorder
  }
}
