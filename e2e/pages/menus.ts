/** An open menu: of the menu bar, a context menu, a flyout of the Actions pane. */
import { expect, type Locator, type Page } from '@playwright/test'

export class MenuPage {
  readonly page: Page
  readonly surface: Locator

  constructor(page: Page, name: string) {
    this.page = page
    this.surface = page.getByRole('menu', { name, exact: true })
  }

  entry(label: string): Locator {
    return this.surface
      .getByRole('menuitem', { name: label, exact: true })
      .or(this.surface.getByRole('menuitemcheckbox', { name: label, exact: true }))
  }

  /** Labels from top to bottom. */
  async labels(): Promise<readonly string[]> {
    await expect(this.surface).toBeVisible()
    return this.surface
      .locator('[role^="menuitem"]')
      .evaluateAll((rows) =>
        rows.map((row) =>
          (row.textContent ?? '').replace(row.querySelector('[aria-hidden="true"]:not(svg)')?.textContent ?? '', '').trim(),
        ),
      )
  }

  /** Goes down the entries; the last one is run. */
  async choose(...labels: readonly string[]): Promise<void> {
    const [label = '', ...further] = labels
    await this.entry(label).click()
    if (further.length > 0) await new MenuPage(this.page, label).choose(...further)
  }

  async close(): Promise<void> {
    await this.page.keyboard.press('Escape')
    await expect(this.surface).toBeHidden()
  }
}
