import type { Block, Call, ToolCallBlock, Turn } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import type { Finish, Reply } from '../domain/reply.ts'
import { normalQuantile } from '../stats/normal.ts'
import { type Random, randomFrom } from '../stats/random.ts'
import { sha256 } from '../stats/sha256.ts'
import { faultOf, type MockFaultName } from './mock-faults.ts'
import { jsonFor } from './mock-json.ts'
import type { MockBehaviour, MockLatency, MockSettings, ScriptLine } from './mock-settings.ts'
import { rightWords, wordsOf, wrongAnswer, wrongWords } from './mock-text.ts'
import { promptTokens, usageOf } from './mock-usage.ts'

/** The answer that is right for a call, where it is known: the logged one, or an eval suite's expected value. */
export type ExpectedOf = (call: Call) => string | null

/** What the mock says to one call, and when; nothing waits. Times are milliseconds from the call on. */
export type MockAnswer = {
  /** The whole answer; of a call that fails, what it would have been. */
  readonly reply: Reply
  readonly isRight: boolean
  readonly firstTokenMs: number
  readonly latencyMs: number
  /** Between two chunks of `chunkTokens`. */
  readonly chunkMs: number
  readonly chunkTokens: number
} & (
  | { readonly kind: 'answered' }
  | { readonly kind: 'failed'; readonly name: MockFaultName; readonly fault: Fault }
)

/** Answers a call; other turns are other draws. Equal settings, calls and turns give equal answers. */
export type MockModel = (call: Call, turn?: number) => MockAnswer

/**
 * A model that answers from its settings alone: no clock, no chance but the seed's (sfc32, see `randomFrom`). Whether
 * the answer is streamed changes nothing about it. Throws a SyntaxError for a pattern of the script that is none.
 */
export function openMockModel(
  settings: MockSettings,
  expectedOf: ExpectedOf = () => null,
): MockModel {
  const behaviourOf = behaviours(settings)
  return (call, turn = 0) => {
    const behaviour = behaviourOf(call.model)
    const question = questionOf(call)
    const draws = drawsOf(randomFrom(`${settings.seed}\n${turn}\n${call.model}\n${question}`))
    const line = lineFor(behaviour, call)
    const isRight = line !== undefined || isAnsweredRight(behaviour, draws, settings.seed, question)
    const said = { call, question, isRight, behaviour, draws, expectedOf }
    const blocks = scripted(line, question) ?? blocksOf(said)
    const reply = replyOf(call, blocks, behaviour, `${question}-${turn}`)
    const name = line === undefined ? faultName(behaviour, draws.fault) : (line.fault ?? null)
    const timed = { reply, isRight, ...timesOf(behaviour, draws, reply, name, settings.slowMs) }
    return name === null
      ? { kind: 'answered', ...timed }
      : { kind: 'failed', name, fault: faultOf(name, settings.retryAfterMs), ...timed }
  }
}

type Behaviour = MockBehaviour & {
  readonly lines: readonly { readonly pattern: RegExp; readonly line: ScriptLine }[]
}

