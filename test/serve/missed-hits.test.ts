import { expect, onTestFinished, test } from 'vitest'
import { watchMissedHits } from '../../src/serve/missed-hits.ts'
import { until } from '../support/running-serve.ts'

test('is measured again only after look-ups, and one at a time', async () => {
  let [texts, asked, underWay] = [0, 0, 0]
  const watch = watchMissedHits({
    cache: {
      get counts() {
        return { lookUps: { texts } } as never
      },
      async missedHits() {
        expect(++underWay).toBe(1)
        await new Promise(setImmediate)
        underWay--
        return { lookUps: 64, looked: 100, missed: ++asked }
      },
    },
    onBug: (error) => expect.fail(String(error)),
    everyMs: 1,
  })
  onTestFinished(() => watch.close())
  expect(watch.latest()).toBeNull()
  texts = 10
  await until(() => watch.latest() !== null)
  expect(watch.latest()).toEqual({ scanned: 64, missed: 1 })
  texts = 11
  await until(() => watch.latest()?.missed === 2)
  expect(asked).toBe(2)
})
