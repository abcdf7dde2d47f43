import { expect, test } from 'vitest'
import { openDashboardFeed } from '../../src/report/dashboard-feed.ts'
import { seededGateway } from '../support/seeded-gateway.ts'

const gateway = seededGateway()

test('what did not change is not sent, what did is sent once', () => {
  const feed = openDashboardFeed(gateway.snapshot)
  const all = feed.all()
  expect(all.receipts).toHaveLength(100)
  expect(feed.change()?.receipts).toHaveLength(100)
  expect(feed.change()).toBeNull()
  gateway.serve()
  gateway.serve()
  const change = feed.change()
  expect(change).not.toHaveProperty('head')
  expect(change).toHaveProperty('windows')
  expect(change?.receipts).toHaveLength(2)
  expect(change?.series?.requests).toHaveLength(5)
  expect(feed.change()).toBeNull()
})

test('minutes that went by while nobody looked are all in the next change', () => {
  const feed = openDashboardFeed(gateway.snapshot)
  feed.change()
  const from = gateway.snapshot().series
  gateway.wait(7 * 60_000)
  gateway.serve()
  const { series } = feed.change() ?? {}
  const to = gateway.snapshot().series
  expect(series?.requests.slice(-8)).toEqual(to.requests.slice(-8))
  const end = (each: typeof to) => Date.parse(each.from) + each.requests.length * each.stepMs
  expect(Date.parse(series?.from ?? '')).toBeLessThan(end(from))
  expect(end(series ?? to)).toBe(end(to))
})

test('a look at everything takes nothing from what others are still to be sent', () => {
  const feed = openDashboardFeed(gateway.snapshot)
  feed.change()
  gateway.serve()
  feed.all()
  expect(feed.change()?.receipts).toHaveLength(1)
})

test('a change is small beside everything', () => {
  const feed = openDashboardFeed(gateway.snapshot)
  feed.change()
  gateway.serve()
  const size = (value: unknown) => JSON.stringify(value).length
  expect(size(feed.change()) * 4).toBeLessThan(size(feed.all()))
})
