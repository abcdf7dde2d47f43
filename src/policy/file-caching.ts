import * as z from 'zod'
import {
  type CachePolicy,
  type CacheRule,
  type CacheText,
  type ExactCache,
  guardNames,
  insertRules,
  type KeyIgnore,
  type Namespace,
  type NamespaceField,
  namespaceFields,
  type PrefixPolicy,
  type PrefixPool,
  prefixBreakpoints,
  type SemanticCache,
} from './caching.ts'
import { when } from './file-when.ts'
import { policyPresetNames } from './policy-presets.ts'
import { defaulted, optional, required, section } from './section.ts'
import {
  boolean,
  listOf,
  nullable,
  oneOf,
  onOff,
  orOff,
  pattern,
  positive,
  seconds,
  similarity,
  text,
} from './values.ts'

const day = 86_400

const layerKeys = {
  on: defaulted(boolean, true, 'Whether the layer answers where no rule says otherwise.'),
  ttlSeconds: defaulted(orOff(seconds), day, 'How long an entry lives; off: without end.', {
    name: 'ttl',
  }),
  refreshOnHit: defaulted(boolean, false, 'A hit begins the time to live anew.'),
  maxEntries: defaulted(orOff(positive), null, 'The least recently used entry goes first.'),
  capacityPer: defaulted(oneOf(['all', 'namespace']), 'all', 'What `maxEntries` counts in.'),
}

const exactSection = section<ExactCache>(layerKeys)

const cacheText: z.ZodType<CacheText> = z.codec(
  z.union([
    z.enum(['last-user', 'conversation']),
    z.strictObject({ template: text }),
    z.strictObject({ pattern }),
  ]),
  z.custom<CacheText>(),
  {
    decode(written): CacheText {
      if (typeof written === 'string') return { kind: written }
      if ('template' in written) return { kind: 'template', template: written.template }
      return { kind: 'pattern', pattern: written.pattern }
    },
    encode(value) {
      switch (value.kind) {
        case 'template':
          return { template: value.template }
        case 'pattern':
          return { pattern: value.pattern }
        case 'last-user':
        case 'conversation':
          return value.kind
      }
    },
  },
)

const semanticSection = section<SemanticCache>({
  ...layerKeys,
  threshold: defaulted(similarity, 0.92, 'A hit when the cosine is at least this.'),
  embedder: defaulted(text, 'static', 'static, lexical, openai:MODEL, local:MODEL or logged.'),
  insert: defaulted(oneOf(insertRules), 'on-miss', 'Whether hits are stored too, and as what.'),
  maxMessages: defaulted(positive, 2, 'Longer conversations bypass the layer.'),
  cacheText: defaulted(cacheText, { kind: 'last-user' }, 'The text that is compared.'),
  guards: defaulted(listOf(oneOf(guardNames)), guardNames, 'What may not differ in a hit.'),
})

/** A layer as its section, or switched by one word with the rest as by default. */
function switched<Layer extends ExactCache>(layer: z.ZodType<Layer>): z.ZodType<Layer> {
  const asDefault = layer.parse({})
  return z.codec(z.union([layer, onOff]), z.custom<Layer>(), {
    decode: (written) =>
      typeof written === 'boolean' ? { ...asDefault, on: written } : (written as Layer),
    encode: (value) => value,
  })
}

const namespaceField: z.ZodType<NamespaceField> = z.codec(
  z.union([
    z.enum(namespaceFields),
    z.string().regex(/^tag:.+$/, { error: 'tag:NAME', abort: true }),
  ]),
  z.custom<NamespaceField>(),
  { decode: (written) => written as NamespaceField, encode: (value) => value },
)

export const namespace: z.ZodType<Namespace> = z.codec(
  z.union([z.enum(['log', 'shared']), namespaceField, z.array(namespaceField).min(1)]),
  z.custom<Namespace>(),
  {
    decode(written): Namespace {
      if (Array.isArray(written)) return { kind: 'fields', fields: written }
      if (written === 'log' || written === 'shared') return { kind: written }
      return { kind: 'fields', fields: [written] }
    },
    encode(value) {
      if (value.kind !== 'fields') return value.kind
      const [field] = value.fields
      return field !== undefined && value.fields.length === 1 ? field : [...value.fields]
    },
  },
)

/** A rule whose name may be missing: it is then known by its place. */
export type FileCacheRule = Omit<CacheRule, 'name'> & { readonly name?: string }

const rule = section<FileCacheRule>({
  name: optional(text, 'What its bypasses are counted under.'),
  when: defaulted(when, {}, 'The condition; none: every request.'),
  exact: optional(onOff, 'Switches the exact layer.'),
  semantic: optional(onOff, 'Switches the semantic layer.'),
  threshold: optional(similarity, 'Instead of `semantic.threshold`.'),
  ttlSeconds: optional(orOff(seconds), 'Of both layers.', { name: 'ttl' }),
  namespace: optional(namespace, 'Instead of `cache.namespace`.'),
})

const keyIgnore = section<KeyIgnore>({
  field: defaulted(oneOf(['system', 'messages']), 'system', 'Where the pattern is looked for.'),
  pattern: required(pattern, 'What it matches does not count for the key.'),
  coveredBy: required(namespaceField, 'The field that tells apart what is dropped.'),
})

export type FileCache = Omit<CachePolicy, 'rules'> & {
  readonly rules: readonly FileCacheRule[]
  readonly defaultRules: boolean
  readonly preset?: string
}

export const cache = section<FileCache>({
  preset: optional(oneOf(policyPresetNames), 'A start for the keys below.'),
  exact: defaulted(switched(exactSection), exactSection.parse({}), 'Answers to equal requests.'),
  semantic: defaulted(
    switched(semanticSection),
    { ...semanticSection.parse({}), on: false },
    'Answers to similar requests. A section without `on` is on.',
  ),
  namespace: defaulted(namespace, { kind: 'log' }, 'Entries are shared only inside one.'),
  defaultRules: defaulted(boolean, true, 'The never-cache rules user-data and live.'),
  rules: defaulted(listOf(rule), [], 'The first whose condition holds decides.'),
  keyIgnore: defaulted(listOf(keyIgnore), [], 'Parts of a prompt that do not count for the key.'),
  storage: defaulted(
    oneOf(['auto', 'disk', 'memory']),
    'auto',
    'auto: on disk where `privacy.content` is full, else in memory.',
  ),
})

const pool = section<PrefixPool>({
  blocks: required(orOff(positive), 'How many blocks it holds; off: no limit.'),
})

export const prefix = section<PrefixPolicy>({
  mode: defaulted(oneOf(['as-logged', 'inject']), 'as-logged', 'inject: sets the cache marks.'),
  breakpoints: defaulted(
    listOf(oneOf(prefixBreakpoints)),
    ['tools', 'system', 'history'],
    'Where marks are set.',
  ),
  ttl: defaulted(oneOf(['5m', '1h']), '5m', 'How long a provider keeps a prefix.'),
  scope: defaulted(
    oneOf(['namespace', 'key', 'tenant', 'session']),
    'namespace',
    "Who shares a provider's cache.",
  ),
  idealised: defaulted(boolean, false, 'No minimum and no marks: for trace studies.'),
  pool: defaulted(nullable(pool), null, 'One pool of blocks instead: for trace studies.'),
})
