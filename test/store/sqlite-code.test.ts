import { expect, test } from 'vitest'
import { sqliteCode } from '../../src/store/sqlite-code.ts'
import { storeError } from '../../src/store/store.ts'

const failed = (fields: object) => Object.assign(new Error('unable to open database file'), fields)

test('both drivers call an error alike, extended codes by their primary one', () => {
  expect(sqliteCode(failed({ code: 'SQLITE_CANTOPEN_ISDIR' }))).toBe('SQLITE_CANTOPEN')
  expect(sqliteCode(failed({ code: 'SQLITE_BUSY' }))).toBe('SQLITE_BUSY')
  expect(sqliteCode(failed({ code: 'ERR_SQLITE_ERROR', errcode: 14 }))).toBe('SQLITE_CANTOPEN')
  // SQLITE_READONLY_DBMOVED: 8 | 4 << 8.
  expect(sqliteCode(failed({ code: 'ERR_SQLITE_ERROR', errcode: 1032 }))).toBe('SQLITE_READONLY')
  expect(sqliteCode(failed({ code: 'EACCES' }))).toBe('EACCES')
  expect(sqliteCode(failed({}))).toBe('undefined')
})

test('a store that node:sqlite cannot open is named, without a stack trace', () => {
  const error = storeError(failed({ code: 'ERR_SQLITE_ERROR', errcode: 14 }), '/logs/llmcost.db')
  expect((error as Error).message).toBe('/logs/llmcost.db cannot be opened (SQLITE_CANTOPEN)')
})
