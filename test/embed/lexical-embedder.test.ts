import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { openLexicalEmbedder } from '../../src/embed/lexical-embedder.ts'

const { embedOne, fingerprint } = openLexicalEmbedder()

function cosine(a: string, b: string): number {
  const [left, right] = [embedOne(a), embedOne(b)]
  if (left === null || right === null) throw new Error('no vector')
  return left.reduce((sum, cell, at) => sum + cell * (right[at] ?? Number.NaN), 0)
}

describe('the lexical embedder', () => {
  it('gives every text with a word a vector of length 1', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
        const vector = embedOne(`${text} word`)
        expect(vector).toHaveLength(512)
        expect(vector?.reduce((sum, cell) => sum + cell * cell, 0)).toBeCloseTo(1, 12)
      }),
    )
  })

  test.each(['', ' \n', '?!…', '\u200b'])('has no vector for %j', (text) => {
    expect(embedOne(text)).toBeNull()
  })

  test.each([
    ['where is my order', 'Where is my orders?', 'reset the password of my account'],
    ['где мой заказ', 'Где мои заказы?', 'смените пароль от почты'],
    ['注文はどこですか', '注文はどこでしょうか', 'パスワードを変更したい'],
    ['أين طلبي الآن', 'أين طلبي', 'تغيير كلمة المرور'],
  ])('finds %j nearer to %j than to %j', (text, near, far) => {
    expect(cosine(text, near)).toBeGreaterThan(0.4)
    expect(cosine(text, far)).toBeLessThan(0.25)
  })

  it('sees the order of words, where the built-in table does not', () => {
    expect(cosine('convert usd to eur', 'convert eur to usd')).toBeLessThan(0.98)
    expect(cosine('Convert USD to EUR!', 'convert usd to eur')).toBeCloseTo(1, 12)
  })

  it('tells emoji and symbols apart', () => {
    expect(cosine('🙂', '🙂')).toBeCloseTo(1, 12)
    expect(cosine('🙂', '😡')).toBeLessThan(0.5)
  })

  it('stays what it is: a change needs a new version in its fingerprint', () => {
    const vector = embedOne('where is my order') ?? []
    const shown = [...vector].flatMap((cell, at) =>
      cell === 0 ? [] : [`${at}:${cell.toFixed(4)}`],
    )
    expect(`${fingerprint} ${shown.length} ${shown.slice(0, 5).join(' ')}`).toMatchInlineSnapshot(
      `"lexical-v1 512 37 34:0.1429 35:-0.1429 43:0.2857 56:0.1429 66:0.1429"`,
    )
  })
})
