import { modelKey } from '../prices/cheaper-elsewhere.ts'
import { readModelName } from '../prices/model-name.ts'
import { providerName, providerOfName } from '../prices/provider-name.ts'

/** How long a prompt asks to be kept; a model that does not offer it keeps to its own. */
export type PrefixTtl = '5m' | '1h' | '24h'

/** How a provider's prompt cache treats one model. */
export type PrefixRules = {
  /** `marked`: only up to the breakpoints a request sets. `automatic`: whatever is long enough. */
  readonly kind: 'marked' | 'automatic'
  /** A shorter prefix is neither kept nor read. */
  readonly minTokens: number
  /** Reads, and writes where they are billed, are whole multiples of it. */
  readonly stepTokens: number
  /** From the last use, unless the request asks for one of the others. */
  readonly ttlMs: number
  readonly otherTtlsMs: { readonly [T in PrefixTtl]?: number }
  /** Whether what is written has a price of its own, or that of any input. */
  readonly billsWrites: boolean
}

/** Who shares a prompt cache, and its rules; null where none is known, and nothing is read. */
export type PrefixTarget = {
  /** Provider and model; dated and undated ids of a model are one. */
  readonly key: string
  readonly rules: PrefixRules | null
}

/** The prompt cache of a provider and model as logs name them. */
export function prefixTarget(provider: string | undefined, model: string): PrefixTarget {
  const name = readModelName(model)
  const named = providerName(provider)
  const seller = named === undefined ? (name.provider ?? providerOfName(name.model)) : named
  const family = modelKey(name.model)
  const row = rows.find((row) => row.model.test(family) && isSoldBy(row, seller))
  return { key: `${seller ?? ''}:${family}`, rules: row?.rules ?? null }
}

/** A server of unknown make may run a model of any name, but not the maker's prompt cache. */
const isSoldBy = ({ providers }: Row, seller: string | null | undefined): boolean =>
  seller !== null && (providers === undefined || providers.test(seller ?? ''))

/** At most this many breakpoints in one request (platform.claude.com, prompt caching). */
export const mostBreakpoints = 4
/** Contents looked at from a breakpoint backwards, itself included (same page). */
export const lookBackContents = 20

const minute = 60_000
const hour = 60 * minute

/** platform.claude.com/docs/en/build-with-claude/prompt-caching */
const claude = (minTokens: number): PrefixRules => ({
  kind: 'marked',
  minTokens,
  stepTokens: 1,
  ttlMs: 5 * minute,
  otherTtlsMs: { '1h': hour },
  billsWrites: true,
})

/**
 * developers.openai.com/api/docs/guides/prompt-caching. "5 to 10 minutes of inactivity": the shorter is taken, so that
 * reads are rather under- than overestimated.
 */
const openai = {
  kind: 'automatic',
  minTokens: 1024,
  stepTokens: 128,
  ttlMs: 5 * minute,
  otherTtlsMs: {},
  billsWrites: false,
} as const satisfies PrefixRules
const openaiKept: PrefixRules = { ...openai, otherTtlsMs: { '24h': 24 * hour } }

/** ai.google.dev/gemini-api/docs/caching; how long is not published, so as short as the others. */
const gemini = (minTokens: number): PrefixRules => ({ ...openai, minTokens, stepTokens: 1 })

/** api-docs.deepseek.com/guides/kv_cache: units of 64 tokens, kept "a few hours to a few days". */
const deepseek: PrefixRules = { ...openai, minTokens: 64, stepTokens: 64, ttlMs: 3 * hour }

type Row = {
  /** Matches a model's id without vendor, date and dots. */
  readonly model: RegExp
  /** Absent means whoever sells it. */
  readonly providers?: RegExp
  readonly rules: PrefixRules
}

/** The first row that fits. A model newer than these rows has the rules of its line. */
const rows: readonly Row[] = [
  { model: /^claude-(?:opus|haiku)-(?:4-[5-9]|[5-9])/, rules: claude(4096) },
  { model: /^claude-sonnet-(?:4-[6-9]|[5-9])|^claude.*haiku/, rules: claude(2048) },
  { model: /^claude/, rules: claude(1024) },
  {
    model: /^(?:ft-)?gpt-(?:5-(?:[6-9]|\d\d)|[6-9])/,
    rules: { ...openaiKept, billsWrites: true },
  },
  { model: /^(?:ft-)?gpt-(?:5|4-1)(?!\d|-(?:mini|nano))/, rules: openaiKept },
  { model: /^(?:ft-)?(?:gpt-(?:4o|4-1(?!\d)|5)|chatgpt-4o|o[1-9]|codex)/, rules: openai },
  { model: /^gemini.*flash/, rules: gemini(1024) },
  { model: /^gemini/, rules: gemini(4096) },
  { model: /^deepseek/, providers: /^(?:deepseek|openrouter)/, rules: deepseek },
]
