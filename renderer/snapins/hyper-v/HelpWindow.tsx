import type { ReactNode } from 'react'
import { ButtonRow, ClassicButton, DialogWindow } from '../../mmc/index.ts'
import classes from './HyperV.module.css'

const KEYS: readonly (readonly [string, string])[] = [
  ['Enter, double-click', 'Connect to the virtual machine'],
  ['F2', 'Rename the virtual machine'],
  ['Del', 'Delete virtual machines that are off or saved'],
  ['F5', 'Refresh'],
  ['Ctrl+A', 'Select all virtual machines'],
  ['Shift+F10, menu key', 'Context menu'],
  ['F6, Shift+F6', 'Next or previous pane'],
  ['Ctrl+Tab', 'Next tab of the details'],
  ['Alt or F10', 'Menu bar'],
]

/** The built-in help: how to work with the console, and what differs from the real product. */
export function HelpWindow({ onClose }: { readonly onClose: () => void }): ReactNode {
  return (
    <DialogWindow title="Hyper-V Manager Help" icon="help" width={620} height={560} resizable onClose={onClose}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a text that scrolls must be reachable by key */}
      <section className={classes.help} tabIndex={0} aria-label="Help text">
        <h2>What this is</h2>
        <p>
          This console imitates Hyper-V Manager. Behind it is no hypervisor but a simulation of one: the server, its virtual machines, their
          guests, disks and networks exist only in the lab that is open. Nothing here changes the computer in front of you.
        </p>
        <h2>What differs from the real product</h2>
        <ul>
          <li>
            Time is simulated. The status bar shows the lab's date and time and how fast it passes; its speed button stops it or makes it
            faster.
          </li>
          <li>Actions that the simulation does not have yet are missing from the menus, not greyed.</li>
          <li>When a key asks for an action that is not possible, a message says which rule forbids it.</li>
          <li>The console manages the one server of the lab; connecting to other servers is not offered.</li>
          <li>View, Color Scheme is an addition: light, dark, or as the system has it.</li>
          <li>Checkpoints have no settings sheet of their own and cannot be exported.</li>
        </ul>
        <h2>Keys</h2>
        <table>
          <tbody>
            {KEYS.map(([keys, meaning]) => (
              <tr key={keys}>
                <th scope="row">{keys}</th>
                <td>{meaning}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <footer className={classes.bar}>
        <ButtonRow>
          <ClassicButton label="Close" isDefault data-autofocus="" onClick={onClose} />
        </ButtonRow>
      </footer>
    </DialogWindow>
  )
}
