import { expect, test } from 'vitest'
import type { Totals } from '../../src/analyze/result.ts'
import { loggedPieces } from '../../src/report/phrases.ts'
import { richAnalyzeResult } from '../support/analyze-result.ts'

const pieces = (totals: Partial<Totals>): readonly string[] => {
  const result = richAnalyzeResult()
  return loggedPieces({ ...result, totals: { ...result.totals, ...totals } })
}

test('a cost that the log alone knows is compared with nothing', () => {
  expect(pieces({ loggedCostUsd: 12, loggedRequests: 3, comparedRequests: 0 })).toEqual([
    '$12.00 on 3 requests',
    'none of them priced by the price book',
  ])
})

test('where the book prices a part, both costs are those of that part', () => {
  const totals = {
    loggedCostUsd: 12,
    loggedRequests: 3,
    comparedRequests: 1,
    comparedLoggedCostUsd: 2,
    computedCostOfLoggedUsd: 2.5,
  }
  expect(pieces(totals)).toEqual([
    '$12.00 on 3 requests',
    '1 of them $2.00, by the price book $2.50',
  ])
})
