import { anyOf, kindsIn, wordEnd, wordStart } from './guard-patterns.ts'

const months =
  'january february march april may june july august september october november december'.split(' ')
const weekdays = 'monday tuesday wednesday thursday friday saturday sunday'.split(' ')
const relativeDays = { today: '0', tonight: '0', tomorrow: '1', yesterday: '-1' }

const anyMonth = anyOf([...months, 'sept', ...months.map((month) => month.slice(0, 3))])
/** "march", "may" and the short forms are other words too, and months beside a number only. */
const sureMonth = anyOf(months.filter((month) => !['march', 'may'].includes(month)))
const monthForm = new RegExp(
  [
    `${wordStart}${sureMonth}${wordEnd}`,
    `(?<=\\d(?:st|nd|rd|th)?(?: of)?[ -])${anyMonth}${wordEnd}`,
    `${wordStart}${anyMonth}(?=\\.?[ -]\\d)`,
  ].join('|'),
  'gu',
)
const weekdayForm = new RegExp(`${wordStart}${anyOf(weekdays)}(?=s?${wordEnd})`, 'gu')
const relativeForm = new RegExp(`${wordStart}${anyOf(Object.keys(relativeDays))}${wordEnd}`, 'gu')
const calendarWord = new RegExp(`^(?:${anyMonth}|${anyOf(weekdays)}s?)$`)

/** Words that a lower-case text without digits must hold one of to speak of a date. */
export const calendarWords: readonly string[] = [
  ...months,
  ...weekdays.flatMap((day) => [day, `${day}s`]),
  ...Object.keys(relativeDays),
]

/** Whether a lower-case word is a month or weekday: a date, with a capital or without, and no name. */
export const isCalendarWord = (lower: string): boolean => calendarWord.test(lower)

/** The months of a lower-case text as their numbers, and its weekdays. */
export const datesIn = (lower: string): readonly string[] => [
  ...Array.from(lower.matchAll(monthForm), ([month]) => numberOf(month)),
  ...Array.from(lower.matchAll(weekdayForm), ([day]) => day),
]

/** Whether it speaks of yesterday, today or tomorrow. */
export const relativeDaysIn = (lower: string): string => kindsIn(lower, relativeForm, relativeDays)

const numberOf = (month: string): string =>
  String(months.findIndex((long) => long.startsWith(month.slice(0, 3))) + 1)