/** How a model behaves, by its name. */
function behaviours(settings: MockSettings): (model: string) => Behaviour {
  const withLines = (behaviour: MockBehaviour): Behaviour => ({
    ...behaviour,
    lines: behaviour.script.map((line) => ({ line, pattern: new RegExp(line.when ?? '', 'iu') })),
  })
  const others = settings.models.map(({ match, ...own }) => ({
    pattern: new RegExp(`^${match.split('*').map(escaped).join('.*')}$`, 's'),
    behaviour: withLines({ ...settings, ...own }),
  }))
  const usual = withLines(settings)
  return (model) => others.find(({ pattern }) => pattern.test(model))?.behaviour ?? usual
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

/** The digest of what an answer depends on besides the model: not of streaming, names or metadata. */
export function questionOf({ system, turns, tools, toolChoice, format }: Call): string {
  const text = JSON.stringify([system, turns, tools, toolChoice, format])
  return sha256(text).toString('base64url').slice(0, 22)
}

/** All chance of one call, drawn in one order: another setting changes no other draw. */
function drawsOf(random: Random) {
  return {
    fault: random(),
    own: random(),
    shares: random(),
    length: normalOf(random),
    latency: normalOf(random),
    spike: random(),
    tool: random(),
    /** For the words of the answer. */
    random,
  }
}
type Draws = ReturnType<typeof drawsOf>

const normalOf = (random: Random): number => normalQuantile(random() + 2 ** -33)

/**
 * Right where a uniform draw lies below the accuracy; with the square root of `sharedDifficulty` as its chance the draw
 * is the question's, the same for all models and turns, so that two of them share it with `sharedDifficulty`.
 */
function isAnsweredRight(
  { accuracy, sharedDifficulty }: MockBehaviour,
  draws: Draws,
  seed: string,
  question: string,
): boolean {
  const isShared = draws.shares ** 2 < sharedDifficulty
  return (isShared ? randomFrom(`${seed}\ndifficulty\n${question}`)() : draws.own) < accuracy
}

/** The first line of the script that the last user message matches. */
function lineFor({ lines }: Behaviour, { turns }: Call): ScriptLine | undefined {
  if (lines.length === 0) return undefined
  const text = lastUserText(turns)
  return lines.find(({ pattern }) => pattern.test(text))?.line
}

/** What a line of the script says; null where it only fails. */
function scripted(line: ScriptLine | undefined, question: string): readonly Block[] | null {
  if (line?.tool !== undefined) return [toolCall(line.tool.name, line.tool.input, question)]
  return line?.answer === undefined ? null : [{ kind: 'text', text: line.answer }]
}

const toolCall = (name: string, input: string, question: string): ToolCallBlock => ({
  kind: 'tool-call',
  id: `call_${question}`,
  name,
  input,
})

type Said = {
  readonly call: Call
  readonly question: string
  readonly isRight: boolean
  readonly behaviour: MockBehaviour
  readonly draws: Draws
  readonly expectedOf: ExpectedOf
}

function blocksOf(said: Said): readonly Block[] {
  const { call, question, isRight, draws } = said
  const tool = toolFor(said)
  if (tool === null) return [{ kind: 'text', text: textOf(said) }]
  const source = isRight
    ? { random: rightRandom(question), words: rightWords }
    : { random: draws.random, words: wrongWords }
  const schema = call.tools.find((each) => each.kind === 'function' && each.name === tool)
  const input = schema?.kind === 'function' ? jsonFor(schema.schema, source) : {}
  return [toolCall(tool, JSON.stringify(input), question)]
}

/** Made-up right answers are the question's: every model and turn that is right says the same. */
const rightRandom = (question: string): Random => randomFrom(`right\n${question}`)

/** The tool to be called, if any: one that is forced, or any where the choice falls so and nothing came back yet. */
function toolFor({ call, behaviour, draws, question }: Said): string | null {
  const { toolChoice, tools, turns } = call
  if (toolChoice?.kind === 'tool') return toolChoice.name
  const names = tools.flatMap((tool) => (tool.kind === 'function' ? [tool.name] : []))
  if (names.length === 0 || toolChoice?.kind === 'none') return null
  const cameBack = turns.at(-1)?.blocks.some((block) => block.kind === 'tool-result') === true
  const isCalled =
    toolChoice?.kind === 'required' || (!cameBack && draws.tool < behaviour.toolCalls)
  const at = Math.floor(rightRandom(question)() * names.length)
  return isCalled ? (names[at] ?? null) : null
}

function textOf({ call, question, isRight, behaviour, draws, expectedOf }: Said): string {
  const expected = expectedOf(call)
  if (isRight && expected !== null) return expected
  const { median, sigma } = behaviour.outputTokens
  const tokens = (z: number) => Math.min(Math.max(1, median * Math.exp(sigma * z)), 1e6)
  if (call.format.kind !== 'text') return jsonTextOf({ call, question, isRight, draws, expected })
  if (!isRight && expected !== null)
    return wrongAnswer(expected, tokens(draws.length), draws.random)
  if (!isRight) return wordsOf(wrongWords, tokens(draws.length), draws.random)
  const random = rightRandom(question)
  return wordsOf(rightWords, tokens(normalOf(random)), random)
}

type JsonSaid = Pick<Said, 'call' | 'question' | 'isRight' | 'draws'> & {
  readonly expected: string | null
}

/** Right and wrong fit the schema, but a wrong one that cannot differ within it is JSON of another shape. */
function jsonTextOf({ call, question, isRight, draws, expected }: JsonSaid): string {
  const { format } = call
  const schema = format.kind === 'schema' ? format.schema : anyObject
  const right = JSON.stringify(
    jsonFor(schema, { random: rightRandom(question), words: rightWords }),
  )
  if (isRight) return right
  const wrong = JSON.stringify(jsonFor(schema, { random: draws.random, words: wrongWords }))
  const other = expected === null ? right : compact(expected)
  return wrong === other ? JSON.stringify({ jumbled: wrongWords[0] }) : wrong
}

const anyObject = {
  type: 'object',
  properties: { answer: { type: 'string' } },
  required: ['answer'],
}

/** JSON text without white space; any other text as it is. */
function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}

