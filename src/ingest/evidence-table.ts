import { defined } from '../domain/json.ts'
import type { MeasuredQuestion, Measurement } from '../domain/measurement.ts'
import type { EvidenceCell } from './evidence-cells.ts'

/** One question. What it says is kept only to be embedded. */
export type EvidenceRow = {
  readonly id: string | null
  /** Equal for prompts that are equal, system prompt and history included. */
  readonly promptKey: string | null
  /** Equal for the same last user message. */
  readonly questionKey: string | null
  /** The last user message; null where only an id is known. */
  readonly text: string | null
  /** The scorer of the replay that measured it; null: it stands in a file. */
  readonly replayedBy: string | null
}

/** What models are known to do with questions. */
export type Evidence = {
  /** In the order in which the files name them. */
  readonly models: readonly string[]
  /** In file order. */
  readonly rows: readonly EvidenceRow[]
  /** By model, then by row; of repeats the mean. NaN: not measured. */
  readonly scores: readonly Float64Array[]
  readonly costsNanoUsd: readonly Float64Array[]
  readonly inputTokens: readonly Float64Array[]
  readonly outputTokens: readonly Float64Array[]
  readonly latenciesMs: readonly Float64Array[]
  /** By model, then by row; of repeats the first. */
  readonly outputs: readonly (readonly (string | null)[])[]
}

/** Gathers cells into a table: the same question is one row, whichever records and files it stood in. */
export class EvidenceTable {
  readonly #rows: EvidenceRow[] = []
  readonly #rowByName = new Map<string, number>()
  readonly #modelByName = new Map<string, number>()
  readonly #cells: { readonly row: number; readonly model: number; readonly cell: EvidenceCell }[] =
    []

