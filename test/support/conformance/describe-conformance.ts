import { describe } from 'vitest'
import type { Harness } from '../gateways/harness.ts'
import { describeAiSdk } from './ai-sdk.ts'
import { describeAnthropicSdk } from './anthropic-sdk.ts'
import { describeBytes } from './bytes.ts'
import { describeCodingAgents } from './coding-agents.ts'
import { describeErrors, describeRetries } from './errors.ts'
import { describeLangChain } from './langchain.ts'
import { describeOpenAiSdk } from './openai-sdk.ts'
import { describePlainHttp } from './plain-http.ts'

/** What clients are used to, of whatever stands between them and the models: with every lever off it is not noticed. */
export function describeConformance(name: string, harness: Harness): void {
  describe(name, () => {
    describe('the openai package', () => describeOpenAiSdk(harness))
    describe('the @anthropic-ai/sdk package', () => describeAnthropicSdk(harness))
    describe('LangChain', () => describeLangChain(harness))
    describe('the AI SDK', () => describeAiSdk(harness))
    describe('coding agents', () => describeCodingAgents(harness))
    describe('errors of both packages', () => describeErrors(harness))
    describe('retries of both packages', () => describeRetries(harness))
    describe('bytes', () => describeBytes(harness))
    describe('plain HTTP', () => describePlainHttp(harness))
  })
}
