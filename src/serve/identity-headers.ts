import type { Context } from '../ingest/identity.ts'
import { remembering } from './remembering.ts'

/** Fields that one header says, each by the headers that may say it: ours, then those of other gateways. */
const fieldHeaders = {
  user: [
    'x-llmcost-user',
    'helicone-user-id',
    'x-litellm-end-user-id',
    'x-litellm-customer-id',
    'x-bf-customer-id',
  ],
  feature: ['x-llmcost-feature', 'helicone-session-name', 'helicone-session-path'],
  plan: ['x-llmcost-plan'],
  team: ['x-llmcost-team'],
  session: [
    'x-llmcost-session',
    'helicone-session-id',
    'cf-aig-session-id',
    'x-litellm-session-id',
    'x-session-id',
    'x-conversation-id',
    'x-claude-code-session-id',
  ],
  trace: ['x-llmcost-trace', 'x-litellm-trace-id', 'x-portkey-trace-id', 'cf-aig-turn-id'],
  namespace: ['x-llmcost-tenant'],
  documentVersion: ['x-llmcost-document-version'],
  promptVersion: ['x-llmcost-prompt-version', 'helicone-prompt-id'],
  task: ['x-llmcost-task'],
  agentRole: ['x-llmcost-agent-role'],
  requiresReasoning: ['x-llmcost-requires-reasoning'],
} as const satisfies { readonly [Field in keyof Context]?: readonly string[] }

/** Headers that hold a tag each: the rest of their name is its name. */
export const tagPrefixes = ['x-llmcost-tag-', 'helicone-property-', 'x-bf-dim-'] as const

/** JSON objects of fields and tags, the more trusted first. */
const metadataHeaders = [
  'cf-aig-metadata',
  'x-portkey-metadata',
  'x-litellm-spend-logs-metadata',
] as const

/** What a header says. */
export type HeaderRule =
  /** A field; of two headers that say one, that of the lower rank is believed. */
  | { readonly kind: 'field'; readonly field: keyof typeof fieldHeaders; readonly rank: number }
  | { readonly kind: 'trace-parent'; readonly field: 'trace'; readonly rank: number }
  | { readonly kind: 'tag'; readonly tag: string }
  /** Several tags, as "a,b:c". */
  | { readonly kind: 'tags' }
  | { readonly kind: 'metadata'; readonly rank: number }
  /** These only steer the decision, and are no fields of a request. */
  | { readonly kind: 'hint' | 'timeout-class' }
  | { readonly kind: 'nothing' }

const rules: ReadonlyMap<string, HeaderRule> = new Map<string, HeaderRule>([
  ...Object.entries(fieldHeaders).flatMap(([field, names]) =>
    names.map((name, rank): [string, HeaderRule] => [
      name,
      { kind: 'field', field: field as keyof typeof fieldHeaders, rank },
    ]),
  ),
  ['traceparent', { kind: 'trace-parent', field: 'trace', rank: fieldHeaders.trace.length }],
  ['x-llmcost-scenario', { kind: 'tag', tag: 'scenario' }],
  ['x-llmcost-hint', { kind: 'hint' }],
  ['x-llmcost-timeout-class', { kind: 'timeout-class' }],
  ['x-litellm-tags', { kind: 'tags' }],
  ...metadataHeaders.map((name, rank): [string, HeaderRule] => [name, { kind: 'metadata', rank }]),
])

/** What a header says about who asks. `name` is in small letters. */
export const identityRule = remembering((name): HeaderRule => {
  const prefix = tagPrefixes.find((start) => name.startsWith(start) && name !== start)
  return rules.get(name) ?? (prefix === undefined ? nothing : tagRule(name.slice(prefix.length)))
})

const nothing: HeaderRule = { kind: 'nothing' }
const tagRule = (tag: string): HeaderRule => ({ kind: 'tag', tag })

/** Every header that is read here, without those of tags. */
export const identityHeaders: readonly string[] = [...rules.keys()]
