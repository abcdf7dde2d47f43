import { expect, test } from 'vitest'
import {
  formatCount,
  formatMs,
  formatShare,
  formatTokens,
  formatUsd,
  formatUsdCents,
  formatUsdExact,
  formatUsdRough,
  plural,
} from '../../src/report/numbers.ts'

type Case = readonly [value: number | null, text: string]

const cases: readonly (readonly [string, (value: number | null) => string, readonly Case[]])[] = [
  [
    'dollars',
    formatUsd,
    [
      [null, '–'],
      [0, '$0'],
      [-0, '$0'],
      [0.000000001, '$0.000000001'],
      [0.000012, '$0.000012'],
      [0.00123456, '$0.0012'],
      [0.0358, '$0.0358'],
      [0.05, '$0.05'],
      [0.999, '$1.00'],
      [12.34, '$12.34'],
      [999.99, '$999.99'],
      [999.996, '$1,000'],
      [14_812.4, '$14,812'],
      [-3.5, '-$3.50'],
      [9_300_000_000, '$9,300,000,000'],
    ],
  ],
  [
    'dollars and cents',
    formatUsdCents,
    [
      [14_812.4, '$14,812.40'],
      [0.0358, '$0.0358'],
      [null, '–'],
    ],
  ],
  [
    'rough dollars',
    formatUsdRough,
    [
      [14_803.1, '$14,800'],
      [412.3, '$412'],
      [99.96, '$100'],
      [4.71, '$4.71'],
      [1_234_567, '$1,230,000'],
      [null, '–'],
    ],
  ],
  [
    'exact dollars',
    formatUsdExact,
    [
      [0.0128, '$0.0128'],
      [0.000003412, '$0.000003412'],
      [2, '$2.00'],
    ],
  ],
  [
    'counts',
    formatCount,
    [
      [0, '0'],
      [412_906, '412,906'],
      [12.14, '12.1'],
      [12.04, '12'],
      [-1_200, '-1,200'],
      [null, '–'],
    ],
  ],
  [
    'tokens',
    formatTokens,
    [
      [980, '980'],
      [999.6, '1000'],
      [41_200, '41.2k'],
      [999_999, '1M'],
      [1_234_000, '1.2M'],
      [611_904_228, '612M'],
      [3_100_000_000, '3.1B'],
      [null, '–'],
    ],
  ],
  [
    'durations',
    formatMs,
    [
      [0, '0 ms'],
      [0.44, '0.4 ms'],
      [312.2, '312 ms'],
      [999.6, '1.0 s'],
      [1_240, '1.2 s'],
      [19_800, '20 s'],
      [72_000, '1 min 12 s'],
      [60_000, '1 min'],
      [null, '–'],
    ],
  ],
  [
    'shares',
    formatShare,
    [
      [0, '0%'],
      [0.0001, '<0.1%'],
      [0.03, '3.0%'],
      [0.099, '9.9%'],
      [0.61, '61%'],
      [0.994, '99.4%'],
      [0.9999, '>99.9%'],
      [1, '100%'],
      [-0.2, '-20%'],
      [null, '–'],
    ],
  ],
]

for (const [name, format, table] of cases) {
  test.each(table)(`${name}: %s reads %s`, (value, text) => expect(format(value)).toBe(text))
}

test('one thing is singular', () => {
  expect([plural(1, 'query', 'queries'), plural(0, 'day')]).toEqual(['1 query', '0 days'])
})
