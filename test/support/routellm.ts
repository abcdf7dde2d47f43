import { readFileSync } from 'node:fs'
import { realData } from './real-data.ts'

const weakModel = 'mistralai/Mixtral-8x7B-Instruct-v0.1'
const strongModel = 'gpt-4-1106-preview'

type Row = { readonly prompt: string; readonly scores: Readonly<Record<string, number>> }

export const routellmFile = realData('routing/routellm_gsm8k.jsonl')

/** Questions put to a weak and a strong model, with what each scored. */
export function routellmQuestions() {
  const lines = readFileSync(routellmFile, 'utf8').trimEnd().split('\n')
  const rows = lines.map((line) => JSON.parse(line) as Row)
  return {
    texts: rows.map((row) => row.prompt),
    weak: rows.map((row) => row.scores[weakModel] ?? Number.NaN),
    strong: rows.map((row) => row.scores[strongModel] ?? Number.NaN),
    models: [weakModel, strongModel] as const,
  }
}
