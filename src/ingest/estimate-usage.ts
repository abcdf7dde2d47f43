import type { Request } from '../domain/request.ts'
import { noUsage, type Usage } from '../domain/usage.ts'

/** An answered request without token counts, which its text can stand in for. */
export const needsEstimate = ({ usage, status, servedFromCache }: Request): boolean =>
  usage === undefined && status === 'ok' && servedFromCache !== true

/** Tokens that frame a chat, per message and once (OpenAI cookbook, "How to count tokens"). */
const tokensPerMessage = 3
const tokensOfPriming = 3

/** Usage counted from the text, where the log has none. Calls that failed count nothing. */
export function estimateFor(
  request: Request,
  countTokens: ((text: string) => number) | null,
): Usage | null {
  return needsEstimate(request) && countTokens !== null ? estimateOf(request, countTokens) : null
}

/** Usage counted from the text where the log has none; tools and images are not text, so it errs low. */
function estimateOf(request: Request, countTokens: (text: string) => number): Usage {
  const { prompt, answer } = request
  const textOf = (value: unknown) =>
    typeof value === 'string' ? value : JSON.stringify(value ?? '')
  let input = 0
  if (prompt !== undefined) {
    input = tokensOfPriming
    if (prompt.system !== undefined) input += countTokens(textOf(prompt.system)) + tokensPerMessage
    if (prompt.tools !== undefined) input += countTokens(textOf(prompt.tools))
    for (const message of prompt.messages)
      input += countTokens(textOf(message.content)) + tokensPerMessage
  }
  const calls = answer?.toolCalls ?? []
  const output =
    countTokens(answer?.text ?? '') + (calls.length > 0 ? countTokens(textOf(calls)) : 0)
  return { ...noUsage, inputTokens: input, outputTokens: output }
}
