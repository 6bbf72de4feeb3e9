/** The checkpoints pane of the console: its tree, and the details of the selected checkpoint. */
import { expect, type Locator, type Page } from '@playwright/test'
import type { ConsolePage } from './console.ts'
import { MenuPage } from './menus.ts'

export class CheckpointsPage {
  readonly page: Page
  readonly tree: Locator

  constructor(console: ConsolePage) {
    this.page = console.page
    this.tree = console.page.getByRole('tree', { name: 'Checkpoints' })
  }

  node(name: string | RegExp): Locator {
    return this.tree.getByRole('treeitem', { name })
  }

  /** Names with their levels from top to bottom: `1 First`, `2 Now`. */
  async shows(...lines: readonly (string | RegExp)[]): Promise<void> {
    await expect(this.tree.getByRole('treeitem')).toHaveCount(lines.length)
    for (const [index, line] of lines.entries()) {
      const item = this.tree.getByRole('treeitem').nth(index)
      await expect
        .poll(async () => `${await item.getAttribute('aria-level')} ${await item.textContent()}`)
        .toMatch(typeof line === 'string' ? new RegExp(`^${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`) : line)
    }
  }

  async select(name: string | RegExp): Promise<void> {
    await this.node(name).click()
  }

  async contextMenu(name: string): Promise<MenuPage> {
    await this.node(name).click({ button: 'right' })
    return new MenuPage(this.page, name)
  }

  /** The details of the selected checkpoint. */
  details(name: string): Locator {
    return this.page.getByRole('region', { name: `Details of ${name}`, exact: true })
  }

  async rename(name: string, to: string): Promise<void> {
    const field = this.tree.getByRole('textbox', { name: `New name of ${name}` })
    await field.fill(to)
    await field.press('Enter')
  }
}
