/** A Virtual Machine Connection window. */
import { expect, type Locator, type Page } from '@playwright/test'
import { MessageBoxPage } from './dialogs.ts'
import { MenuPage } from './menus.ts'

export class ConnectionPage {
  readonly page: Page
  /** The client area: the guest's picture with its text, and the product's message over it. */
  readonly screen: Locator
  readonly statusBar: Locator
  readonly menuBar: Locator
  readonly toolbar: Locator

  constructor(page: Page) {
    this.page = page
    this.screen = page.getByRole('main', { name: 'Console' })
    this.statusBar = page.getByRole('contentinfo')
    this.menuBar = page.getByRole('menubar')
    this.toolbar = page.getByRole('toolbar', { name: 'Toolbar' })
  }

  async isReady(): Promise<void> {
    await expect(this.screen).toBeVisible({ timeout: 20_000 })
  }

  /** The guest's screen or the message over it holds this text. */
  async shows(text: string | RegExp): Promise<void> {
    await expect(this.screen).toContainText(text)
  }

  async expectStatus(text: string | RegExp): Promise<void> {
    await expect(this.statusBar).toContainText(text)
  }

  picture(name: string): Locator {
    return this.page.getByRole('img', { name: `Screen of ${name}` })
  }

  async menu(...path: readonly string[]): Promise<void> {
    const [title = '', ...entries] = path
    await this.menuBar.getByRole('menuitem', { name: title, exact: true }).click()
    await new MenuPage(this.page, title).choose(...entries)
  }

  messageBox(caption?: string): MessageBoxPage {
    return new MessageBoxPage(this.page, caption)
  }
}
