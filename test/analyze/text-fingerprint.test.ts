import { describe, expect, it } from 'vitest'
import { Fingerprints } from '../../src/analyze/text-fingerprint.ts'

const guardsOf = (...texts: readonly string[]): readonly string[] =>
  new Fingerprints(texts).all.map(({ guard }) => guard.split('\u0000').filter(Boolean).join(' '))

const normalisedOf = (text: string): string | undefined =>
  new Fingerprints([text]).all[0]?.normalised

describe('a fingerprint of a text', () => {
  it.each([
    ['  Hello,\n\tWORLD! ', 'hello world'],
    ['“Quoted” (and) [so on]…', 'quoted and so on'],
    ['C++ is not C#; 3.5 < 4', 'c++ is not c# 3.5 < 4'],
    ['ｆｕｌｌ ｗｉｄｔｈ', 'full width'],
    ['?! …', ''],
  ])('ignores case, white space and punctuation at word ends: %j', (text, expected) => {
    expect(normalisedOf(text)).toBe(expected)
  })

  it('holds numbers, names and negations in order', () => {
    expect(guardsOf("I don't fly to Rome on 3 May with two bags")).toEqual(['not rome 3 may two'])
  })

  it('knows a name by its capital, in every spelling, and not a sentence opening by it', () => {
    expect(guardsOf('fly to Rome', 'Fly to rome', 'and then fly. Then go')).toEqual([
      'rome',
      'rome',
      '',
    ])
    expect(guardsOf("I think I'm late")).toEqual([''])
  })
})
