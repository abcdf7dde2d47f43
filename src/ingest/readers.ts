import { anthropicBatch } from './formats/anthropic-batch.ts'
import { anthropicConsole } from './formats/anthropic-console.ts'
import { canonical } from './formats/canonical.ts'
import { claudeCode } from './formats/claude-code.ts'
import { claudeCodeOtel } from './formats/claude-code-otel.ts'
import { cloudflare } from './formats/cloudflare.ts'
import { codex } from './formats/codex.ts'
import { deepseek } from './formats/deepseek.ts'
import { geminiCli } from './formats/gemini-cli.ts'
import { helicone } from './formats/helicone.ts'
import { langfuse } from './formats/langfuse.ts'
import { langsmith } from './formats/langsmith.ts'
import { litellm } from './formats/litellm.ts'
import { litellmSpend } from './formats/litellm-spend.ts'
import { openaiBatch } from './formats/openai-batch.ts'
import { openaiStored } from './formats/openai-stored.ts'
import { openaiUsage } from './formats/openai-usage.ts'
import { openrouter } from './formats/openrouter.ts'
import { openrouterGeneration } from './formats/openrouter-generation.ts'
import { otel } from './formats/otel.ts'
import { pairs } from './formats/pairs.ts'
import { portkey } from './formats/portkey.ts'
import { promptfoo } from './formats/promptfoo.ts'
import { simonwLlm } from './formats/simonw-llm.ts'
import type { Reader } from './reader.ts'

/** Every format that can be read. Order breaks ties of recognition: the more specific first. */
export const readers: readonly Reader[] = [
  canonical,
  claudeCode,
  claudeCodeOtel,
  litellm,
  litellmSpend,
  helicone,
  langfuse,
  portkey,
  langsmith,
  openrouter,
  openrouterGeneration,
  openaiUsage,
  openaiBatch,
  openaiStored,
  anthropicConsole,
  anthropicBatch,
  otel,
  cloudflare,
  codex,
  geminiCli,
  simonwLlm,
  deepseek,
  promptfoo,
  pairs,
]
