import { SplitMap } from '../vectors/split-map.ts'

type Link<Entry> = { readonly entry: Entry; older: Link<Entry> | null; newer: Link<Entry> | null }

/** Entries, the one that was added first in front. A set would walk over all that it has lost to find that one. */
export class EntryQueue<Entry extends { readonly place: number }> {
  readonly #links = new SplitMap<Entry, Link<Entry>>(({ place }) => place)
  #oldest: Link<Entry> | null = null
  #newest: Link<Entry> | null = null

  get count(): number {
    return this.#links.size
  }

  get oldest(): Entry | null {
    return this.#oldest?.entry ?? null
  }

  add(entry: Entry): void {
    const link: Link<Entry> = { entry, older: null, newer: null }
    this.#links.set(entry, link)
    this.#append(link)
  }

  /** As if it were added only now. */
  renew(entry: Entry): void {
    const link = this.#links.get(entry)
    if (link === undefined) return
    this.#unlink(link)
    this.#append(link)
  }

  remove(entry: Entry): void {
    const link = this.#links.get(entry)
    if (link === undefined) return
    this.#links.delete(entry)
    this.#unlink(link)
  }

  /** The one that was added last in front. */
  *newestFirst(): Generator<Entry> {
    for (let link = this.#newest; link !== null; link = link.older) yield link.entry
  }

  #append(link: Link<Entry>): void {
    link.older = this.#newest
    link.newer = null
    if (this.#newest === null) this.#oldest = link
    else this.#newest.newer = link
    this.#newest = link
  }

  #unlink({ older, newer }: Link<Entry>): void {
    if (older === null) this.#oldest = newer
    else older.newer = newer
    if (newer === null) this.#newest = older
    else newer.older = older
  }
}
