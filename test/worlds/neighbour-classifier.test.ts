import { describe, expect, it } from 'vitest'
import type { Vector } from '../../src/domain/embedder.ts'
import { EvidenceTable } from '../../src/ingest/evidence-table.ts'
import {
  askNeighbours,
  neighbourClassifier,
  rememberingLabels,
  trainNeighbours,
} from '../../src/worlds/neighbour-classifier.ts'

const at = (degrees: number): Vector =>
  Float64Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180))

type Row = readonly [text: string, degrees: number | null, scores: Readonly<Record<string, number>>]

const tiers = { small: 'openai:gpt-4o-mini', medium: 'openai:gpt-4o' }

function trained(rows: readonly Row[], neighbours = 2, replayedBy: string | null = null) {
  const table = new EvidenceTable()
  for (const [index, [text, , scores]] of rows.entries()) {
    const row = { id: `${index}`, promptKey: null, questionKey: null, text, replayedBy }
    const cells = Object.entries(scores).map(([model, score]) => ({ model, score }))
    table.add(row, cells)
  }
  const vectors = rows.map(([, degrees]) => (degrees === null ? null : at(degrees)))
  const evidence = table.finish()
  return trainNeighbours({ evidence, vectors, tiers, neighbours, minQuality: 0.8 })
}

const both = (small: number, medium: number) => ({ 'gpt-4o-mini': small, 'gpt-4o': medium })

/** Simple around 0°, medium around 90°, hard around 180°. */
const rows: readonly Row[] = [
  ['a', 0, both(1, 1)],
  ['b', 10, both(1, 0)],
  ['c', 90, both(0, 1)],
  ['d', 100, both(0, 1)],
  ['e', 180, both(0, 0)],
  ['f', 190, both(0, 0)],
]

describe('a classifier by neighbours', () => {
  it.each([
    [5, 'simple'],
    [95, 'medium'],
    [185, 'hard'],
  ] as const)('says of a question at %d° that it is %s', async (degrees, label) => {
    const labelOf = await trained(rows)
    expect(labelOf?.('another', at(degrees))).toBe(label)
  })

  it('weighs votes by cosine: 0.8 is as much as the small model must be expected to have', async () => {
    // cos 30° and cos 60°: 0.866 / (0.866 + 0.5) = 0.634 of being right.
    const near: readonly Row[] = [
      ['a', 30, both(1, 0)],
      ['b', 60, both(0, 0)],
    ]
    expect((await trained(near))?.('another', at(0))).toBe('hard')
    // cos 60° and cos 82°: 0.5 / (0.5 + 0.139) = 0.782; at 83° it is 0.804.
    const [within, beyond] = [82, 83].map((degrees): readonly Row[] => [
      ['a', 60, both(1, 0)],
      ['b', degrees, both(0, 0)],
    ])
    expect((await trained(within ?? []))?.('another', at(0))).toBe('hard')
    expect((await trained(beyond ?? []))?.('another', at(0))).toBe('simple')
  })

  it('is not told of a question what evidence says of that very question', async () => {
    const withOwn: readonly Row[] = [...rows, ['own', 185, both(1, 1)], ['own', 185, both(1, 1)]]
    const labelOf = await trained(withOwn)
    expect(labelOf?.('own', at(185))).toBe('hard')
    // Whoever asks something else as near is judged by them.
    expect(labelOf?.('another', at(185))).toBe('simple')
  })

  it('takes an answer that was judged as good as another for one that would have done', async () => {
    const judged: readonly Row[] = [
      ['a', 0, both(0.5, 0.5)],
      ['b', 10, both(1, 0)],
      ['c', 180, both(0, 0.5)],
      ['d', 190, both(0.4, 1)],
    ]
    const labelOf = await trained(judged, 2, 'people')
    expect(labelOf?.('another', at(5))).toBe('simple')
    expect(labelOf?.('another', at(185))).toBe('medium')
    // In a file a score is what it says.
    expect((await trained(judged))?.('another', at(5))).toBe('hard')
  })

  it('falls back to the mean of all others where nothing is near, the own rows left out', async () => {
    const far: readonly Row[] = [
      ['a', 180, both(1, 1)],
      ['b', 180, both(0.7, 1)],
      ['own', 180, both(0, 0)],
    ]
    expect((await trained(far))?.('own', at(0))).toBe('simple')
    expect((await trained(far))?.('another', at(0))).toBe('hard')
  })

  it('says nothing where there is nothing to judge by', async () => {
    const labelOf = await trained([['own', 0, both(1, 1)]])
    expect(labelOf?.('own', at(0))).toBeNull()
    expect(labelOf?.('another', null)).toBeNull()
    expect(labelOf?.('another', Float64Array.of(1, 0, 0))).toBeNull()
  })

  it('needs a vector and a score of the small or the medium tier', async () => {
    expect(await trained([])).toBeNull()
    expect(await trained([['a', null, both(1, 1)]])).toBeNull()
    expect(await trained([['a', 0, { 'claude-opus-4-1': 1 }]])).toBeNull()
    const dated = await trained([['a', 0, { 'openai:gpt-4o-mini-2024-07-18': 1 }]])
    expect(dated?.('another', at(0))).toBe('simple')
  })

  it('gives rows about other models no place among the nearest', async () => {
    const others: readonly Row[] = Array.from({ length: 5 }, () => ['x', 0, { other: 0 }])
    const labelOf = await trained([...others, ['a', 5, both(1, 1)]])
    expect(labelOf?.('another', at(0))).toBe('simple')
  })
})

describe('asked for a label', () => {
  it('costs nothing, and means medium where it is not known', async () => {
    const free = { costNanoUsd: 0, latencyMs: 0 }
    const labelOf = await trained(rows)
    if (labelOf === null) return expect.fail('nothing was learned')
    const now = neighbourClassifier(labelOf, () => at(0))
    expect(askNeighbours(now, 'x')).toEqual({ label: 'simple', ...free })
    const later = neighbourClassifier(labelOf, async () => at(0))
    expect(await askNeighbours(later, 'x')).toEqual({ label: 'simple', ...free })
    expect(askNeighbours(undefined, 'x')).toEqual({ label: 'medium', ...free })
    const silent = neighbourClassifier(labelOf, () => expect.fail('embedded'))
    expect(askNeighbours(silent, '')).toEqual({ label: 'medium', ...free })
  })

  it('is asked for each question once', () => {
    const asked: string[] = []
    const remembering = rememberingLabels((question) => {
      asked.push(question)
      return question === 'no' ? null : 'hard'
    }, 10)
    const labels = ['a', 'no', 'a', 'no', 'b'].map((question) => remembering(question))
    expect(labels).toEqual(['hard', null, 'hard', null, 'hard'])
    expect(asked).toEqual(['a', 'no', 'b'])
  })
})
