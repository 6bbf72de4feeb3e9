/** The New Virtual Machine Wizard and the wizards of disks. */
import { expect, type Locator, type Page } from '@playwright/test'
import { DialogPage, FileDialogPage } from './dialogs.ts'

export type WizardStep =
  | 'Before You Begin'
  | 'Specify Name and Location'
  | 'Specify Generation'
  | 'Assign Memory'
  | 'Configure Networking'
  | 'Connect Virtual Hard Disk'
  | 'Installation Options'
  | 'Summary'
  | 'Choose Disk Format'
  | 'Choose Disk Type'
  | 'Configure Disk'
  | 'Locate Disk'
  | 'Choose Action'

export class WizardPage extends DialogPage {
  constructor(page: Page, caption = 'New Virtual Machine Wizard') {
    super(page, caption)
  }

  async isAt(step: WizardStep): Promise<void> {
    await expect(this.window.getByRole('region', { name: step })).toBeVisible()
  }

  /** Presses Next until the step is shown. */
  async goTo(step: WizardStep): Promise<void> {
    const wanted = this.window.getByRole('region', { name: step })
    while (!(await wanted.isVisible())) {
      const present = await this.window.getByRole('region').first().getAttribute('aria-label')
      await this.press('Next >')
      await expect(this.window.getByRole('region', { name: present ?? '', exact: true })).toBeHidden()
    }
  }

  async next(step: WizardStep): Promise<void> {
    await this.press('Next >')
    await this.isAt(step)
  }

  field(label: string): Locator {
    return this.window.getByRole('textbox', { name: label, exact: true })
  }

  radio(label: string): Locator {
    return this.window.getByRole('radio', { name: label, exact: true })
  }

  box(label: string): Locator {
    return this.window.getByRole('checkbox', { name: label, exact: true })
  }

  /** Chooses in a drop-down list. */
  async choose(label: string, option: string): Promise<void> {
    await this.field(label)
      .or(this.window.getByRole('combobox', { name: label, exact: true }))
      .first()
      .click()
    await this.page.getByRole('option', { name: option, exact: true }).click()
  }

  get problem(): Locator {
    return this.window.getByRole('alert')
  }

  /** Next is refused with this sentence, and the page stays. */
  async isRefused(sentence: string | RegExp, by: 'Next >' | 'Finish' = 'Next >'): Promise<void> {
    await this.press(by)
    await expect(this.problem).toContainText(sentence)
  }

  /** Presses Finish; the job has begun when this returns. */
  async finish(): Promise<void> {
    await this.press('Finish')
    await expect(this.progress).toHaveAccessibleName(/^Creating virtual/)
  }

  get progress(): Locator {
    return this.window.getByRole('progressbar')
  }

  /** A row of the summary. */
  summary(label: string): Locator {
    return this.window.getByRole('term').filter({ hasText: label }).locator('xpath=following-sibling::dd[1]')
  }

  async browse(caption: 'Open' | 'Select Folder', at = 0): Promise<FileDialogPage> {
    await this.window.getByRole('button', { name: 'Browse...' }).nth(at).click()
    const dialog = new FileDialogPage(this.page, caption)
    await dialog.isOpen()
    return dialog
  }
}
