/** The settings sheet of a virtual machine: its tree, its pages, its buttons. */
import { expect, type Locator, type Page } from '@playwright/test'
import { MessageBoxPage } from './dialogs.ts'

export class SettingsPage {
  readonly page: Page
  readonly window: Locator
  readonly tree: Locator

  constructor(page: Page) {
    this.page = page
    this.window = page.getByRole('dialog', { name: /^Settings for / })
    this.tree = this.window.getByRole('tree', { name: 'Settings' })
  }

  /** The sheet shows the settings of that machine. */
  async isFor(name: string, host = 'HV01'): Promise<void> {
    await expect(this.page.getByRole('dialog', { name: `Settings for ${name} on ${host}`, exact: true })).toBeVisible()
  }

  item(title: string | RegExp): Locator {
    return this.tree.getByRole('treeitem', { name: title })
  }

  /** Selects an item of the tree by its title, or by title and value. */
  async show(title: string | RegExp): Promise<void> {
    await this.item(title).first().click()
  }

  field(label: string): Locator {
    return this.window.getByLabel(label, { exact: true }).and(this.page.locator('input, textarea'))
  }

  radio(label: string): Locator {
    return this.window.getByRole('radio', { name: label, exact: true })
  }

  box(label: string): Locator {
    return this.window.getByRole('checkbox', { name: label })
  }

  option(list: string, text: string | RegExp): Locator {
    return this.window.getByRole('listbox', { name: list }).getByRole('option', { name: text })
  }

  async choose(label: string, option: string): Promise<void> {
    await this.window.getByRole('combobox', { name: label, exact: true }).click()
    await this.page.getByRole('option', { name: option, exact: true }).click()
  }

  button(label: string): Locator {
    return this.window.getByRole('button', { name: label, exact: true })
  }

  async press(label: string): Promise<void> {
    await this.button(label).click()
  }

  /** Applies the draft; the sheet stays. */
  async apply(): Promise<void> {
    await this.press('Apply')
    await expect(this.button('Apply')).toBeDisabled()
    await expect(this.button('OK')).toBeEnabled()
  }

  async ok(): Promise<void> {
    await this.press('OK')
    await this.isGone()
  }

  async isGone(): Promise<void> {
    await expect(this.window).toBeHidden()
  }

  /** The box that says what was refused; it is closed. */
  async isRefused(headline: string, body: string | RegExp): Promise<void> {
    const box = new MessageBoxPage(this.page, 'Settings')
    await box.says(headline, body)
    await box.press('Close')
  }

  get notice(): Locator {
    return this.window.getByRole('note').filter({ hasText: 'Some settings cannot be modified' })
  }
}
