import type { Range, ServedPair } from '../simulate/result.ts'
import { safeText } from './escape.ts'
import { formatCount, formatPart, formatShare, formatUsdCents } from './numbers.ts'
import { type Block, heading, labelled, type Screen } from './screen.ts'
import { curveLines } from './simulate-curve.ts'
import { formatShareRange, formatThreshold, formatTtl } from './simulate-phrases.ts'
import { padText, toAscii, truncateText } from './text-width.ts'

/** What can be set on the screen of `--interactive`, and what each setting comes to. */
export type ExplorerModel = {
  readonly thresholds: readonly number[]
  readonly ttls: readonly (number | null)[]
  readonly namespaces: readonly string[]
  readonly routes: readonly string[]
  /** Where it begins; without it at the first of each. */
  readonly start?: ExplorerState
  /** Asked once for every setting that is looked at, and for all thresholds beside it. */
  readonly evaluate: (state: ExplorerState) => Evaluation
}

export type ExplorerState = {
  readonly threshold: number
  readonly ttlSeconds: number | null
  readonly namespace: string
  readonly route: string
}

export type Evaluation = {
  readonly hitRate: number | null
  readonly exactHits: number
  readonly semanticHits: number
  readonly cacheable: number
  readonly wrongPerHit: Range | null
  readonly spendUsd: number
  readonly baselineUsd: number
  readonly pairs: readonly Pick<
    ServedPair,
    'question' | 'servedQuestion' | 'similarity' | 'verdict'
  >[]
}

/** The chosen row, and by row which of its values holds. */
export type Cursor = { readonly row: number; readonly at: readonly number[] }

export type Direction = 'up' | 'down' | 'left' | 'right'

/** The cursor on the threshold, at the settings that the model begins with. */
export function startCursor(model: ExplorerModel): Cursor {
  const { start } = model
  if (start === undefined) return { row: 0, at: rowsOf(model).map(() => 0) }
  const at = [
    sortedThresholds(model).indexOf(start.threshold),
    model.ttls.indexOf(start.ttlSeconds),
    model.namespaces.indexOf(start.namespace),
    model.routes.indexOf(start.route),
  ]
  return { row: 0, at: at.map((index) => Math.max(0, index)) }
}

/** Up and down choose a row, left and right its value; both stop at the ends. */
export function moveCursor(model: ExplorerModel, cursor: Cursor, direction: Direction): Cursor {
  const rows = rowsOf(model)
  if (direction === 'up' || direction === 'down') {
    const row = cursor.row + (direction === 'up' ? -1 : 1)
    return { ...cursor, row: clamp(row, rows.length) }
  }
  const step = direction === 'left' ? -1 : 1
  const count = rows[cursor.row]?.values.length ?? 0
  return {
    ...cursor,
    at: cursor.at.map((index, row) => (row === cursor.row ? clamp(index + step, count) : index)),
  }
}

/** The settings under the cursor. */
export function stateAt(model: ExplorerModel, { at }: Cursor): ExplorerState {
  const [threshold = 0, ttl = 0, namespace = 0, route = 0] = at
  return {
    threshold: sortedThresholds(model)[threshold] ?? 0,
    ttlSeconds: model.ttls[ttl] ?? null,
    namespace: model.namespaces[namespace] ?? '',
    route: model.routes[route] ?? '',
  }
}

/** The first setting that is looked at and not known yet: the chosen one, then the curve around it. */
export function nextUnknown(
  model: ExplorerModel,
  cursor: Cursor,
  known: ReadonlyMap<string, Evaluation>,
): ExplorerState | undefined {
  const state = stateAt(model, cursor)
  const curve = sortedThresholds(model).map((threshold) => ({ ...state, threshold }))
  return [state, ...curve].find((each) => !known.has(keyOf(each)))
}

/** One text for equal settings. */
export const keyOf = ({ threshold, ttlSeconds, namespace, route }: ExplorerState): string =>
  JSON.stringify([threshold, ttlSeconds, namespace, route])

/** The screen, no wider than it and at most `rows` lines high: settings, figures, curve, pairs. */
export function explorerLines(
  model: ExplorerModel,
  cursor: Cursor,
  known: ReadonlyMap<string, Evaluation>,
  screen: Screen & { readonly rows: number },
): Block {
  const found = known.get(keyOf(stateAt(model, cursor)))
  const head = [
    ...heading(screen, 'llmcost simulate', keys(screen)),
    '',
    ...controlLines(model, cursor, screen),
    '',
    ...figureLines(found, screen),
  ]
  const curve = curveOf(model, cursor, known, screen)
  const isRoom = curve.length > 0 && head.length + curve.length < screen.rows
  const above = isRoom ? [...head, '', ...curve] : head
  const pairs = pairLines(found?.pairs ?? [], screen)
  const room = screen.rows - above.length - 2
  const below = room >= 2 ? ['', ...pairs.slice(0, room - (room % 2))] : []
  const lines = [...above, ...below].slice(0, screen.rows)
  return screen.unicode ? lines : lines.map(toAscii)
}

