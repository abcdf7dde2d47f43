import type { AuditNote } from '../domain/comparison.ts'
import { ledgerFormat, type Settled } from '../domain/journal.ts'
import { defined, isObject, type JsonObject } from '../domain/json.ts'
import type { RequestKeys } from '../domain/keys.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import type { Receipt, Step } from '../domain/receipt.ts'
import type { Request } from '../domain/request.ts'
import { isSameTarget } from '../prices/same-model.ts'
import { readCanonical } from './formats/canonical.ts'
import type { Reader, Reading } from './reader.ts'

/**
 * The settled entries of a gateway's journal (`domain/journal.ts`). Not one of the formats that are told by their
 * records: the ledger is found beside the store.
 */
export const gatewayReader: Reader = {
  name: ledgerFormat,
  title: "the gateway's ledger",
  recognise: () => 0,
  start: () => ({ read: (entry) => readSettled(entry as unknown as Settled) }),
}

function readSettled({ id, at, costNanoUsd, record, keys, receipt }: Settled): Reading {
  if (Object.keys(record).length === 0) return { ignored: 'purged' }
  const attempts = attemptsOf(receipt)
  if (isLookUp(record, attempts, costNanoUsd)) return { ignored: 'no-model' }
  const reading = readCanonical(record['model'] === '' ? { ...record, model: unnamed } : record)
  if (!isRequest(reading)) return reading
  return {
    ...reading,
    ...defined({
      keys: hasKeys(keys) ? keys : undefined,
      fees: withOthers(reading.fees, otherCallsOf(attempts, reading.target, costNanoUsd)),
      loggedCostNanoUsd: isPriced(attempts) ? costNanoUsd : reading.loggedCostNanoUsd,
      shadow: Array.isArray(record['shadow']) ? (record['shadow'] as Request['shadow']) : undefined,
      audit: isObject(record['audit']) ? (record['audit'] as unknown as AuditNote) : undefined,
    }),
    id,
    at: reading.at ?? at,
    receipt: withRewrites(receipt, record['rewrites']),
  }
}

const withRewrites = (receipt: Receipt, rewrites: unknown): Receipt =>
  Array.isArray(rewrites) && rewrites.length > 0
    ? { ...receipt, rewrites: rewrites.map(String) }
    : receipt

/** What a request is called that names no model, and may be billed all the same. */
const unnamed = '-'

/** A list of models, a file: no model was asked, and nothing is owed. */
const isLookUp = (
  { model, operation }: JsonObject,
  attempts: readonly Attempt[],
  costNanoUsd: NanoUsd,
): boolean => operation === 'other' && model === '' && costNanoUsd === 0 && isPriced(attempts)

const isRequest = (reading: Reading): reading is Request => 'model' in reading

const hasKeys = (keys: RequestKeys | null): keys is RequestKeys =>
  isObject(keys) && Array.isArray(keys['chain']) && isObject(keys['prefix'])

type Attempt = Extract<Step, { kind: 'attempt' }>

const attemptsOf = ({ steps }: Receipt): readonly Attempt[] =>
  (Array.isArray(steps) ? steps : []).filter((step): step is Attempt => step.kind === 'attempt')

/** A sum that leaves out a call of unknown price is no cost. */
const isPriced = (attempts: readonly Attempt[]): boolean =>
  attempts.every(({ costNanoUsd }) => costNanoUsd !== null)

/** What was spent beside the call whose model and usage the record has: of two that were accepted, it says which. */
function otherCallsOf(
  attempts: readonly Attempt[],
  served: string | undefined,
  costNanoUsd: NanoUsd,
): NanoUsd {
  const accepted = attempts.filter(({ outcome }) => outcome === 'accepted')
  const own =
    accepted.findLast(({ target }) => served !== undefined && isSameTarget(target, served)) ??
    accepted.at(-1) ??
    attempts.at(-1)
  return (costNanoUsd - (own?.costNanoUsd ?? 0)) as NanoUsd
}

const withOthers = (fees: Request['fees'], others: NanoUsd): Request['fees'] =>
  others > zeroNanoUsd ? { ...fees, otherCallsNanoUsd: others } : fees
