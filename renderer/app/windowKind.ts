/** Which window a page is, from its address. */
import { VM_PARAMETER, WINDOW_PARAMETER } from '../../preload/contract/index.ts'

export type WindowKind = { readonly kind: 'console' } | { readonly kind: 'connect'; readonly vmId: string }

/** `?window=connect&vm=ID` is a connection window; everything else is the console. */
export function windowKind(query: string): WindowKind {
  const parameters = new URLSearchParams(query)
  const vmId = parameters.get(VM_PARAMETER) ?? ''
  return parameters.get(WINDOW_PARAMETER) === 'connect' && vmId !== '' ? { kind: 'connect', vmId } : { kind: 'console' }
}