  add(question: EvidenceRow, cells: readonly EvidenceCell[]): void {
    const name = `${question.id ?? ''}\n${question.promptKey ?? ''}`
    const row = numberOf(this.#rowByName, name)
    this.#rows[row] ??= question
    for (const cell of cells) {
      this.#cells.push({ row, model: numberOf(this.#modelByName, cell.model), cell })
    }
  }

  /**
   * Adds what replays measured. A question that stands in a file is taken from there alone: scores of different sources
   * are not comparable.
   */
  addMeasured(questions: readonly MeasuredQuestion[]): void {
    const inFiles = new Set(this.#rows.flatMap(({ promptKey }) => promptKey ?? []))
    for (const { answers, scorer, id, promptKey, questionKey, text } of questions) {
      if (promptKey !== null && inFiles.has(promptKey)) continue
      const row = { id, promptKey, questionKey, text, replayedBy: scorer }
      this.add(
        row,
        answers.flatMap((answer) => cellsOf(answer)),
      )
    }
  }

  finish(): Evidence {
    const models = [...this.#modelByName.keys()]
    const outputs = models.map(() => Array<string | null>(this.#rows.length).fill(null))
    for (const { row, model, cell } of this.#cells) {
      const column = outputs[model]
      if (column !== undefined) column[row] ??= cell.output ?? null
    }
    const means = (pick: (cell: EvidenceCell) => number | undefined) =>
      this.#means(models.length, pick)
    return {
      models,
      rows: this.#rows,
      scores: means((cell) => cell.score),
      costsNanoUsd: means((cell) => cell.costNanoUsd),
      inputTokens: means((cell) => cell.inputTokens),
      outputTokens: means((cell) => cell.outputTokens),
      latenciesMs: means((cell) => cell.latencyMs),
      outputs,
    }
  }

  /** 0 ÷ 0 is NaN, which is what not measured means. */
  #means(
    models: number,
    pick: (cell: EvidenceCell) => number | undefined,
  ): readonly Float64Array[] {
    const sums = Array.from({ length: models }, () => new Float64Array(this.#rows.length))
    const counts = Array.from({ length: models }, () => new Uint32Array(this.#rows.length))
    for (const { row, model, cell } of this.#cells) {
      const value = pick(cell)
      const [sum, count] = [sums[model], counts[model]]
      if (value === undefined || sum === undefined || count === undefined) continue
      sum[row] = (sum[row] as number) + value
      count[row] = (count[row] as number) + 1
    }
    return sums.map((sum, model) => sum.map((total, row) => total / (counts[model]?.[row] ?? 0)))
  }
}

function cellsOf(measured: Measurement): readonly EvidenceCell[] {
  const { target, score, output, costNanoUsd, inputTokens, outputTokens, latencyMs } = measured
  if (score === null) return []
  const known = defined({
    output: output ?? undefined,
    costNanoUsd: costNanoUsd ?? undefined,
    inputTokens: inputTokens ?? undefined,
    outputTokens: outputTokens ?? undefined,
    latencyMs: latencyMs ?? undefined,
  })
  return [{ model: target, score, ...known }]
}

/** A name's number, the next one where it is new. */
function numberOf(numbers: Map<string, number>, name: string): number {
  const known = numbers.get(name)
  if (known !== undefined) return known
  numbers.set(name, numbers.size)
  return numbers.size - 1
}

/** The rows on which both models were measured, with their scores: what a router is judged by. */
export type EvidencePair = {
  readonly rows: Uint32Array
  readonly weak: Float64Array
  readonly strong: Float64Array
}

/** By the models' places in `evidence.models`. */
export function evidencePair(evidence: Evidence, weak: number, strong: number): EvidencePair {
  const [weakScores, strongScores] = [evidence.scores[weak], evidence.scores[strong]]
  if (weakScores === undefined || strongScores === undefined) {
    throw new RangeError(`no model ${weak} or ${strong} among ${evidence.models.length}`)
  }
  const rows = Uint32Array.from(evidence.rows.keys()).filter(
    (row) => !Number.isNaN(weakScores[row]) && !Number.isNaN(strongScores[row]),
  )
  const at = (scores: Float64Array) => Float64Array.from(rows, (row) => scores[row] as number)
  return { rows, weak: at(weakScores), strong: at(strongScores) }
}

/** What a request is known by. */
export type AskedQuestion = {
  readonly id?: string | null
  readonly promptKey?: string | null
  readonly questionKey?: string | null
}

/** Finds the rows about a request; none where it was never evaluated. */
export type EvidenceIndex = (asked: AskedQuestion) => readonly number[]

/**
 * An index over the rows: by the whole prompt, else by its id, else by the last user message, which
 * several rows may share. An id alone does not count where both sides know the question and it
 * differs: small numbers are everybody's ids.
 */
export function indexEvidence({ rows }: Evidence): EvidenceIndex {
  const byPrompt = listsBy(rows, (row) => row.promptKey)
  const byQuestion = listsBy(rows, (row) => row.questionKey)
  const byId = listsBy(rows, (row) => row.id)
  return ({ id, promptKey, questionKey }) => {
    const same = listIn(byPrompt, promptKey)
    if (same.length > 0) return same
    const named = listIn(byId, id).filter((row) => {
      const known = rows[row]?.questionKey ?? null
      return known === null || questionKey == null || known === questionKey
    })
    return named.length > 0 ? named : listIn(byQuestion, questionKey)
  }
}

const listIn = (
  lists: ReadonlyMap<string, readonly number[]>,
  key: string | null | undefined,
): readonly number[] => (key == null ? [] : (lists.get(key) ?? []))

function listsBy(
  rows: readonly EvidenceRow[],
  keyOf: (row: EvidenceRow) => string | null,
): ReadonlyMap<string, readonly number[]> {
  const lists = new Map<string, number[]>()
  for (const [index, row] of rows.entries()) {
    const key = keyOf(row)
    if (key === null) continue
    const list = lists.get(key)
    if (list === undefined) lists.set(key, [index])
    else list.push(index)
  }
  return lists
}
