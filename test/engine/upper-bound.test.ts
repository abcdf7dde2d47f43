import { expect, test } from 'vitest'
import type { Block, Call } from '../../src/domain/call.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Usage } from '../../src/domain/usage.ts'
import {
  atListPrice,
  cappedOutputTokens,
  isBounded,
  upperBoundOf,
  withOutputCap,
} from '../../src/engine/upper-bound.ts'
import { callOf } from '../support/replay-cases.ts'

const plain = callOf('What is a prime?')

test('thinking is bounded at its own price', () => {
  const costOf = ({ outputTokens, reasoningTokens }: Usage) =>
    (outputTokens - reasoningTokens + reasoningTokens * 6) as NanoUsd
  const call: Call = { ...plain, maxOutputTokens: 1_000 }
  expect(upperBoundOf(call, costOf)).toBe(6_000)
})

test('a budget of thinking stays below the largest output', () => {
  const reasoning = { effort: null, budgetTokens: 16_000 }
  const { maxOutputTokens } = withOutputCap({ ...plain, reasoning })
  expect(maxOutputTokens).toBe(16_000 + cappedOutputTokens)
  expect(withOutputCap({ ...plain, reasoning, maxOutputTokens: 20_000 }).maxOutputTokens).toBe(
    20_000,
  )
})

test('a call is made once, at the list price', () => {
  const call: Call = {
    ...plain,
    serviceTier: 'priority',
    more: { n: 4, speed: 'fast', logit_bias: { 50: 1 } },
  }
  expect(atListPrice(call)).toEqual({ ...plain, more: { logit_bias: { 50: 1 } } })
})

test('what reads more than it holds, or runs tools at the provider, has no bound', () => {
  const withBlock = (block: Block): Call => ({
    ...plain,
    turns: [{ role: 'user', blocks: [{ kind: 'tool-result', id: 't', blocks: [block] }] }],
  })
  const pdf = { kind: 'base64', mediaType: 'application/pdf', base64: 'AA==' } as const
  expect(isBounded(plain)).toBe(true)
  expect(isBounded(withBlock({ kind: 'image', source: { kind: 'url', url: 'x' } }))).toBe(true)
  expect(isBounded(withBlock({ kind: 'document', source: { kind: 'text', text: 'x' } }))).toBe(true)
  expect(isBounded(withBlock({ kind: 'document', source: pdf }))).toBe(false)
  expect(isBounded(withBlock({ kind: 'foreign', wire: {} }))).toBe(false)
  expect(isBounded({ ...plain, tools: [{ kind: 'foreign', wire: {} }] })).toBe(false)
  expect(isBounded({ ...plain, more: { previous_response_id: 'resp_1' } })).toBe(false)
  expect(isBounded({ ...plain, more: { previous_response_id: null } })).toBe(true)
})
