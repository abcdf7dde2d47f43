import type { ScanTask } from './scanner.ts'

/** The rows of a scan in their order, those of a group behind each other. */
export type ScanOrder = {
  readonly rows: Uint32Array
  /** For each place in the order: where its group begins. */
  readonly starts: Uint32Array
}

/** Rows by group, then by length where there are lengths, then by number. */
export function scanOrder(
  count: number,
  groups?: Uint32Array | undefined,
  lengths?: Float64Array | null,
): ScanOrder {
  const rows = Uint32Array.from({ length: count }, (_, row) => row)
  if (groups !== undefined || lengths)
    rows.sort(
      (a, b) =>
        (groups?.[a] ?? 0) - (groups?.[b] ?? 0) ||
        (lengths?.[a] ?? 0) - (lengths?.[b] ?? 0) ||
        a - b,
    )
  const starts = new Uint32Array(count)
  for (let at = 1; at < count; at++) {
    const isSame = groups?.[rows[at] as number] === groups?.[rows[at - 1] as number]
    starts[at] = isSame ? (starts[at - 1] as number) : at
  }
  return { rows, starts }
}

/** How many pairs have both rows in one group. */
export function pairsIn({ starts }: ScanOrder, from = 0, to = starts.length): number {
  let pairs = 0
  for (let at = from; at < to; at++) pairs += at - (starts[at] as number)
  return pairs
}

/** Comparisons in one task: about a twentieth of a second, so that progress and cancelling are prompt. */
const pairsPerTask = 2 ** 23
/** Rows hashed in one task. */
const rowsPerTask = 4096

/** Tasks that together compare all pairs; the last ones are begun first. */
export function comparingTasks(order: ScanOrder, kind: 'scan' | 'near'): readonly ScanTask[] {
  const tasks: ScanTask[] = []
  const count = order.rows.length
  for (let from = 0; from < count; ) {
    const rights = from - (order.starts[from] as number)
    const rows = Math.ceil(pairsPerTask / (rights + rowsPerBlock) / rowsPerBlock) * rowsPerBlock
    const to = Math.min(count, from + Math.min(rows, rowsPerTask))
    tasks.push({ kind, from, to })
    from = to
  }
  return tasks
}

/** A kernel's left rows. */
const rowsPerBlock = 64

/** Tasks that make the hashes of all rows. */
export function hashingTasks(count: number): readonly ScanTask[] {
  return Array.from({ length: Math.ceil(count / rowsPerTask) }, (_, n) => ({
    kind: 'hash',
    from: n * rowsPerTask,
    to: Math.min(count, (n + 1) * rowsPerTask),
  }))
}
