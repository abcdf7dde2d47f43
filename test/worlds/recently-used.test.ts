import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecentlyUsed } from '../../src/worlds/recently-used.ts'

const most = 4

/** The same by a list, the oldest first: slow and plain. */
class Plain {
  #list: { readonly key: number; value: number }[] = []

  get(key: number): number | undefined {
    const found = this.#list.find((each) => each.key === key)
    if (found !== undefined) this.#list = [...this.#list.filter((each) => each !== found), found]
    return found?.value
  }

  set(key: number, value: number): void {
    const others = this.#list.filter((each) => each.key !== key)
    const isNew = others.length === this.#list.length
    const entry = { key, value }
    this.#list = [...others, entry]
    if (!isNew || others.length < most) return
    // Odd values stay.
    const going = others.findIndex((each) => each.value % 2 === 0)
    const passed = going === -1 ? others : others.slice(0, going)
    this.#list = [...others.slice(passed.length + 1), entry, ...passed]
  }

  all(): readonly (readonly [number, number])[] {
    return this.#list.map(({ key, value }) => [key, value] as const)
  }
}

test('lets go of what was used longest ago, and of nothing that must stay', () => {
  const step = fc.record({
    isSet: fc.boolean(),
    key: fc.nat(7),
    value: fc.constantFrom(1, 3, 5, 2),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const used = new RecentlyUsed<number, number>(most, (value) => value % 2 === 0)
      const plain = new Plain()
      for (const { isSet, key, value } of steps) {
        if (isSet) {
          used.set(key, value)
          plain.set(key, value)
        } else expect(used.get(key)).toBe(plain.get(key))
        for (const [name, kept] of plain.all()) expect(used.peek(name)).toBe(kept)
        expect(used.map((name, kept) => [name, kept])).toEqual(plain.all())
      }
    }),
  )
})
