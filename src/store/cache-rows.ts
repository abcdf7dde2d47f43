import type { Compared, EntryFacts, KeptEntry } from '../domain/cached-entry.ts'
import type { Vector } from '../domain/embedder.ts'
import { isObject } from '../domain/json.ts'
import type { CacheLayer, RequestId } from '../domain/receipt.ts'
import type { SqlValue } from './database.ts'

/** An entry as the cells of its row; its answer and its vector stand elsewhere. */
export function entryCells(entry: KeptEntry): readonly SqlValue[] {
  const { serial, layer, id, namespace, key, bornMs, ttlMs, hits, usedMs, facts, compared } = entry
  const ttl = Number.isFinite(ttlMs) ? ttlMs : null
  const texts = [compared?.group ?? null, compared?.text ?? null]
  const times = [bornMs, ttl, hits, usedMs]
  return [serial, layer, id, namespace, key, ...times, writeFacts(facts), ...texts]
}

/** Reads rows of entries, each with its answer behind it; null where one is not as it was written. */
export function openRowReader(
  vectors: ReadonlyMap<number, Vector>,
): (cells: readonly SqlValue[]) => KeptEntry | null {
  // Many entries are of the same few users and features.
  const known = new Map<string, EntryFacts>()
  const factsIn = (text: string): EntryFacts => {
    const facts = known.get(text) ?? readFacts(text)
    known.set(text, facts)
    return facts
  }
  return (cells) => {
    const [serial, layer, id, namespace, key, ...rest] = cells
    const [bornMs, ttlMs, hits, usedMs, facts, group, text, answer] = rest
    try {
      return {
        serial: finite(serial),
        layer: layerOf(layer),
        id: id as RequestId,
        namespace: textOf(namespace),
        key: textOf(key),
        bornMs: finite(bornMs),
        ttlMs: ttlMs === null ? Number.POSITIVE_INFINITY : finite(ttlMs),
        hits: finite(hits),
        usedMs: usedMs === null ? null : finite(usedMs),
        facts: factsIn(textOf(facts)),
        answer: textOf(answer),
        compared: layer === 'exact' ? null : comparedOf(group, text, vectors.get(Number(serial))),
      }
    } catch {
      return null
    }
  }
}

const writeFacts = ({ tags, ...facts }: EntryFacts): string =>
  JSON.stringify(tags === undefined ? facts : { ...facts, tags: [...tags] })

function readFacts(text: string): EntryFacts {
  const facts: unknown = JSON.parse(text)
  if (!isObject(facts)) throw unfit()
  const { tags, model, ...rest } = facts
  const named = { ...rest, model: textOf(model) }
  return tags === undefined ? named : { ...named, tags: new Map(tags as [string, string][]) }
}

function comparedOf(group: unknown, text: unknown, vector: Vector | undefined): Compared {
  if (vector === undefined) throw unfit()
  return { group: textOf(group), text: textOf(text), vector }
}

function layerOf(value: unknown): CacheLayer {
  if (value !== 'exact' && value !== 'semantic') throw unfit()
  return value
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw unfit()
  return value
}

function finite(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw unfit()
  return value
}

const unfit = (): Error => new Error('not as it was written')
