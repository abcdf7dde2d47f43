import type { RateClass } from './rates.ts'

/** A class that the book leaves out and the maker prices as a multiple of another class. */
export type DerivedRate = {
  readonly model: RegExp
  readonly derives: RateClass
  readonly from: RateClass
  readonly factor: string
  readonly source: string
}

/** Applied in order, before modifiers, only where the book has no rate of its own. */
export const derivedRates: readonly DerivedRate[] = [
  {
    model: /claude/,
    derives: 'cacheWrite5m',
    from: 'input',
    factor: '1.25',
    source: 'platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing',
  },
  {
    model: /claude/,
    derives: 'cacheWrite1h',
    from: 'input',
    factor: '2',
    source: 'platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing',
  },
  {
    model: /gpt-(5\.([6-9]|\d{2})|[6-9])/,
    derives: 'cacheWrite5m',
    from: 'input',
    factor: '1.25',
    source: 'developers.openai.com/api/docs/guides/prompt-caching',
  },
]

/**
 * Prices that published sources state differently; the request is priced by the book and says so.
 */
export const disagreements: readonly { readonly model: RegExp; readonly aboveTokens: number }[] = [
  // genai-prices and Helicone price requests above 200k twice as high; models.dev and Langfuse have
  // one flat price.
  { model: /claude-sonnet-4[-.]5/, aboveTokens: 200_000 },
]

/** A fee by the piece that the book leaves out, in dollars per thousand. */
export type ListedFee = {
  readonly providers: readonly string[]
  readonly model: RegExp
  readonly webSearch?: string
  readonly fileSearch?: string
  readonly codeSession?: string
  readonly source: string
}

/** The first row of a provider and model that names the piece counts. */
export const listedFees: readonly ListedFee[] = [
  {
    providers: ['anthropic'],
    model: /^/,
    webSearch: '10',
    source: 'platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool',
  },
  {
    providers: ['openai', 'azure'],
    model: /^/,
    webSearch: '10',
    fileSearch: '2.5',
    // $0.03 for a container.
    codeSession: '30',
    source: 'developers.openai.com/api/docs/pricing',
  },
  {
    providers: ['google'],
    model: /^gemini-3/,
    webSearch: '14',
    source: 'ai.google.dev/gemini-api/docs/pricing',
  },
  {
    providers: ['google'],
    model: /^gemini-2/,
    webSearch: '35',
    source: 'ai.google.dev/gemini-api/docs/pricing',
  },
]

/** OpenRouter's `:online` adds a web plugin: five results at $4 per thousand with every request. */
export const onlinePlugin = {
  usdPerThousand: '20',
  source: 'openrouter.ai/docs/features/web-search',
}

/** Service tiers that are the listed price. "auto" is what was asked, not what was served. */
export const standardTiers: ReadonlySet<string> = new Set([
  '',
  'standard',
  'default',
  'auto',
  'on_demand',
  'on-demand',
  'standard_only',
  'service_tier_unspecified',
  'service_tier_standard',
])
