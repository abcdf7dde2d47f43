import { describe, expect, it } from 'vitest'
import type { Request } from '../../src/domain/request.ts'
import { type AskedLabels, classify, labelBy } from '../../src/engine/classify.ts'
import { compileRoutes, routeOf } from '../../src/engine/compile-routes.ts'
import { RequestFacts, type Surroundings } from '../../src/engine/request-facts.ts'
import type { Classifiers, Ladder, Route } from '../../src/policy/routing.ts'
import type { Label } from '../../src/policy/when.ts'

const around: Surroundings = {
  countTokens: (text) => text.length,
  contextTokens: () => undefined,
  label: () => 'unasked',
}

const request = (text: string, rest: Partial<Request> = {}): Request => ({
  model: 'gpt-4o',
  operation: 'chat',
  status: 'ok',
  prompt: { messages: [{ role: 'user', content: text }] },
  ...rest,
})

const ladder = (target: string): Ladder => [{ target, validators: [], timeoutMs: null }]
const to = (target: string) => ({ kind: 'ladder', ladder: ladder(target) }) as const
const byLabel = { simple: ladder('small'), medium: ladder('medium'), hard: ladder('large') }

const routes: readonly Route[] = [
  { name: 'critical', when: { paths: ['**/payments/**'] }, to: to('large') },
  { name: 'kept', when: { feature: ['search'] }, to: { kind: 'default' } },
  {
    name: 'judged',
    when: { plan: ['pro'], label: { classifier: 'small-model', is: ['hard'] } },
    to: to('large'),
  },
  {
    name: 'by-difficulty',
    when: { plan: ['pro', 'free'] },
    to: { kind: 'classifier', classifier: 'small-model', ladders: byLabel },
  },
]

const decide = (each: Request, label: Label | 'unasked' = 'unasked') =>
  routeOf({ routes }, new RequestFacts(each, { ...around, label: () => label }))

describe('routes', () => {
  it('are tried in order, and the first that holds decides', () => {
    const both = request('x', { paths: ['src/payments/a.ts'], feature: 'search' })
    expect(decide(both)).toMatchObject({ route: 'critical', ladder: ladder('large') })
    const kept = request('x', { feature: 'search', plan: 'pro' })
    expect(decide(kept)).toMatchObject({ route: 'kept', ladder: null })
    expect(decide(request('x'))).toMatchObject({ route: null, ladder: null })
  })

  it('wait for a label that a model has to give, and ask for it by name', () => {
    const facts = new RequestFacts(request('x', { plan: 'pro' }), around)
    const choose = compileRoutes({ routes })
    expect(choose(facts)).toEqual({ kind: 'needs-label', classifier: 'small-model' })
    facts.setLabel('small-model', 'hard')
    expect(choose(facts)).toMatchObject({ kind: 'routed', route: 'judged' })
  })

  it('do not ask for a label that cannot change anything', () => {
    expect(decide(request('x', { feature: 'search', plan: 'pro' }))).toMatchObject({
      kind: 'routed',
    })
    expect(decide(request('x', { plan: 'team' }))).toMatchObject({ kind: 'routed', route: null })
  })

  it('do not take a missing label for a "no", not even inside a "not"', () => {
    const label = { classifier: 'small-model', is: ['hard'] } as const
    const turned: Route = { name: 'turned', when: { not: { label } }, to: to('small') }
    const facts = new RequestFacts(request('x'), around)
    expect(routeOf({ routes: [turned] }, facts)).toMatchObject({ kind: 'needs-label' })
    facts.setLabel('small-model', 'hard')
    expect(routeOf({ routes: [turned] }, facts)).toMatchObject({ route: null })
  })

  it.each(['simple', 'medium', 'hard'] as const)('choose the ladder for %s', (label) => {
    expect(decide(request('x', { plan: 'free' }), label)).toMatchObject({
      route: 'by-difficulty',
      label,
      ladder: byLabel[label],
    })
  })

  it('are quick where rules ask only cheap facts', () => {
    const cheap: readonly Route[] = [
      { name: 'a', when: { feature: ['one', 'two', 'thr*'], plan: ['pro'] }, to: to('a') },
      { name: 'b', when: { characters: { below: 20 }, hasTools: true }, to: to('b') },
      { name: 'c', when: { user: ['x'], tags: { env: ['prod'] } }, to: to('c') },
      { name: 'd', when: { any: [{ model: ['o1*'] }, { team: ['web'] }] }, to: to('d') },
      { name: 'e', when: { words: { below: 8 } }, to: to('e') },
    ]
    const choose = compileRoutes({ routes: cheap })
    const asked = Array.from({ length: 64 }, (_, i) =>
      request(`question number ${i}, and a few words more`, { feature: `f${i}`, user: `u${i}` }),
    )
    const count = 100_000
    let chosen = 0
    const before = process.cpuUsage()
    for (let i = 0; i < count; i++) {
      const facts = new RequestFacts(asked[i & 63] as Request, around)
      if (choose(facts).kind === 'routed') chosen++
    }
    const { user, system } = process.cpuUsage(before)
    expect(chosen).toBe(count)
    // A third of what is asked for, so that a busy machine is no failure.
    expect(count / ((user + system) / 1e6)).toBeGreaterThan(100_000)
  })
})

