import { safeText } from './escape.ts'
import { formatMs, formatUsd } from './numbers.ts'
import { colorPaint, plainPaint, type Style } from './paint.ts'

/** A line of the gateway's log for a terminal: time, what happened, its figures. */
export function serveLogLine(
  line: Readonly<Record<string, unknown>>,
  { color }: { readonly color: boolean },
): string {
  const paint = color ? colorPaint : plainPaint
  const { time, level, msg, ...fields } = line
  const clock = typeof time === 'string' ? time.slice(11, 23) : ''
  const text = msg === 'request' ? requestText(fields) : eventText(String(msg ?? ''), fields)
  const style = styles[String(level)]
  const said = style === undefined ? text : paint(style, text)
  return `${paint('dim', clock)} ${said}`
}

const styles: Readonly<Record<string, Style | undefined>> = {
  debug: 'dim',
  warn: 'yellow',
  error: 'red',
}

type Fields = Readonly<Record<string, unknown>>

function requestText(fields: Fields): string {
  const { id, status, outcome, model, target, route, cache, refusedBy, reason, costUsd, ms } =
    fields
  const words = [
    status,
    outcome === 'answered' || outcome === 'hit' ? cache : outcome,
    target === undefined || target === model ? model : `${model} → ${target}`,
    route === undefined ? undefined : `(${route})`,
    refusedBy === undefined ? undefined : `refused by ${refusedBy}`,
    reason,
    typeof costUsd === 'number' ? formatUsd(costUsd) : 'no price',
    typeof ms === 'number' ? formatMs(ms) : undefined,
    id,
  ]
  return words.flatMap((word) => (word === undefined ? [] : [safeText(String(word))])).join('  ')
}

const eventText = (message: string, fields: Fields): string =>
  [
    safeText(message),
    ...Object.entries(fields).map(
      ([name, value]) =>
        `${safeText(name)}=${safeText(typeof value === 'string' ? value : JSON.stringify(value))}`,
    ),
  ].join('  ')
