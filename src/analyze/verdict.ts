import type { RequestSource } from '../domain/columns.ts'
import { isoDay } from '../worlds/calendar.ts'
import type { Difficulty, Projection, Verdict } from './result.ts'
import type { Sums } from './totals.ts'

/** Below this a gateway costs more to run than it saves; from the second on it is worth a trial (POLICY). */
const doesNotPayUsdPerDay = 50
const lookAgainUsdPerDay = 200
/** Words that call for the exact cache alone. */
const strictWords =
  /\b(medical|health|clinical|financial|finance|tax|legal|law|compliance|strict)\b/i
const almostAll = 0.95

/** Whether a gateway would pay on this traffic, and what speaks against a cache or routing in particular. */
export function verdictOf(
  source: RequestSource,
  sums: Sums,
  projection: Projection,
  difficulty: Difficulty,
): Verdict {
  const usdPerDay =
    projection.costUsdPerMonth === null ? null : projection.costUsdPerMonth / 30.4375
  const reasons = [
    ...spendReason(usdPerDay),
    ...hardReason(difficulty),
    ...strictReason(source),
    ...promptReason(source, sums),
  ]
  if (usdPerDay === null) return { gateway: 'unknown', usdPerDay, reasons }
  const gateway =
    usdPerDay < doesNotPayUsdPerDay
      ? 'does-not-pay'
      : usdPerDay < lookAgainUsdPerDay
        ? 'look-again'
        : 'worth-a-trial'
  return { gateway, usdPerDay: Math.round(usdPerDay * 1e9) / 1e9, reasons }
}

function spendReason(usdPerDay: number | null): readonly string[] {
  if (usdPerDay === null)
    return ['the log has no complete day, so there is no spend per day to judge by']
  const spend = `$${usdPerDay.toFixed(2)} a day`
  if (usdPerDay < doesNotPayUsdPerDay) {
    return [
      `${spend}: below about $${doesNotPayUsdPerDay} a gateway does not pay; look again at $${lookAgainUsdPerDay}`,
    ]
  }
  if (usdPerDay < lookAgainUsdPerDay)
    return [
      `${spend}: between $${doesNotPayUsdPerDay} and $${lookAgainUsdPerDay} it depends on the work it takes`,
    ]
  return [`${spend}: above $${lookAgainUsdPerDay} a gateway can pay for itself`]
}

function hardReason({ classified, hard }: Difficulty): readonly string[] {
  if (classified === 0 || hard / classified < almostAll) return []
  return [
    'nearly every request is hard by the `signals` preset: routing to a smaller model has little to work on',
  ]
}

function strictReason({ profiles }: RequestSource): readonly string[] {
  const strict = new Set<string>()
  profiles.forEach(({ feature, tags }) => {
    const words = `${feature ?? ''} ${tags ?? ''}`
      .replace(/_/g, ' ')
      .replace(/([a-z])(?=[A-Z])/g, '$1 ')
    if (strictWords.test(words)) strict.add(feature ?? 'tagged requests')
  })
  if (strict.size === 0) return []
  return [
    `exact cache only, no semantic cache, for ${[...strict].sort().slice(0, 5).join(', ')}: answers there must not be merely close`,
  ]
}

/** A system prompt that changes this often loses every cached answer each time. */
const weekDays = 7

/** The main system prompt of each week: changes in most weeks mean that caches start cold again and again. */
function promptReason(source: RequestSource, { days }: Sums): readonly string[] {
  const weeks = mainPromptByWeek(source, days[0]?.day ?? 0)
  if (weeks.length < 3) return []
  const changes = weeks.filter((prompt, week) => week > 0 && prompt !== weeks[week - 1]).length
  if (changes < weeks.length - 1) return []
  return [
    `the main system prompt changed every week since ${isoDay(days[0]?.day ?? 0)}: response caches would start cold each time`,
  ]
}

function mainPromptByWeek(source: RequestSource, firstDay: number): readonly number[] {
  const counts: Map<number, number>[] = []
  for (const { length, at, systemKey } of source.segments(['at', 'systemKey'])) {
    for (let row = 0; row < length; row++) {
      const key = systemKey[row] as number
      const week = Math.floor(((at[row] as number) / 86_400_000 - firstDay) / weekDays)
      if (!Number.isNaN(key) && week >= 0 && week < mostWeeks) countPrompt(counts, week, key)
    }
  }
  return counts.flatMap((prompts) => {
    const all = [...prompts.values()].reduce((sum, count) => sum + count, 0)
    const [main] = [...prompts].sort((a, b) => b[1] - a[1])
    // A prompt that varies per request is no main prompt that changed.
    return main === undefined || main[1] <= all / 2 ? [] : [main[0]]
  })
}

/** Ten years. */
const mostWeeks = 520
/** Different system prompts of one week that are counted. */
const mostPrompts = 1000

function countPrompt(counts: Map<number, number>[], week: number, key: number): void {
  let prompts = counts[week]
  if (prompts === undefined) {
    prompts = new Map()
    counts[week] = prompts
  }
  if (prompts.size < mostPrompts || prompts.has(key)) prompts.set(key, (prompts.get(key) ?? 0) + 1)
}
