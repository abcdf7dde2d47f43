import { UserError } from '../domain/user-error.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Where traces go and under which name, as OpenTelemetry's variables say it. */
export type OtlpSettings = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly resource: Readonly<Record<string, string>>
  /** Prompts and answers were asked for; they go out only where the policy keeps them in full. */
  readonly wantsContent: boolean
}

/** As the specification has it; in milliseconds. */
const defaultTimeoutMs = 10_000

/**
 * Reads OTEL_EXPORTER_OTLP_ENDPOINT and its kin (opentelemetry.io/docs/specs/otel/protocol/exporter). Null: no endpoint
 * is named, or traces are switched off. Throws a UserError for an endpoint that is no web address and for a protocol
 * other than http/json.
 */
export function readOtlpSettings(env: Environment): OtlpSettings | null {
  const of = (name: string) => env[name]?.trim() ?? ''
  const ofTraces = (name: string) =>
    of(`OTEL_EXPORTER_OTLP_TRACES_${name}`) || of(`OTEL_EXPORTER_OTLP_${name}`)
  if (of('OTEL_SDK_DISABLED').toLowerCase() === 'true' || of('OTEL_TRACES_EXPORTER') === 'none')
    return null
  const url = urlOf(of('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'), of('OTEL_EXPORTER_OTLP_ENDPOINT'))
  if (url === null) return null
  requireJson(ofTraces('PROTOCOL'))
  const timeoutMs = Number(ofTraces('TIMEOUT'))
  return {
    url,
    headers: readPairs(ofTraces('HEADERS')),
    timeoutMs: timeoutMs > 0 ? timeoutMs : defaultTimeoutMs,
    resource: {
      'service.name': 'llmcost',
      ...readPairs(of('OTEL_RESOURCE_ATTRIBUTES')),
      ...(of('OTEL_SERVICE_NAME') !== '' && { 'service.name': of('OTEL_SERVICE_NAME') }),
    },
    wantsContent: /^(?:true|span_only|span_and_event)$/i.test(
      of('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT'),
    ),
  }
}

/** The endpoint of traces is taken as it is, the common one gets their path. */
function urlOf(traces: string, common: string): string | null {
  if (traces === '' && common === '') return null
  const url = traces === '' ? `${common.replace(/\/+$/, '')}/v1/traces` : traces
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url
  const name = traces === '' ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'
  throw new UserError(`${name} is no web address`, { hint: 'it looks like http://127.0.0.1:4318' })
}

function requireJson(protocol: string): void {
  // Receivers of http/protobuf take JSON on the same port.
  if (['', 'http/json', 'http/protobuf'].includes(protocol)) return
  throw new UserError(`traces go out as http/json, not as "${protocol}"`, {
    hint: 'leave OTEL_EXPORTER_OTLP_PROTOCOL out and name the HTTP port, 4318 by default',
  })
}

/** "name=value,other=percent%20encoded". What is no pair is left out. */
function readPairs(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').flatMap((pair) => {
    const at = pair.indexOf('=')
    const name = pair.slice(0, Math.max(0, at)).trim()
    return name === '' ? [] : [[name, decoded(pair.slice(at + 1).trim())] as const]
  })
  return Object.fromEntries(pairs)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
