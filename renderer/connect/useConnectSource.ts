import { useState } from 'react'
import { useConnectionStatus, useConsole, useLabState } from '../client/lab-context.tsx'
import type { ConnectSource } from './view-model.ts'

/** Everything that a connection window shows, with the names that stay when the machine is deleted. */
export function useConnectSource(vmId: string): ConnectSource & { readonly lastHostName: string } {
  const connection = useConnectionStatus()
  const loaded = useLabState((state) => state.lab !== null)
  const vm = useLabState((state) => state.virtualMachines.get(vmId))
  const host = useLabState((state) => (vm === undefined ? undefined : state.hosts.get(vm.hostId)))
  const console = useConsole(vmId, 'live')
  const [last, setLast] = useState({ name: '', host: '' })
  const name = vm?.name ?? last.name
  const hostName = host?.name ?? last.host
  if (name !== last.name || hostName !== last.host) setLast({ name, host: hostName })
  return { connection, loaded, vm, host, lastName: name, lastHostName: hostName, console }
}