function replyOf(
  call: Call,
  whole: readonly Block[],
  { cachedShare }: MockBehaviour,
  id: string,
): Reply {
  const { blocks, finish } = ended(whole, call)
  const usage = usageOf(promptTokens(call), blocks, cachedShare)
  return { id: `mock-${id}`, model: call.model, blocks, finish, usage }
}

/** The answer up to the first stop sequence, and to the largest output. */
function ended(
  blocks: readonly Block[],
  { stop, maxOutputTokens }: Call,
): { readonly blocks: readonly Block[]; readonly finish: Finish } {
  const [first] = blocks
  if (first?.kind !== 'text') return { blocks, finish: 'tool' }
  const ends = stop.map((each) => first.text.indexOf(each)).filter((at) => at >= 0)
  const stopped = ends.length === 0 ? first.text : first.text.slice(0, Math.min(...ends))
  const text = maxOutputTokens === null ? stopped : cutToTokens(stopped, maxOutputTokens)
  return { blocks: [{ kind: 'text', text }], finish: text === stopped ? 'stop' : 'length' }
}

/** So much of a text as so many tokens hold, without half a character. */
function cutToTokens(text: string, tokens: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= tokens * 4) return text
  return new TextDecoder().decode(bytes.subarray(0, tokens * 4), { stream: true })
}

function faultName({ faults }: MockBehaviour, draw: number): MockFaultName | null {
  let from = 0
  for (const name of Object.keys(faults) as MockFaultName[]) {
    from += faults[name] ?? 0
    if (draw < from) return name
  }
  return null
}

function timesOf(
  { latency, chunkMs, chunkTokens }: MockBehaviour,
  draws: Draws,
  { usage }: Reply,
  fault: MockFaultName | null,
  slowMs: number,
) {
  const firstTokenMs = fault === 'slow' ? slowMs : waitOf(latency, draws)
  const { tokensPerSecond } = latency
  const between = chunkMs ?? (tokensPerSecond === null ? 0 : (1000 * chunkTokens) / tokensPerSecond)
  const chunks = Math.ceil((usage?.outputTokens ?? 0) / chunkTokens)
  const latencyMs = firstTokenMs + Math.max(0, chunks - 1) * between
  return { firstTokenMs, latencyMs, chunkMs: between, chunkTokens }
}

/** Until the first content. */
function waitOf({ p50Ms, p95Ms, spikeShare, spikeFactor }: MockLatency, draws: Draws): number {
  if (p50Ms === 0) return 0
  const sigma = Math.log(p95Ms / p50Ms) / normalQuantile(0.95)
  const wait = p50Ms * Math.exp(sigma * draws.latency)
  return draws.spike < spikeShare ? wait * spikeFactor : wait
}

/** The text of the last turn in which the user says something. */
export function lastUserText(turns: readonly Turn[]): string {
  const texts = turns.map(({ role, blocks }) => (role === 'user' ? textOfBlocks(blocks) : ''))
  return texts.findLast((text) => text !== '') ?? ''
}

/** The texts among some blocks, one a line. */
export const textOfBlocks = (blocks: readonly Block[]): string =>
  blocks.flatMap((block) => (block.kind === 'text' ? [block.text] : [])).join('\n')
