import { firstText, isObject, type Json, type JsonObject, parsedOf } from '../domain/json.ts'
import { heldTo } from './suite-asserts.ts'
import { messagesIn, type SuiteProblem, type SuiteRow } from './suite-row.ts'
import { fillIn, fillInAll, TemplateError, type Vars } from './suite-template.ts'

type Found = { readonly row: SuiteRow | null; readonly problems: readonly SuiteProblem[] }
type LineOf = (path: readonly (string | number)[]) => number | null

/** Every prompt of a promptfoo configuration with the variables of every test. Its providers are not asked. */
export function promptfooRows(config: JsonObject, lineOf: LineOf): readonly Found[] {
  const prompts = asList(config['prompts'] ?? '{{prompt}}').map((prompt, index) =>
    readPrompt(prompt, lineOf(['prompts', index])),
  )
  const named = prompts.flatMap(({ problem }) => problem ?? [])
  const texts = prompts.flatMap(({ prompt }) => (prompt === undefined ? [] : [prompt]))
  const tests = asList(config['tests'] ?? [])
  const usual = isObject(config['defaultTest']) ? config['defaultTest'] : {}
  const found = tests.flatMap((test, index) =>
    testRows(test, usual, { texts, number: index + 1, line: lineOf(['tests', index]) }),
  )
  return [{ row: null, problems: named }, ...found]
}

const asList = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value])

function readPrompt(
  value: Json,
  line: number | null,
): { readonly prompt?: Json; readonly problem?: SuiteProblem } {
  const text = isObject(value) ? firstText(value['raw'], value['id']) : firstText(value)
  if (text === undefined) return { problem: error(line, 'a prompt is no text') }
  if (/^(?:file|exec|https?):\/\//.test(text)) {
    return { problem: error(line, `the prompt "${text}" is in another file: write it here`) }
  }
  const parsed = parsedOf(text)
  return { prompt: Array.isArray(parsed) ? (parsed as Json) : text }
}

const error = (line: number | null, reason: string): SuiteProblem => ({
  line,
  level: 'error',
  reason,
})

type TestPlace = {
  readonly texts: readonly Json[]
  /** Counted from 1. */
  readonly number: number
  readonly line: number | null
}

function testRows(test: Json, usual: JsonObject, place: TestPlace): readonly Found[] {
  const { texts, number, line } = place
  const leftOut = (reason: string): readonly Found[] => [
    { row: null, problems: [error(line, reason)] },
  ]
  if (!isObject(test)) {
    return leftOut(`the tests "${String(test)}" are in another file: write them here`)
  }
  const vars = { ...objectIn(usual['vars']), ...objectIn(test['vars']) }
  const combined = combinationsOf(vars)
  if (combined === null) return leftOut(`its variables make more than ${mostCombinations} tests`)
  const asserts = [...listIn(usual['assert']), ...listIn(test['assert'])]
  const name = firstText(test['description']) ?? `test-${number}`
  const count = combined.length * texts.length
  return combined.flatMap((values, variant) =>
    texts.map((prompt, index): Found => {
      const suffix = count === 1 ? '' : ` (${variant * texts.length + index + 1})`
      return oneRow({ prompt, values, asserts, id: `${name}${suffix}`, line })
    }),
  )
}

const objectIn = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
const listIn = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : []

const mostCombinations = 1_000

/** A variable that is a list stands for a test each. Null: too many. */
function combinationsOf(vars: JsonObject): readonly Vars[] | null {
  let combined: Vars[] = [{}]
  for (const [name, value] of Object.entries(vars)) {
    const values = Array.isArray(value) ? (value as readonly Json[]) : [value]
    if (combined.length * values.length > mostCombinations) return null
    combined = combined.flatMap((known) => values.map((each) => ({ ...known, [name]: each })))
  }
  return combined
}

type OneTest = {
  readonly prompt: Json
  readonly values: Vars
  readonly asserts: readonly Json[]
  readonly id: string
  readonly line: number | null
}

function oneRow({ prompt, values, asserts, id, line }: OneTest): Found {
  try {
    const asked = messagesIn(
      typeof prompt === 'string' ? fillIn(prompt, values) : fillInAll(prompt, values),
    )
    if (typeof asked === 'string') return { row: null, problems: [error(line, asked)] }
    const { expected, scorer, reasons } = heldTo(asserts.map((each) => fillInAll(each, values)))
    const row: SuiteRow = {
      id,
      line,
      system: asked.system ?? null,
      messages: asked.messages,
      expected,
      scorer,
      model: null,
      feature: '',
      params: {},
    }
    const problems = reasons.map((reason) => ({ line, level: 'warning' as const, reason }))
    return { row, problems }
  } catch (failure) {
    if (!(failure instanceof TemplateError)) throw failure
    return { row: null, problems: [error(line, failure.message)] }
  }
}
