import type { CellDiff, DiffResult, DiffRow, RequestDiff } from '../check/diff-result.ts'
import { signedUsd } from './check-phrases.ts'
import {
  amountsOf,
  changeWords,
  diffTotal,
  effectMeanings,
  featureName,
  hasCommonScenarios,
  mainCause,
  modelName,
  otherAmounts,
  repricedWords,
  rowSigns,
  sidePieces,
} from './diff-phrases.ts'
import { safeText } from './escape.ts'
import { formatGrid, type GridColumn } from './grid.ts'
import { formatCount, formatUsd } from './numbers.ts'
import { scenarioLines } from './scenario-changes.ts'
import {
  type Block,
  heading,
  joinBlocks,
  labelled,
  type Screen,
  screenOf,
  type View,
} from './screen.ts'
import { notesBlock } from './terminal-blocks.ts'
import { flowPieces, wrapText } from './text-width.ts'

/** The difference for a person: its causes, where it arose, and the total in one line. */
export function diffTerminal(result: DiffResult, view: View): string {
  const screen = screenOf(view)
  const { paint, width } = screen
  const notes = result.warnings.map(({ message, count }) => `${message} (${formatCount(count)})`)
  return joinBlocks(
    [
      headBlock(result, screen),
      causesBlock(result, screen),
      treeBlock(result, screen),
      featuresBlock(result, screen),
      hasCommonScenarios(result) ? scenarioLines(result, mostScenarios, screen) : [],
      requestsBlock(result, screen),
      notesBlock([...repricedWords(result), ...notes].map(safeText), screen),
      wrapText(safeText(diffTotal(result)), width).map((line) => paint('bold', line)),
    ],
    screen,
  )
}

function headBlock(result: DiffResult, screen: Screen): Block {
  const { from, to, differenceUsd } = result
  const style = differenceUsd > 0 ? 'red' : 'green'
  const { paint, width } = screen
  const costs = `${formatUsd(from.costUsd)} → ${formatUsd(to.costUsd)}`
  return [
    ...flowPieces([paint('bold', costs), paint(style, changeWords(result))], width, '  '),
    ...labelled('from', sidePieces(from).map(safeText), screen),
    ...labelled('to', sidePieces(to).map(safeText), screen),
  ]
}

const causeColumns: readonly GridColumn[] = [
  { title: '' },
  { title: '', align: 'right' },
  { title: '', minWidth: 24, dropOrder: 1, style: 'dim' },
]

function causesBlock({ effects, other }: DiffResult, screen: Screen): Block {
  const rows = amountsOf(effects).flatMap(({ key, name, usd }) => [
    [name, signedUsd(usd), effectMeanings[key]],
    ...(key === 'other' ? otherAmounts(other) : []).map((part) => [
      `  ${part.name}`,
      signedUsd(part.usd),
      '',
    ]),
  ])
  if (rows.length === 0) return []
  return [
    ...heading(screen, 'CAUSES', 'they add up to the difference'),
    ...formatGrid(causeColumns, rows, screen),
  ]
}

const rowColumns: readonly GridColumn[] = [
  // Long names of models differ at their end.
  { title: '', minWidth: 38 },
  { title: 'from', align: 'right', dropOrder: 3 },
  { title: 'to', align: 'right', dropOrder: 2 },
  { title: 'difference', align: 'right' },
  { title: 'mostly', minWidth: 10, dropOrder: 1, style: 'dim' },
]

const rowCells = (name: string, row: DiffRow): readonly string[] => [
  safeText(name),
  formatUsd(row.fromUsd),
  formatUsd(row.toUsd),
  signedUsd(row.differenceUsd),
  mainCause(row),
]

/** Rows that a terminal shows; all of them are in JSON and CSV. */
const mostModels = 8
const mostFeatures = 5

const key = '~ changed, + new, - gone'

/** Models, and under each its features where it has several. */
function treeBlock({ models, cells }: DiffResult, screen: Screen): Block {
  const changed = models.filter(isChanged)
  const shown = changed.slice(0, mostModels)
  if (shown.length === 0) return []
  const rows = shown.flatMap((model) => [
    rowCells(`${rowSigns[model.status]} ${modelName(model)}`, model),
    ...featureRows(cells.filter((cell) => modelName(cell) === modelName(model))),
  ])
  return [
    ...heading(screen, 'MODELS', key),
    ...formatGrid(rowColumns, rows, screen),
    ...moreLine(changed.length - shown.length, screen),
  ]
}

function featureRows(cells: readonly CellDiff[]): readonly (readonly string[])[] {
  if (cells.length < 2) return []
  const changed = cells.filter(isChanged)
  const rows = changed
    .slice(0, mostFeatures)
    .map((cell) => rowCells(`  ${rowSigns[cell.status]} ${featureName(cell.feature)}`, cell))
  const more = changed.length - rows.length
  return more > 0 ? [...rows, [`    and ${formatCount(more)} more`]] : rows
}

const isChanged = ({ differenceUsd }: DiffRow): boolean => differenceUsd !== 0

const moreLine = (more: number, { paint }: Screen): Block =>
  more > 0 ? [paint('dim', `  and ${formatCount(more)} more`)] : []

function featuresBlock({ features }: DiffResult, screen: Screen): Block {
  const changed = features.filter(isChanged)
  if (features.length < 2 || changed.length === 0) return []
  const shown = changed.slice(0, mostModels)
  const rows = shown.map((row) =>
    rowCells(`${rowSigns[row.status]} ${featureName(row.feature)}`, row),
  )
  return [
    ...heading(screen, 'FEATURES', key),
    ...formatGrid(rowColumns, rows, screen),
    ...moreLine(changed.length - shown.length, screen),
  ]
}

const mostScenarios = 5

const requestColumns: readonly GridColumn[] = [
  { title: 'id', minWidth: 16 },
  { title: 'cost', align: 'right' },
  { title: 'difference', align: 'right' },
  { title: 'model', minWidth: 12, dropOrder: 2 },
  { title: 'feature', minWidth: 8, dropOrder: 1 },
]
const mostRequests = 5

function requestsBlock({ requests }: DiffResult, screen: Screen): Block {
  const shown = requests.slice(0, mostRequests)
  if (shown.length === 0) return []
  const cells = (request: RequestDiff) => [
    safeText(request.id),
    formatUsd(request.costUsd),
    signedUsd(request.differenceUsd),
    safeText(modelName(request)),
    safeText(featureName(request.feature)),
  ]
  return [
    ...heading(screen, 'REQUESTS', 'that explain most: llmcost explain ID shows one'),
    ...formatGrid(requestColumns, shown.map(cells), screen),
  ]
}
