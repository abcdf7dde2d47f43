/** Whose fine-tuning files: OpenAI's for chat models; Anthropic's, as Amazon Bedrock takes them. */
export const tuningFormats = ['openai', 'anthropic'] as const
export type TuningFormat = (typeof tuningFormats)[number]
