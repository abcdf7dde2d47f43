import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  boundedText,
  headerText,
  longestText,
  safeHeaderValue,
} from '../../src/serve/header-text.ts'

describe('a text that a client gives', () => {
  test.each([
    ['u-1', 'u-1'],
    ['  Zoë Ångström ', 'Zoë Ångström'],
    ['', undefined],
    [' \t ', undefined],
    ['\u0000\u0007', undefined],
  ])('%j is %j', (given, kept) => {
    expect(boundedText(given)).toBe(kept)
  })

  it.each([
    ['a line break', 'alice\nadmin'],
    ['a NUL', 'alice\u0000admin'],
    ['a mark that turns the direction of writing', 'alice\u202eadmin'],
    ['a line separator', 'alice\u2028admin'],
  ])('cannot smuggle %s into a log, nor become another user by losing it', (_, given) => {
    const kept = boundedText(given)
    expect(kept).toMatch(/^aliceadmin~[\da-f]{16}$/)
    expect(kept).not.toBe(boundedText('aliceadmin'))
  })

  it('that is too long stays another one than the next with the same beginning', () => {
    const [one, two] = ['1', '2'].map((end) => boundedText('u'.repeat(9000) + end) ?? '')
    expect(one).toHaveLength(longestText)
    expect(one).not.toBe(two)
  })

  it('is never longer than allowed, well-formed, and the same when it is bounded again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (given) => {
        const kept = boundedText(given)
        if (kept === undefined) return
        expect(kept.length).toBeLessThanOrEqual(longestText)
        expect(kept.isWellFormed()).toBe(true)
        expect(boundedText(kept)).toBe(kept)
      }),
    )
  })
})

describe('a header', () => {
  it('is read as UTF-8 where its bytes are that, as Latin-1 where they are not', () => {
    const bytes = Buffer.from('Zoë 🙏', 'utf8').toString('latin1')
    expect(headerText(bytes)).toBe('Zoë 🙏')
    expect(headerText('Zo\xeb')).toBe('Zoë')
    expect(headerText(['first', 'second'])).toBe('first')
    expect(headerText(undefined)).toBeUndefined()
  })

  it('cannot be split by a name that a log or a policy gives', () => {
    expect(safeHeaderValue('gpt-4o')).toBe('gpt-4o')
    expect(safeHeaderValue('a\r\nset-cookie: b')).toBe('a%0D%0Aset-cookie: b')
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        expect(safeHeaderValue(text)).toMatch(/^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/)
      }),
    )
  })
})
