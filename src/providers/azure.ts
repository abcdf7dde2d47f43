/** The version of the deployments API where nothing names another: the last that is not a preview. */
const defaultApiVersion = '2024-10-21'

export type Azure = { readonly baseUrl: string; readonly apiVersion: string }

/**
 * An address of Azure OpenAI that is asked by deployment ("…/openai/deployments/MODEL/chat/completions?api-version=…",
 * the key in `api-key`); null for any other, also for Azure's own "…/openai/v1", which is like OpenAI's. The version is
 * that in the address, else the given one.
 */
export function readAzure(address: string, apiVersion: string | undefined): Azure | null {
  const url = new URL(address)
  if (!/\.(?:openai|cognitiveservices|services\.ai)\.azure\.(?:com|us|cn)$/.test(url.hostname))
    return null
  const path = url.pathname.replace(/\/+$/, '')
  if (path.endsWith('/v1')) return null
  const inAddress = url.searchParams.get('api-version')
  return {
    baseUrl: `${url.origin}${path === '' ? '/openai' : path}`,
    apiVersion: inAddress || apiVersion || defaultApiVersion,
  }
}
