/** The console window as its user sees it: by roles and names. Actions wait for nothing but the element that they need. */
import { expect, type Locator, type Page } from '@playwright/test'
import { DialogPage, MessageBoxPage } from './dialogs.ts'
import { MenuPage } from './menus.ts'
import { WizardPage } from './wizard.ts'

export class ConsolePage {
  readonly page: Page
  readonly tree: Locator
  readonly list: Locator
  readonly actions: Locator
  readonly menuBar: Locator
  readonly toolbar: Locator
  readonly statusBar: Locator

  constructor(page: Page) {
    this.page = page
    this.tree = page.getByRole('tree', { name: 'Console tree' })
    this.list = page.getByRole('grid', { name: 'Virtual Machines' })
    this.actions = page.getByRole('complementary', { name: 'Actions' })
    this.menuBar = page.getByRole('menubar')
    this.toolbar = page.getByRole('toolbar')
    this.statusBar = page.getByRole('contentinfo')
  }

  /** The window shows a lab. */
  async isReady(): Promise<void> {
    await expect(this.page.getByRole('main')).toBeVisible({ timeout: 30_000 })
  }

  row(name: string): Locator {
    return this.list.getByRole('row').filter({ has: this.page.getByRole('gridcell', { name, exact: true }) })
  }

  get rows(): Locator {
    return this.list.getByRole('row').filter({ has: this.page.getByRole('gridcell') })
  }

  get selectedRows(): Locator {
    return this.list.getByRole('row', { selected: true })
  }

  header(column: string): Locator {
    return this.list.getByRole('columnheader', { name: column, exact: true })
  }

  async headers(): Promise<readonly string[]> {
    return this.list.getByRole('columnheader').allTextContents()
  }

  /** Texts of a column from top to bottom. */
  async column(header: string): Promise<readonly string[]> {
    const at = (await this.headers()).indexOf(header)
    const rows = await this.rows.all()
    return Promise.all(rows.map(async (row) => (await row.getByRole('gridcell').nth(at).textContent()) ?? ''))
  }

  /** Waits until a column begins with these texts. */
  async expectColumn(header: string, texts: readonly string[]): Promise<void> {
    await expect.poll(async () => (await this.column(header)).slice(0, texts.length)).toEqual([...texts])
  }

  /** A machine's cell below a shown column. */
  async cell(name: string, column: string): Promise<Locator> {
    const at = (await this.headers()).indexOf(column)
    if (at < 0) throw new Error(`the column ${column} is not shown`)
    return this.row(name).getByRole('gridcell').nth(at)
  }

  async expectCell(name: string, column: string, text: string | RegExp): Promise<void> {
    await expect(await this.cell(name, column)).toHaveText(text)
  }

  async expectState(name: string, state: string): Promise<void> {
    await this.expectCell(name, 'State', state)
  }

  async select(...names: readonly string[]): Promise<void> {
    for (const [index, name] of names.entries()) await this.row(name).click({ modifiers: index === 0 ? [] : ['Control'] })
  }

  /** A group of the Actions pane; its name is the server's or the selection's. */
  group(name: string): Locator {
    return this.actions.getByRole('group', { name, exact: true })
  }

  action(label: string, group?: string): Locator {
    return (group === undefined ? this.actions : this.group(group)).getByRole('button', { name: label, exact: true })
  }

  /** Labels below a group's header, from top to bottom. */
  async actionsOf(group: string): Promise<readonly string[]> {
    const labels = await this.group(group).getByRole('button').allTextContents()
    return labels.slice(1)
  }

  /** Selects a machine and runs one of its actions. */
  async run(name: string, action: string): Promise<void> {
    await this.select(name)
    await this.action(action, name).click()
  }

  /** Runs an action that asks first, and says yes. */
  async runConfirmed(name: string, action: string, button: string): Promise<void> {
    await this.run(name, action)
    await new MessageBoxPage(this.page).press(button)
  }

  /** Goes down a path of menus: `menu('View', 'Add/Remove Columns...')`. */
  async menu(...path: readonly string[]): Promise<void> {
    const [title = '', ...entries] = path
    await this.menuBar.getByRole('menuitem', { name: title, exact: true }).click()
    await new MenuPage(this.page, title).choose(...entries)
  }

  async contextMenu(name: string): Promise<MenuPage> {
    await this.row(name).click({ button: 'right' })
    return new MenuPage(this.page, 'Virtual Machines')
  }

  node(name: string): Locator {
    return this.tree.getByRole('treeitem', { name, exact: true })
  }

  /** A pane of the middle by its caption. */
  pane(name: string): Locator {
    return this.page.getByRole('region', { name, exact: true })
  }

  splitter(name: string): Locator {
    return this.page.getByRole('separator', { name, exact: true })
  }

  get details(): Locator {
    return this.page.getByRole('tabpanel')
  }

  async showDetails(tab: 'Summary' | 'Memory' | 'Networking' | 'Replication'): Promise<Locator> {
    await this.page.getByRole('tab', { name: tab }).click()
    return this.details
  }

  /** The small picture of the selected machine. */
  thumbnail(name: string): Locator {
    return this.page.getByRole('img', { name: `Screen of ${name}` })
  }

  get clock(): Locator {
    return this.page.getByRole('timer', { name: 'Simulated date and time' })
  }

  get speedButton(): Locator {
    return this.page.getByRole('button', { name: /^Speed of simulated time/ })
  }

  async setSpeed(label: string): Promise<void> {
    await this.speedButton.click()
    await new MenuPage(this.page, 'Speed of simulated time').choose(label)
  }

  dialog(caption: string): DialogPage {
    return new DialogPage(this.page, caption)
  }

  messageBox(caption?: string): MessageBoxPage {
    return new MessageBoxPage(this.page, caption)
  }

  /** An entry of New in the Actions pane. */
  async chooseNew(entry: 'Virtual Machine...' | 'Hard Disk...' | 'Floppy Disk...'): Promise<void> {
    await this.action('New').click()
    await new MenuPage(this.page, 'New').choose(entry)
  }

  async openWizard(): Promise<WizardPage> {
    await this.chooseNew('Virtual Machine...')
    const wizard = new WizardPage(this.page)
    await expect(wizard.window).toBeVisible()
    return wizard
  }

  /** Presses a key with the list focused. */
  async pressInList(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.list.press(key)
  }
}