describe('classifiers', () => {
  const classifiers: Classifiers = {
    mine: { kind: 'preset', preset: 'length' },
    'small-model': { kind: 'model', target: 'small', after: 'signals', maxTokens: 10 },
    always: { kind: 'model', target: 'small', after: null, maxTokens: 10 },
    near: {
      kind: 'knn',
      evidence: [],
      neighbours: 10,
      embedder: 'static',
      minQuality: 0.8,
    },
  }
  const unasked: AskedLabels = { byModel: () => undefined }
  const ask = (name: string, text: string, asked: AskedLabels = unasked) =>
    classify(name, classifiers, new RequestFacts(request(text), around), asked)
  const labelled = (label: Label, by: string) => ({ kind: 'labelled', decision: { label, by } })

  it('are presets, under their own names too', () => {
    expect(ask('mine', 'short')).toEqual(labelled('simple', 'length.short'))
    expect(ask('length', 'short')).toEqual(labelled('simple', 'length.short'))
    expect(ask('signals', 'Tell me about whales')).toEqual(labelled('medium', 'signals.abstains'))
  })

  it('ask a model only where the preset before it abstains', () => {
    expect(ask('small-model', 'What is the capital of France?')).toEqual(
      labelled('simple', 'signals.factoid'),
    )
    expect(ask('small-model', 'Tell me about whales')).toEqual({ kind: 'unasked' })
    const hard: AskedLabels = { byModel: () => 'hard' }
    expect(ask('small-model', 'Tell me about whales', hard)).toEqual(
      labelled('hard', 'small-model.model'),
    )
    expect(ask('always', 'What is the capital of France?')).toEqual({ kind: 'unasked' })
  })

  it('label a route', () => {
    const route: Route = {
      name: 'by-length',
      when: {},
      to: { kind: 'classifier', classifier: 'length', ladders: byLabel },
    }
    const label = labelBy(classifiers, unasked)
    const facts = new RequestFacts(request('short'), { ...around, label })
    expect(routeOf({ routes: [route] }, facts)).toMatchObject({ label: 'simple' })
    const asking = { ...route, to: { ...route.to, classifier: 'always' } } as Route
    expect(routeOf({ routes: [asking] }, facts)).toEqual({
      kind: 'needs-label',
      classifier: 'always',
    })
  })

  it('ask for neighbours whatever the question', () => {
    expect(ask('near', 'x')).toEqual({ kind: 'unasked' })
  })

  it('say medium of a log without text', () => {
    const facts = new RequestFacts({ model: 'm', operation: 'chat', status: 'ok' }, around)
    expect(classify('length', {}, facts, unasked)).toEqual(labelled('medium', 'length.abstains'))
  })

  it('must be known', () => {
    expect(() => ask('nobody', 'x')).toThrow('unknown classifier "nobody"')
    expect(() => ask('constructor', 'x')).toThrow('unknown classifier')
  })
})
