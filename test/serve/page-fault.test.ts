import { expect, test } from 'vitest'
import { pageFault } from '../../src/serve/page-fault.ts'

test.each([
  undefined,
  'http://localhost:3000',
  'https://127.0.0.1',
  'http://[::1]:8080',
  'vscode-webview://abc',
  'chrome-extension://abc',
])('a program of this machine may ask without a key: origin %s', (origin) => {
  expect(pageFault(origin === undefined ? {} : { origin }, '127.0.0.1')).toBeNull()
})

test.each([
  'https://evil.example',
  'http://evil.example:4141',
  'http://localhost.evil.example',
  'http://127.0.0.1.evil.example',
  'null',
  '',
  'nonsense',
])('a web page cannot spend the keys of whoever looks at it: origin %j', (origin) => {
  expect(pageFault({ origin }, '127.0.0.1')).toMatchObject({ kind: 'permission', status: 403 })
})
