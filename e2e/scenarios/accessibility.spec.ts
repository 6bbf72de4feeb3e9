/** The console and its windows by automatic rules (WCAG 2.1 A and AA as axe knows them), and by keyboard alone. */
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from '../fixtures/app.ts'
import type { WizardStep } from '../pages/wizard.ts'

/** Serious and critical violations, each with the elements that it names. */
async function violations(page: Page, within?: string): Promise<readonly string[]> {
  // The desktop shell lets no further window be opened, which the other way of running would need.
  const axe = new AxeBuilder({ page }).setLegacyMode(true)
  const { violations: found, passes } = await (within === undefined ? axe : axe.include(within)).analyze()
  // A part that is not there would have no violations either.
  expect(passes.length).toBeGreaterThan(3)
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary ?? ''}`))
}

const STEPS: readonly WizardStep[] = [
  'Before You Begin',
  'Specify Name and Location',
  'Specify Generation',
  'Assign Memory',
  'Configure Networking',
  'Connect Virtual Hard Disk',
  'Installation Options',
  'Summary',
]

for (const scheme of ['light', 'dark'] as const) {
  test.describe(scheme, () => {
    test.use({ options: { words: [], manual: true, size: { width: 1280, height: 800 }, scheme, forced: 'none' } })

    test('console', async ({ app }) => {
      const { console, page } = app
      await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', scheme)
      expect(await violations(page)).toEqual([])
      await console.select('APP01')
      await expect(console.thumbnail('APP01')).toBeVisible()
      expect(await violations(page), 'one selected').toEqual([])
      for (const tab of ['Memory', 'Networking', 'Replication'] as const) {
        await console.showDetails(tab)
        expect(await violations(page, '[role="tabpanel"]'), tab).toEqual([])
      }
      await console.node('Hyper-V Manager').click()
      await expect(page.getByRole('heading', { name: 'Introduction' })).toBeVisible()
      expect(await violations(page), 'overview').toEqual([])
    })

    test('menus and boxes', async ({ app }) => {
      const { console, page } = app
      const menu = await console.contextMenu('APP01')
      expect(await violations(page, '[role="menu"]'), 'context menu').toEqual([])
      await menu.close()
      await console.run('APP01', 'Turn Off...')
      await expect(console.messageBox().window).toBeVisible()
      expect(await violations(page), 'confirmation').toEqual([])
      await console.messageBox().press("Don't Turn Off")
      await console.runConfirmed('LEGACY-XP', 'Shut Down...', 'Shut Down')
      await expect(console.messageBox().button('See details')).toBeVisible()
      expect(await violations(page), 'failure').toEqual([])
      await console.messageBox().details()
      expect(await violations(page, '[role="alertdialog"]'), 'failure with details').toEqual([])
    })

    test('wizard', async ({ app }) => {
      const wizard = await app.console.openWizard()
      for (const step of STEPS) {
        await wizard.goTo(step)
        expect(await violations(app.page, '[role="dialog"]'), step).toEqual([])
        if (step !== 'Specify Name and Location') continue
        await wizard.field('Name:').fill('N'.repeat(101))
        await wizard.isRefused('The name has 101 characters.')
        expect(await violations(app.page, '[role="dialog"]'), 'refused').toEqual([])
        await wizard.field('Name:').fill('ACCESS01')
      }
    })

    test('connection window', async ({ app }) => {
      const off = await app.connect('DC02')
      await off.shows("The virtual machine 'DC02' is turned off")
      expect(await violations(off.page), 'off').toEqual([])
      const running = await app.connect('APP01')
      await expect(running.picture('APP01')).toBeVisible()
      expect(await violations(running.page), 'running').toEqual([])
    })
  })
}

test('a tour by keyboard alone', async ({ app }) => {
  const { console, page } = app
  const { keyboard } = page
  const item = (name: string) => page.getByRole('menuitem', { name, exact: true })
  await test.step('Alt opens the menu bar, arrows go through it, Escape gives the focus back', async () => {
    await console.tree.focus()
    await keyboard.press('Alt')
    await expect(item('File')).toBeFocused()
    await keyboard.press('ArrowRight')
    await expect(item('Action')).toBeFocused()
    await keyboard.press('ArrowDown')
    await expect(page.getByRole('menu', { name: 'Action' })).toBeVisible()
    await expect(item('New')).toBeFocused()
    await keyboard.press('ArrowRight')
    await expect(item('Virtual Machine...')).toBeFocused()
    await keyboard.press('Escape')
    await keyboard.press('Escape')
    await keyboard.press('Escape')
    await expect(page.getByRole('menu')).toHaveCount(0)
    await expect(console.tree).toBeFocused()
  })
  await test.step('tree: arrows', async () => {
    const root = console.node('Hyper-V Manager')
    const host = console.node('HV01')
    await expect(host).toHaveAttribute('aria-selected', 'true')
    await keyboard.press('ArrowUp')
    await expect(root).toHaveAttribute('aria-selected', 'true')
    await keyboard.press('ArrowLeft')
    await expect(root).toHaveAttribute('aria-expanded', 'false')
    await keyboard.press('ArrowRight')
    await expect(root).toHaveAttribute('aria-expanded', 'true')
    await keyboard.press('ArrowRight')
    await expect(host).toHaveAttribute('aria-selected', 'true')
  })
  await test.step('F6 goes through the panes and back', async () => {
    const panes: string[] = []
    const where = (): Promise<string> =>
      page.evaluate(() => {
        const active = document.activeElement
        return active?.closest('[role="tree"], [role="grid"], aside')?.getAttribute('aria-label') ?? active?.tagName ?? ''
      })
    for (let at = 0; at < 6; at++) {
      panes.push(await where())
      await keyboard.press('F6')
    }
    expect(panes[0]).toBe('Console tree')
    expect(panes).toContain('Virtual Machines')
    expect(panes).toContain('Actions')
    expect(panes.lastIndexOf('Console tree')).toBeGreaterThan(0)
    while ((await where()) !== 'Console tree') await keyboard.press('F6')
    await keyboard.press('F6')
    await keyboard.press('Shift+F6')
    expect(await where()).toBe('Console tree')
    while ((await where()) !== 'Virtual Machines') await keyboard.press('F6')
  })
  await test.step('list: arrows, first letters, the menu key and Shift+F10', async () => {
    await keyboard.press('Home')
    await expect(console.selectedRows).toHaveCount(1)
    await expect(console.row('APP01')).toHaveAttribute('aria-selected', 'true')
    await keyboard.press('ArrowDown')
    await expect(console.row('DC01')).toHaveAttribute('aria-selected', 'true')
    await keyboard.press('Shift+ArrowDown')
    await expect(console.selectedRows).toHaveCount(2)
    await keyboard.press('End')
    await expect(console.row('WSUS')).toHaveAttribute('aria-selected', 'true')
    await keyboard.press('f')
    await expect(console.row('FILE01')).toHaveAttribute('aria-selected', 'true')
    const menu = page.getByRole('menu', { name: 'Virtual Machines' })
    for (const key of ['Shift+F10', 'ContextMenu']) {
      await keyboard.press(key)
      await expect(menu).toBeVisible()
      await keyboard.press('Escape')
      await expect(menu).toBeHidden()
      await expect(console.list).toBeFocused()
    }
  })
  await test.step('a box has the focus and gives it back', async () => {
    await keyboard.press('Shift+F10')
    await keyboard.press('t')
    const box = console.messageBox('Turn Off Machine')
    await expect(box.button("Don't Turn Off")).toBeFocused()
    await keyboard.press('Escape')
    await expect(box.window).toBeHidden()
    await expect(console.list).toBeFocused()
    await keyboard.press('F2')
    await expect(page.getByRole('textbox')).toBeFocused()
    await keyboard.press('Escape')
    await expect(console.list).toBeFocused()
    await keyboard.press('Shift+F10')
    await keyboard.press('p')
    await app.advance(500)
    await console.expectState('FILE01', 'Paused')
  })
})
