import type { AnalyzeResult } from '../analyze/result.ts'
export const analyzeCsv = (result: AnalyzeResult): string => `${result.kind}\n`
