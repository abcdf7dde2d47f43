import * as z from 'zod'
import { dialectNames } from '../domain/call.ts'
import { defaulted, required, section } from './section.ts'
import {
  type AuditPolicy,
  auditActions,
  type Canary,
  canaryMembers,
  type DisconnectAction,
  type GatewayKey,
  type Promotion,
  type ProviderSettings,
  type RateLimit,
  type ServePolicy,
  shadowLayers,
} from './serving.ts'
import {
  boolean,
  listOf,
  milliseconds,
  names,
  nullable,
  oneOf,
  orOff,
  positive,
  share,
  text,
} from './values.ts'

const port = z.number().int().min(0).max(65_535)
const environmentName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable, never the key itself')

const provider = section<ProviderSettings>({
  name: required(text, 'The part of `provider:model` before the colon.'),
  dialect: required(oneOf(dialectNames), 'What it speaks.'),
  baseUrl: required(
    z.url({ protocol: /^https?$/, error: 'an address, https://…' }),
    'Where it answers, up to the version: …/v1.',
  ),
  apiKeyEnv: defaulted(nullable(environmentName), null, 'The environment variable with its key.'),
  models: defaulted(
    nullable(names),
    null,
    'Models that go here without its name before them; by default what no built-in provider is known to serve.',
  ),
})

const sha256 = z
  .string()
  .regex(/^[\da-f]{64}$/, 'the SHA-256 of the key: 64 hexadecimal digits in small letters')

const key = section<GatewayKey>({
  name: required(text, 'What logs and budgets call it.'),
  env: defaulted(nullable(environmentName), null, 'The environment variable that holds it.'),
  sha256: defaulted(nullable(sha256), null, 'Its SHA-256, in place of `env`.'),
  user: defaulted(nullable(text), null, 'Every request with it is of this user.'),
  team: defaulted(nullable(text), null, 'Of this team.'),
  plan: defaulted(nullable(text), null, 'Of this plan.'),
  tenant: defaulted(nullable(text), null, 'In this namespace.'),
})

const drain = section<{ readonly drain: number }>({
  drain: required(milliseconds, 'Read on to the usage, at most so long.'),
})

const onDisconnect: z.ZodType<DisconnectAction> = z.codec(
  z.union([z.literal('abort'), drain]),
  z.custom<DisconnectAction>(),
  {
    decode: (written): DisconnectAction =>
      written === 'abort' ? { kind: 'abort' } : { kind: 'drain', maxMs: written.drain },
    encode: (action) => (action.kind === 'abort' ? 'abort' : { drain: action.maxMs }),
  },
)

const rateLimit = section<RateLimit>({
  per: defaulted(oneOf(['all', 'key', 'user', 'team']), 'key', 'Who shares the limit.'),
  requestsPerMinute: defaulted(orOff(positive), null, 'Requests.'),
  tokensPerMinute: defaulted(orOff(positive), null, 'Tokens, in and out.'),
})

const inside = share.refine((value) => value > 0 && value < 1, {
  error: 'a share between 0 and 1, both excluded',
})

const audit = section<AuditPolicy>({
  routeShare: defaulted(share, 0, 'Share of cheaper answers held against the strongest model.'),
  maxWrongPerHit: defaulted(inside, 0.03, 'More wrong hits than this are acted on.'),
  maxLoss: defaulted(inside, 0.02, 'A greater loss against the strongest model is acted on.'),
  confidence: defaulted(inside, 0.95, 'How sure one must be to act.'),
  action: defaulted(oneOf(auditActions), 'tighten', 'What is done then.'),
  judge: defaulted(nullable(text), null, 'A model that compares what computing cannot.'),
  maxInFlight: defaulted(positive, 4, 'Audits at the same time; others are left out.'),
})

const promotion = section<Promotion>({
  minHits: defaulted(positive, 100, 'Compared hits, at least.'),
  maxWrongPerHit: defaulted(inside, 0.03, 'Proved to stay below.'),
  confidence: defaulted(inside, 0.95, 'Of the proof.'),
  auto: defaulted(boolean, false, 'Whether all get the layers then, or a person decides.'),
})

const canary = section<Canary>({
  share: required(share, 'Who gets the layers.'),
  by: defaulted(oneOf(canaryMembers), 'session', 'What is never split.'),
  layers: required(listOf(oneOf(shadowLayers)), 'What only these get; others are watched.'),
  promote: defaulted(nullable(promotion), null, 'When all may get them.'),
})

/** 32 MB is what Anthropic's Messages API takes. */
const maxBodyBytes = 32_000_000

export const serve = section<ServePolicy>({
  host: defaulted(text, '127.0.0.1', 'The address; any but loopback demands `keys`.'),
  port: defaulted(port, 4141, 'Where applications ask.'),
  adminHost: defaulted(text, '127.0.0.1', 'The address of the admin port.'),
  adminPort: defaulted(port, 4142, 'Metrics, health, dashboard, administration.'),
  providers: defaulted(listOf(provider), [], 'Besides OpenAI and Anthropic, which are built in.'),
  keys: defaulted(listOf(key), [], 'Keys that clients show.'),
  shadow: defaulted(listOf(oneOf(shadowLayers)), [], 'What is decided and logged, but not done.'),
  auditShare: defaulted(share, 0, 'Share of semantic hits that are asked again and compared.'),
  audit: defaulted(audit, audit.parse({}), 'What audits compare, and what follows.'),
  canary: defaulted(nullable(canary), null, 'Layers that only a share of requests gets.'),
  durability: defaulted(oneOf(['process', 'power']), 'process', 'What a receipt survives.'),
  onUnpriced: defaulted(oneOf(['warn', 'refuse']), 'warn', 'A model without a price.'),
  onDisconnect: defaulted(
    onDisconnect,
    { kind: 'abort' },
    'When a client leaves: abort, or { drain: 30s }.',
  ),
  maxBodyBytes: defaulted(positive, maxBodyBytes, 'Larger requests are refused.'),
  usageEvent: defaulted(boolean, false, 'A last event with usage and cost on streams.'),
  rateLimits: defaulted(listOf(rateLimit), [], 'Requests and tokens a minute.'),
})
