import { isObject, type Json, type JsonObject, listOf, objectOf, textOf } from '../domain/json.ts'
import type { Message, Request } from '../domain/request.ts'

/** What stands at the provider and not in the request, so that the same words mean something else the next time. */
const stateFields = ['previous_response_id', 'conversation', 'prompt', 'background', 'container']

/** Chat completions have no tool for it: OpenAI's, OpenRouter's and xAI's word for a search, Anthropic's for servers of tools. */
const searchFields = ['web_search_options', 'plugins', 'search_parameters', 'mcp_servers']

/** As OpenAI and Anthropic call tools that they run themselves, with a date or without. */
const providerTools =
  /^(?:web_search|web_fetch|file_search|code_interpreter|code_execution|image_generation|mcp|tool_search)/

const runsAtProvider = (tool: Json): boolean =>
  isObject(tool) && providerTools.test(textOf(tool['type']) ?? '')

/** Documents and search results whose passages the answer is to name. */
const isCited = ({ content }: Message): boolean =>
  Array.isArray(content) &&
  content.some((part: Json) => objectOf(objectOf(part)['citations'])['enabled'] === true)

/**
 * Whether a request's answer is of use to nobody else, identical as their request may be: it rests on a state at the
 * provider, its id is needed to go on from it, or it may hold more (sound, probabilities, what tools of the provider
 * found, citations) than is kept of answers.
 */
export const isUnshared = ({ params, prompt }: Pick<Request, 'params' | 'prompt'>): boolean =>
  (params !== undefined && saysUnshared(params)) ||
  (prompt !== undefined &&
    (listOf(prompt.tools).some(runsAtProvider) || prompt.messages.some(isCited)))

function saysUnshared(params: JsonObject): boolean {
  const { audio, logprobs, modalities, include } = params
  return (
    stateFields.some((name) => isSet(params[name])) ||
    searchFields.some((name) => isSet(params[name])) ||
    isSet(logprobs) ||
    isSet(audio) ||
    holds(modalities, 'audio') ||
    holds(include, 'message.output_text.logprobs')
  )
}

/**
 * Whether the provider keeps the answer under its id, so that the caller may go on from it or look it up later: nobody
 * there knows the id that a cache would give it.
 */
export const isStored = (params: JsonObject | undefined): boolean => params?.['store'] === true

const isSet = (value: Json | undefined): boolean =>
  value !== undefined && value !== null && value !== false

const holds = (value: Json | undefined, item: string): boolean =>
  Array.isArray(value) && value.includes(item)
