import { isObject, type JsonObject } from '../domain/json.ts'
import { filePolicy } from './file-policy.ts'
import type { Policy } from './policy.ts'
import { policyPreset } from './policy-presets.ts'
import {
  type Finding,
  findingsOf,
  formatPath,
  type Nearest,
  type PolicyProblem,
  valueAt,
} from './problems.ts'
import { referenceFindings } from './references.ts'
import { resolvePolicy } from './resolve-policy.ts'
import { type KnownModel, targetFindings } from './targets.ts'
import { type PolicyWarning, warningsOf } from './warnings.ts'
import { readYamlFile, type YamlFile } from './yaml-file.ts'

export type ParsedPolicy =
  | { readonly policy: Policy; readonly warnings: readonly PolicyWarning[] }
  | { readonly problems: readonly PolicyProblem[] }

export type ParseOptions = {
  /** For "did you mean". */
  readonly nearest?: Nearest
  /** Models are not checked without it. */
  readonly knownModel?: KnownModel
}

/** Reads a policy file: the policy, or every problem in it, in the order of the file. */
export function parsePolicy(text: string, options: ParseOptions = {}): ParsedPolicy {
  if (text.length > maxCharacters) {
    const message = `has over ${maxCharacters} characters: it is no policy`
    return { problems: [{ path: '', value: null, line: null, message, hint: null }] }
  }
  const file = readYamlFile(text)
  if (file.errors.length > 0)
    return {
      problems: file.errors.map((error) => ({ ...problemOf(error, file), line: error.line })),
    }
  const root = file.value ?? {}
  const nearest = options.nearest ?? (() => null)
  const read = filePolicy.safeParse(withPreset(root))
  const findings = [
    ...findingsOf(read.error?.issues ?? [], root, nearest),
    ...(isObject(root) ? referenceFindings(root, nearest) : []),
    ...(options.knownModel === undefined ? [] : targetFindings(root, options.knownModel)),
  ]
  if (read.success && findings.length === 0) {
    const policy = resolvePolicy(read.data)
    return { policy, warnings: warningsOf(root, policy) }
  }
  return { problems: inOrder(findings.map((finding) => problemOf(finding, file))) }
}

/** Thousands of times what anyone writes by hand. */
const maxCharacters = 4_000_000

/** `cache.preset` stands for values of the keys beside it, which go before. */
function withPreset(root: unknown): unknown {
  const cache = valueAt(root, ['cache'])
  if (!isObject(root) || !isObject(cache) || typeof cache['preset'] !== 'string') return root
  const preset = policyPreset(cache['preset'])
  return preset === undefined ? root : { ...root, cache: under(cache, preset.cache) }
}

/** The given mapping over another, mappings within mappings too. */
function under(given: JsonObject, base: Readonly<Record<string, unknown>>): unknown {
  const merged: Record<string, unknown> = { ...base, ...given }
  for (const key of Object.keys(base)) {
    const [upper, lower] = [given[key], base[key]]
    if (isObject(upper) && isObject(lower)) merged[key] = under(upper, lower)
  }
  return merged
}

function problemOf({ path, message, hint, shown }: Finding, file: YamlFile): PolicyProblem {
  return {
    path: formatPath(path),
    value: path.length === 0 ? null : (shown ?? shownValue(path, valueAt(file.value, path))),
    line: file.lineOf(path),
    message,
    hint,
  }
}

const longestShownValue = 60

function shownValue(path: Finding['path'], value: unknown): string | null {
  if (value === undefined || mayBeSecret(path)) return null
  const text = JSON.stringify(value) ?? String(value)
  return text.length > longestShownValue ? `${text.slice(0, longestShownValue)}…` : text
}

/** Where a name of an environment variable belongs, somebody may have written the key. */
const mayBeSecret = ([first, second]: Finding['path']): boolean =>
  first === 'serve' && (second === 'keys' || second === 'providers')

const inOrder = (problems: readonly PolicyProblem[]): readonly PolicyProblem[] =>
  problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.path < b.path ? -1 : 1))
