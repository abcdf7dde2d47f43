import type { AnalyzeResult } from '../analyze/result.ts'
export const analyzeMarkdown = (result: AnalyzeResult): string => `${result.kind}\n`
