import { readFileSync } from 'node:fs'
import { realData } from './real-data.ts'

/** Questions of people with the times of a simulated service; answers of theirs take up to an hour. */
export function clincRecords(): readonly object[] {
  type Question = {
    readonly id: number
    readonly timestamp: number
    readonly tenant: string
    readonly user: string
    readonly prompt: string
    readonly answer_class: string
  }
  const lines = readFileSync(realData('semantic/clinc_4000.jsonl'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const { id, timestamp, tenant, user, prompt, answer_class } = JSON.parse(line) as Question
    return {
      id: String(id),
      at: new Date(Math.round(timestamp * 1000)).toISOString(),
      provider: 'openai',
      model: 'gpt-4o',
      user,
      namespace: tenant,
      prompt: { messages: [{ role: 'user', content: prompt }] },
      answer: { text: `That is ${answer_class}.` },
      latencyMs: [200, 1000, 30_000, 3_600_000][id % 4],
      usage: { inputTokens: 20, outputTokens: 10 },
    }
  })
}
