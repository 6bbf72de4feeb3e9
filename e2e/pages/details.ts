/** The details pane of the console: the tabs about the selected machine. */
import type { Locator, Page } from '@playwright/test'
import type { ConsolePage } from './console.ts'

export type DetailsTabName = Parameters<ConsolePage['showDetails']>[0]

export class DetailsPage {
  readonly page: Page
  readonly #console: ConsolePage

  constructor(console: ConsolePage) {
    this.page = console.page
    this.#console = console
  }

  /** Selects a machine and brings up one of its tabs. */
  async show(name: string, tab: DetailsTabName): Promise<void> {
    await this.#console.select(name)
    await this.#console.showDetails(tab)
  }

  get panel(): Locator {
    return this.#console.details
  }

  /** Labels and values of the tab that is shown, all of them. */
  async rows(): Promise<Readonly<Record<string, string>>> {
    const labels = await this.panel.getByRole('term').allTextContents()
    const values = await this.panel.getByRole('definition').allTextContents()
    return Object.fromEntries(labels.map((label, at) => [label, values[at] ?? '']))
  }

  /** Adapters of the Networking tab, cell by cell as its columns stand: Adapter, Connection, IP Addresses, Status. */
  async adapters(): Promise<readonly (readonly string[])[]> {
    const grid = this.panel.getByRole('grid', { name: 'Network adapters' })
    const rows = await grid
      .getByRole('row')
      .filter({ has: this.page.getByRole('gridcell') })
      .all()
    return Promise.all(rows.map((row) => row.getByRole('gridcell').allTextContents()))
  }
}
