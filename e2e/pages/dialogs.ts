/** Windows inside a page: dialogs, message boxes, the file dialog. */
import { expect, type Locator, type Page } from '@playwright/test'

export class DialogPage {
  readonly page: Page
  readonly window: Locator

  constructor(page: Page, caption: string) {
    this.page = page
    this.window = page.getByRole('dialog', { name: caption, exact: true })
  }

  button(label: string): Locator {
    return this.window.getByRole('button', { name: label, exact: true })
  }

  async press(label: string): Promise<void> {
    await this.button(label).click()
  }

  async isOpen(): Promise<void> {
    await expect(this.window).toBeVisible()
  }

  async isGone(): Promise<void> {
    await expect(this.window).toBeHidden()
  }
}

/** A task dialog: headline, text, details, check box, buttons. */
export class MessageBoxPage {
  readonly page: Page
  readonly window: Locator

  constructor(page: Page, caption?: string) {
    this.page = page
    this.window = page.getByRole('alertdialog', caption === undefined ? {} : { name: caption, exact: true })
  }

  button(label: string): Locator {
    return this.window.getByRole('button', { name: label, exact: true })
  }

  /** The box's own buttons from left to right, without those of its frame. */
  async buttons(): Promise<readonly string[]> {
    const names = await this.window
      .getByRole('button')
      .evaluateAll((all) => all.map((each) => each.getAttribute('aria-label') ?? each.textContent ?? ''))
    return names
      .filter((name) => name !== 'Close' || names.filter((each) => each === 'Close').length > 1)
      .filter((name) => !name.endsWith('etails'))
  }

  get dontAskAgain(): Locator {
    return this.window.getByRole('checkbox', { name: "Please don't ask me again" })
  }

  async says(...texts: readonly (string | RegExp)[]): Promise<void> {
    for (const text of texts) await expect(this.window).toContainText(text)
  }

  /** Opens `See details` and answers with their text. */
  async details(): Promise<Locator> {
    await this.button('See details').click()
    await expect(this.button('Hide details')).toBeVisible()
    return this.window
  }

  async press(label: string): Promise<void> {
    // Another box may follow this one at once.
    const own = this.window.filter({ has: this.page.getByRole('button', { name: label, exact: true }) })
    await own.getByRole('button', { name: label, exact: true }).last().click()
    await expect(own).toBeHidden()
  }
}

export class FileDialogPage extends DialogPage {
  readonly files: Locator

  constructor(page: Page, caption: 'Open' | 'Select Folder' | 'Create Virtual Floppy Disk') {
    super(page, caption)
    this.files = this.window.getByRole('grid', { name: 'Files and folders' })
  }

  entry(name: string): Locator {
    return this.files.getByRole('gridcell', { name, exact: true })
  }

  get path(): Locator {
    return this.window.getByRole('textbox', { name: 'Path' })
  }

  get name(): Locator {
    return this.window.getByRole('textbox', { name: /^(File name|Folder):$/ })
  }

  /** Double click: opens a folder, chooses a file. */
  async open(name: string): Promise<void> {
    await this.entry(name).dblclick()
  }

  async goTo(path: string): Promise<void> {
    await this.path.fill(path)
    await this.path.press('Enter')
  }
}
