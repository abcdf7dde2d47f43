import { createHash } from 'node:crypto'
import type { Policy } from './policy.ts'

/**
 * Tells policies apart: the first 16 hexadecimal digits of the SHA-256 of the policy as JSON with
 * sorted keys. Comments, the order of keys and values that are written out though they are defaults
 * make no difference.
 */
export const policyFingerprint = (policy: Policy): string =>
  createHash('sha256').update(canonicalJson(policy)).digest('hex').slice(0, fingerprintDigits)

/** 64 bits: equal by chance for one in 10^19 pairs. */
const fingerprintDigits = 16

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}
