/** Entry of every page: finds its shell, connects, and shows the window that its address names. */
import '../theme/setup.ts'
import { createRoot } from 'react-dom/client'
import { openConnection } from '../client/connection.ts'
import { findShell } from '../client/shell.ts'
import { App } from './App.tsx'
import { windowKind } from './windowKind.ts'

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no root element.')
const shell = findShell()
createRoot(root).render(<App shell={shell} connection={openConnection(shell)} kind={windowKind(window.location.search)} />)
