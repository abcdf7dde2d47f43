import type { AnalyzeResult } from '../analyze/result.ts'
export const analyzeHtml = (result: AnalyzeResult): string => `${result.kind}\n`
