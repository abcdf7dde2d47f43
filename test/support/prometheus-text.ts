/** One line of values. */
export type Sample = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export type ParsedFamily = {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: readonly Sample[]
}

/**
 * Reads Prometheus's text format and takes nothing that the format does not say: HELP and TYPE once, before the
 * samples, families in one piece, no sample twice, histograms cumulative with +Inf equal to the count. Throws otherwise.
 */
export function parsePrometheusText(text: string): ReadonlyMap<string, ParsedFamily> {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end')
  const families = new Map<string, OpenFamily>()
  let family: OpenFamily | null = null
  const lines = text.split('\n').slice(0, -1)
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    if (line.startsWith('# HELP ')) {
      family = openFamily(line, lines[++index] ?? '')
      if (families.has(family.name)) throw new Error(`${family.name} comes twice`)
      families.set(family.name, family)
    } else if (family === null) throw new Error(`a sample before any family: ${line}`)
    else addSample(family, line)
  }
  for (const each of families.values()) checkFamily(each)
  return families
}

type OpenFamily = ParsedFamily & { readonly samples: Sample[]; readonly seen: Set<string> }

function addSample(family: OpenFamily, line: string): void {
  const sample = readSample(line)
  if (!belongs(sample.name, family)) throw new Error(`${sample.name} stands under ${family.name}`)
  const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
  if (family.seen.has(identity)) throw new Error(`twice: ${line}`)
  family.seen.add(identity)
  family.samples.push(sample)
}

function checkFamily(family: ParsedFamily): void {
  const { name, type, samples } = family
  if (samples.length === 0) throw new Error(`${name} has no samples`)
  if (type === 'histogram') checkHistogram(family)
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0)))
    throw new Error(`${name} is a counter below zero`)
}

function openFamily(help: string, type: string): OpenFamily {
  const [, name = '', words = ''] = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)$/.exec(help) ?? []
  if (name === '') throw new Error(`no HELP line: ${help}`)
  if (!/^(?:[^\\]|\\[\\n])*$/.test(words)) throw new Error(`a backslash of no meaning: ${help}`)
  const [, typed = '', kind = ''] =
    /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/.exec(type) ?? []
  if (typed !== name) throw new Error(`no TYPE line for ${name}: ${type}`)
  if (kind === 'counter' && !name.endsWith('_total'))
    throw new Error(`${name} is no counter's name`)
  return { name, help: unescaped(words), type: kind, samples: [], seen: new Set() }
}

const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (_, sign) => (sign === 'n' ? '\n' : sign))

const belongs = (name: string, { name: family, type }: ParsedFamily): boolean =>
  type === 'histogram'
    ? ['_bucket', '_sum', '_count'].some((end) => name === `${family}${end}`)
    : name === family

function readSample(line: string): Sample {
  const [, name = '', rest = ''] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(.*)$/s.exec(line) ?? []
  if (name === '') throw new Error(`no sample: ${line}`)
  const { labels, after } = rest.startsWith('{') ? readLabels(rest) : { labels: {}, after: rest }
  const [, number = ''] = /^ (\+Inf|-Inf|NaN|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(after) ?? []
  if (number === '') throw new Error(`no value: ${line}`)
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) }
}

function readLabels(text: string): {
  readonly labels: Record<string, string>
  readonly after: string
} {
  const labels: Record<string, string> = {}
  let rest = text.slice(1)
  while (!rest.startsWith('}')) {
    const match = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|(?=\}))/.exec(rest)
    if (match === null) throw new Error(`no label: ${rest}`)
    const [whole, name = '', value = ''] = match
    if (name in labels) throw new Error(`the label ${name} twice: ${text}`)
    labels[name] = unescaped(value)
    rest = rest.slice(whole.length)
  }
  return { labels, after: rest.slice(1) }
}

function checkHistogram({ name, samples }: ParsedFamily): void {
  const groups = new Map<string, Sample[]>()
  for (const sample of samples) {
    const { le: _, ...own } = sample.labels
    const key = JSON.stringify(Object.entries(own).sort())
    groups.set(key, [...(groups.get(key) ?? []), sample])
  }
  for (const [key, group] of groups) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`)
    const ends = buckets.map(({ labels }) =>
      Number((labels['le'] ?? '').replace('Inf', 'Infinity')),
    )
    const isOrdered = (values: readonly number[], isAfter: (a: number, b: number) => boolean) =>
      values.every((value, index) => index === 0 || isAfter(value, values[index - 1] ?? 0))
    if (!isOrdered(ends, (a, b) => a > b) || ends.at(-1) !== Number.POSITIVE_INFINITY)
      throw new Error(`${name}${key}: ends ${ends}`)
    const counts = buckets.map(({ value }) => value)
    if (!isOrdered(counts, (a, b) => a >= b)) throw new Error(`${name}${key}: not cumulative`)
    const [sums, totals] = ['_sum', '_count'].map((end) =>
      group.filter((sample) => sample.name === `${name}${end}`),
    )
    if (sums?.length !== 1 || totals?.length !== 1 || totals[0]?.value !== counts.at(-1))
      throw new Error(`${name}${key}: no sum, or a count that is not that of +Inf`)
  }
}