type Row = { readonly name: string; readonly values: readonly string[] }

const rowsOf = (model: ExplorerModel): readonly Row[] => [
  { name: 'threshold', values: sortedThresholds(model).map(formatThreshold) },
  { name: 'kept', values: model.ttls.map(formatTtl) },
  { name: 'namespace', values: model.namespaces.map(safeText) },
  { name: 'route', values: model.routes.map(safeText) },
]

const sortedThresholds = ({ thresholds }: ExplorerModel): readonly number[] =>
  thresholds.toSorted((a, b) => a - b)

const clamp = (index: number, count: number): number => Math.max(0, Math.min(count - 1, index))

const keys = ({ unicode }: Screen): string =>
  unicode ? '↑↓ choose  ←→ change  q quit' : 'arrows choose and change  q quit'

const controlLines = (model: ExplorerModel, cursor: Cursor, screen: Screen): Block =>
  rowsOf(model).map(({ name, values }, row) => {
    const index = cursor.at[row] ?? 0
    const value = values[index] ?? ''
    const isChosen = row === cursor.row
    const count = ` ${index + 1} of ${values.length}`
    const room = screen.width - nameWidth - count.length - 4
    const shown = `${index > 0 ? '<' : ' '} ${truncateText(value, room)} ${index < values.length - 1 ? '>' : ' '}`
    const label = padText(`${isChosen ? '>' : ' '} ${name}`, nameWidth)
    const { paint } = screen
    return isChosen
      ? paint('bold', label) + paint('cyan', shown) + paint('dim', count)
      : label + shown + paint('dim', count)
  })

function figureLines(found: Evaluation | undefined, screen: Screen): Block {
  if (found === undefined)
    return ['spend', 'hits', 'wrong'].map((name) => `  ${screen.paint('dim', name)}`)
  const { spendUsd, baselineUsd, cacheable, hitRate, wrongPerHit } = found
  const saved = baselineUsd - spendUsd
  return [
    ...labelled(
      'spend',
      [
        `${formatUsdCents(spendUsd)} instead of ${formatUsdCents(baselineUsd)}`,
        `${saved < 0 ? 'dearer by' : 'saves'} ${formatUsdCents(Math.abs(saved))} (${formatPart(Math.abs(saved), baselineUsd)})`,
      ],
      screen,
    ),
    ...labelled(
      'hits',
      [
        `${formatShare(hitRate)} of ${formatCount(cacheable)} cacheable`,
        `exact ${formatCount(found.exactHits)}`,
        `semantic ${formatCount(found.semanticHits)}`,
      ],
      screen,
    ),
    ...labelled(
      'wrong',
      [wrongPerHit === null ? 'unmeasured' : `${formatShareRange(wrongPerHit)} per hit`],
      screen,
    ),
  ]
}

/** What is known of all thresholds beside the chosen one. */
function curveOf(
  model: ExplorerModel,
  cursor: Cursor,
  known: ReadonlyMap<string, Evaluation>,
  screen: Screen,
): Block {
  const state = stateAt(model, cursor)
  const points = model.thresholds.map((threshold) => {
    const found = known.get(keyOf({ ...state, threshold }))
    return {
      threshold,
      savedUsd: found === undefined ? null : found.baselineUsd - found.spendUsd,
      wrongPerHit: found?.wrongPerHit ?? null,
    }
  })
  const lines = curveLines(
    { points, marks: [{ threshold: state.threshold, text: 'here' }] },
    screen,
  )
  return lines.length === 0
    ? []
    : [...heading(screen, 'SAVED', 'and below it wrong hits per hit'), ...lines]
}

/** Two lines for each pair: what was asked, and what the served answer was given to. */
const pairLines = (pairs: Evaluation['pairs'], { width, paint }: Screen): Block =>
  pairs.flatMap(({ question, servedQuestion, similarity, verdict }) => {
    const room = width - pairIndent
    const text = (own: string | null) =>
      truncateText(own === null ? '(text not kept)' : safeText(own), room)
    const style = verdict === 'wrong' ? 'red' : verdict === 'right' ? 'green' : 'yellow'
    const label = `  ${formatThreshold(similarity).padEnd(6)}  ${paint(style, padText(verdict ?? 'unjudged', 9))}  `
    return [label + text(question), ' '.repeat(pairIndent) + paint('dim', text(servedQuestion))]
  })

const nameWidth = 15

/** Indent, similarity and verdict with their gaps. */
const pairIndent = 2 + 6 + 2 + 9 + 2
