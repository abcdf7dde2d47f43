import { describe, expect, it, test } from 'vitest'
import { headFault } from '../../src/serve/head-fault.ts'
import { lines } from './header-lines.ts'

describe('smuggling', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['two lengths', ['Content-Length: 5', 'content-length: 6'], /content-length twice/],
    ['the same length twice', ['Content-Length: 5', 'Content-Length: 5'], /content-length twice/],
    ['a list of lengths', ['Content-Length: 5, 6'], /no number/],
    ['a signed length', ['Content-Length: +5'], /no number/],
    ['a length and chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked'], /both/],
    ['another coding', ['Transfer-Encoding: gzip, chunked'], /other than chunked/],
    ['an unknown coding', ['Transfer-Encoding: xchunked'], /other than chunked/],
    ['chunks twice', ['Transfer-Encoding: chunked', 'transfer-encoding: chunked'], /twice/],
    ['two hosts', ['Host: a', 'HOST: b'], /host twice/],
    ['two keys', ['Authorization: Bearer a', 'authorization: Bearer b'], /authorization twice/],
    ['two Anthropic keys', ['x-api-key: a', 'X-API-Key: b'], /x-api-key twice/],
    ['a folded line', ['x-a: one\r\n two'], /x-a that none may have/],
    ['a bare line feed', ['x-a: one\ntwo: three'], /none may have/],
    ['a NUL', ['x-a: one\u0000'], /none may have/],
    ['a DEL', ['x-a: one\u007f'], /none may have/],
    ['characters beyond a byte', ['x-a: \u0141'], /none may have/],
    ['a name with a space', ['content-length : 5'], /name is none/],
    ['a name with a colon', [':path: /'], /name is none/],
    ['a name with a line break', ['x\r\nhost: a'], /name is none/],
  ])('by %s is refused', (_, headers, message) => {
    const fault = headFault(lines(...headers))
    expect(fault).toMatchObject({ kind: 'bad-request', status: 400 })
    expect(fault?.message).toMatch(message)
  })

  it('is not seen in what SDKs send', () => {
    const head = ['Host: 127.0.0.1:4141', 'Content-Length: 600', 'Authorization: Bearer a']
    expect(
      headFault(
        lines(...head, 'Accept: application/json', 'X-Stainless-Lang: js', 'x-name: Zo\xeb\t'),
      ),
    ).toBeNull()
    expect(headFault(lines('Transfer-Encoding: Chunked'))).toBeNull()
    expect(headFault(lines('accept: a', 'accept: b'))).toBeNull()
  })

  it('is told without the value, which may be a secret', () => {
    expect(headFault(lines('authorization: Bearer sk-planted\n'))?.message).not.toMatch(/planted/)
  })
})

describe('headers without measure', () => {
  test.each<[string, readonly string[]]>([
    ['many', Array.from({ length: 201 }, (_, i) => `x-${i}: v`)],
    ['long', [`x-a: ${'v'.repeat(70_000)}`]],
    ['many long ones', Array.from({ length: 100 }, (_, i) => `x-${i}: ${'v'.repeat(700)}`)],
  ])('are refused: %s', (_, headers) => {
    expect(headFault(lines(...headers))).toMatchObject({ kind: 'too-large', status: 431 })
  })
})
