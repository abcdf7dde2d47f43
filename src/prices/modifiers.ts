import type { RateClass } from './rates.ts'

/**
 * What changes a listed price, as data. `stage` says which question a row answers; in each stage
 * the first row that fits is applied, so rows stand most specific first, and the stages multiply in
 * the order list, tier, speed, place. Fees by the piece (searches, sessions) are never changed.
 */
export type Modifier = {
  /**
   * list = the book itself put right; tier = service tier; speed = fast mode; place = where it ran.
   */
  readonly stage: 'list' | 'tier' | 'speed' | 'place'
  /** Provider ids of the book. */
  readonly providers: readonly string[]
  /** Model ids of the book. */
  readonly model: RegExp
  readonly when?: {
    readonly serviceTiers?: readonly string[]
    readonly notServiceTiers?: readonly string[]
    readonly speed?: string
    readonly inferenceGeo?: string
    readonly region?: RegExp
    /** Saturdays and Sundays at this distance from UTC in hours. */
    readonly weekendAtUtcOffset?: number
  }
  readonly effect:
    | { readonly factor: string; readonly except?: readonly RateClass[] }
    /** Dollars per million in place of the listed rates, and in place of every band. */
    | { readonly rates: { readonly [C in RateClass]?: string } }
  /** Larger requests are outside: they take the price without this row, and a warning. */
  readonly upToInputTokens?: number
  /** ISO times, UTC; from is in, to is out. */
  readonly from?: string
  readonly to?: string
  /** For the receipt, e.g. "batch". */
  readonly name: string
  readonly source: string
}

const every = /^/
const batch = { serviceTiers: ['batch'] }
const flex = { serviceTiers: ['flex'] }
// Renamed from priority to fast on 2026-07-30; the response still says "priority" for both.
const priority = { serviceTiers: ['priority', 'fast'] }
const fast = { speed: 'fast', notServiceTiers: ['batch'] }

const openaiPriority = 'openai.com/api-priority-processing, openai.com/api-fast-mode'
const openaiPricing = 'developers.openai.com/api/docs/pricing'
const claudeFast = 'platform.claude.com/docs/en/build-with-claude/fast-mode'
const deepseek = 'api-docs.deepseek.com/quick_start/pricing'

/** "Excludes long context": requests above 128K prompt tokens (footnote of OpenAI's table). */
const shortContext = 128_000
/** Last size below OpenAI's long-context band of GPT-5.4 and later. */
const belowBand = 271_999

const openaiPriorityFactor = (model: RegExp, factor: string, upToInputTokens?: number) =>
  ({
    stage: 'tier',
    providers: ['openai'],
    model,
    when: priority,
    effect: { factor },
    ...(upToInputTokens === undefined ? {} : { upToInputTokens }),
    name: 'priority',
    source: openaiPriority,
  }) satisfies Modifier

const openaiPriorityRates = (
  model: RegExp,
  [input, cacheRead, output]: readonly [string, string, string],
) =>
  ({
    stage: 'tier',
    providers: ['openai'],
    model,
    when: priority,
    effect: { rates: { input, cacheRead, output } },
    name: 'priority',
    source: openaiPriority,
  }) satisfies Modifier

const halfInBatch = (provider: string, source: string) =>
  ({
    stage: 'tier',
    providers: [provider],
    model: every,
    when: batch,
    effect: { factor: '0.5' },
    name: 'batch',
    source,
  }) satisfies Modifier

const claudeFastRates = (model: RegExp, rates: { readonly [C in RateClass]?: string }) =>
  ({
    stage: 'speed',
    providers: ['anthropic'],
    model,
    when: fast,
    effect: { rates },
    name: 'fast mode',
    source: claudeFast,
  }) satisfies Modifier

const deepseekList = (
  model: RegExp,
  [input, cacheRead, output]: readonly [string, string, string],
  dates: Pick<Modifier, 'from' | 'to' | 'when'>,
  source = deepseek,
) =>
  ({
    stage: 'list',
    providers: ['deepseek'],
    model,
    effect: { rates: { input, cacheRead, output } },
    name: 'dated list price',
    source,
    ...dates,
  }) satisfies Modifier

