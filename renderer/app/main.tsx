import { openConnection } from '../client/connection.ts'
import { findShell } from '../client/shell.ts'

const shell = findShell()
const connection = openConnection(shell)
const root = document.getElementById('root')
const show = (): void => {
  if (root !== null) root.textContent = `${shell.kind}: ${connection.status.get().state} ${connection.status.get().reason}`
}
connection.status.subscribe(show)
show()