/** Every modifier, most specific first within its stage. */
export const modifiers: readonly Modifier[] = [
  // The book cannot say that a time-of-day price ended or began on a day, nor that weekends differ
  // (genai-prices #582).
  deepseekList(/^deepseek-v4-flash$/, ['0.14', '0.0028', '0.28'], { to: '2026-08-17' }),
  deepseekList(/^deepseek-v4-pro$/, ['0.435', '0.003625', '0.87'], { to: '2026-08-17' }),
  deepseekList(/^deepseek-v4-flash$/, ['0.22', '0.007', '0.66'], {
    from: '2026-08-22T16:00:00Z',
    when: { weekendAtUtcOffset: 8 },
  }),
  deepseekList(/^deepseek-v4-pro$/, ['0.66', '0.022', '1.98'], {
    from: '2026-08-22T16:00:00Z',
    when: { weekendAtUtcOffset: 8 },
  }),
  deepseekList(
    /^deepseek-(chat|reasoner)$/,
    ['0.56', '0.07', '1.68'],
    { from: '2025-09-05T16:00:00Z', to: '2025-09-29' },
    'api-docs.deepseek.com/news/news250821',
  ),
  deepseekList(
    /^deepseek-(chat|reasoner)$/,
    ['0.28', '0.028', '0.42'],
    { from: '2025-09-29' },
    'api-docs.deepseek.com/news/news250929',
  ),

  halfInBatch('anthropic', 'platform.claude.com/docs/en/build-with-claude/batch-processing'),
  halfInBatch('openai', openaiPricing),
  halfInBatch('azure', 'azure.microsoft.com/pricing/details/cognitive-services/openai-service'),
  halfInBatch('aws', 'aws.amazon.com/bedrock/pricing'),
  halfInBatch('fireworks', 'docs.fireworks.ai/guides/batch-inference'),
  halfInBatch('mistral', 'docs.mistral.ai/capabilities/batch'),
  halfInBatch('groq', 'console.groq.com/docs/batch'),
  {
    stage: 'tier',
    providers: ['google'],
    // From Gemini 3 Flash on a cached token is halved too (genai-prices pull request 547).
    model: /^gemini-3(\.\d+)?-flash/,
    when: batch,
    effect: { factor: '0.5' },
    name: 'batch',
    source: 'ai.google.dev/gemini-api/docs/pricing',
  },
  {
    stage: 'tier',
    providers: ['google'],
    model: every,
    when: batch,
    effect: { factor: '0.5', except: ['cacheRead', 'cacheReadAudio', 'cacheReadImage'] },
    name: 'batch',
    source: 'ai.google.dev/gemini-api/docs/pricing',
  },
  {
    stage: 'tier',
    providers: ['voyageai'],
    model: every,
    when: batch,
    effect: { factor: '0.67' },
    name: 'batch',
    source: 'docs.voyageai.com/docs/pricing',
  },

  {
    stage: 'tier',
    providers: ['openai'],
    model: /^(o3$|o4-mini$|gpt-[5-9]|codex)/,
    when: flex,
    effect: { factor: '0.5' },
    name: 'flex',
    source: openaiPricing,
  },
  {
    stage: 'tier',
    providers: ['google'],
    model: /^gemini-/,
    when: flex,
    effect: { factor: '0.5' },
    name: 'flex',
    source: 'ai.google.dev/gemini-api/docs/optimization',
  },

  openaiPriorityRates(/^gpt-4o-mini$/, ['0.25', '0.125', '1']),
  openaiPriorityRates(/^o4-mini$/, ['2', '0.5', '8']),
  openaiPriorityFactor(/^gpt-4o-2024-05-13$/, '1.75'),
  openaiPriorityFactor(/^gpt-4o$/, '1.7'),
  openaiPriorityFactor(/^gpt-4\.1-nano$/, '2', shortContext),
  openaiPriorityFactor(/^gpt-4\.1(-mini)?$/, '1.75', shortContext),
  openaiPriorityFactor(/^o3$/, '1.75'),
  openaiPriorityFactor(/^gpt-5-mini$/, '1.8', shortContext),
  openaiPriorityFactor(/^gpt-5(\.[12])?(-codex)?$/, '2', shortContext),
  openaiPriorityFactor(/^gpt-5\.5$/, '2.5', belowBand),
  openaiPriorityFactor(/^gpt-5\.(4|4-mini|6-sol|6-terra|6-luna)$/, '2', belowBand),
  openaiPriorityFactor(/^gpt-6-astra$/, '2', belowBand),
  {
    stage: 'tier',
    providers: ['google'],
    // Other models are only given as "75 % to 100 % more" and stay at the standard price, with a
    // warning.
    model: /^gemini-3\.[78]-flash$/,
    when: priority,
    effect: { factor: '1.8' },
    name: 'priority',
    source: 'ai.google.dev/gemini-api/docs/pricing',
  },

  claudeFastRates(/^claude-opus-4-[67]$/, {
    input: '30',
    cacheRead: '3',
    cacheWrite5m: '37.5',
    cacheWrite1h: '60',
    output: '150',
  }),
  claudeFastRates(/^claude-opus-(4-8|5)$/, {
    input: '10',
    cacheRead: '1',
    cacheWrite5m: '12.5',
    cacheWrite1h: '20',
    output: '50',
  }),

  {
    stage: 'place',
    providers: ['anthropic'],
    model: every,
    when: { inferenceGeo: 'us' },
    effect: { factor: '1.1' },
    name: 'inference in the US',
    source: 'platform.claude.com/docs/en/build-with-claude/data-residency',
  },
  {
    stage: 'place',
    providers: ['openai'],
    model: /^gpt-(5\.([4-9]|\d{2})|[6-9])/,
    when: { region: /^(eu|us)$/ },
    effect: { factor: '1.1' },
    name: 'regional endpoint',
    source: openaiPricing,
  },
  {
    stage: 'place',
    providers: ['google'],
    model:
      /^(claude-(fable|mythos|sonnet-4-[5-9]|sonnet-5|haiku-4-5|opus-4-[5-9]|opus-5)|gemini-3)/,
    when: { region: /^(?!global$)./ },
    effect: { factor: '1.1' },
    name: 'Vertex regional endpoint',
    source: 'cloud.google.com/vertex-ai/generative-ai/pricing',
  },
  {
    stage: 'place',
    providers: ['azure'],
    model: every,
    when: { region: /^(eu|us)$/ },
    effect: { factor: '1.1' },
    name: 'Azure data zone',
    source: 'azure.microsoft.com/pricing/details/cognitive-services/openai-service',
  },
  {
    stage: 'place',
    providers: ['x-ai'],
    model: every,
    when: { region: /^us/ },
    effect: { factor: '1.1' },
    name: 'US endpoint',
    source: 'docs.x.ai/docs/models',
  },
]
