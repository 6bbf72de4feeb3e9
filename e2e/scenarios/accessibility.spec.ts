import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { type AppOptions, expect, test } from '../fixtures/app.ts'
import type { WizardStep } from '../pages/wizard.ts'

/** Serious and critical violations of what is shown now, named by their elements. */
async function violations(page: Page): Promise<readonly string[]> {
  // The legacy mode runs in the page itself: Electron gives no further pages for the frames.
  const { violations: found } = await new AxeBuilder({ page })
    .setLegacyMode()
    .options({ resultTypes: ['violations'] })
    .analyze()
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`))
}

const OPTIONS: AppOptions = { words: [], manual: true, size: { width: 1280, height: 800 }, scheme: 'light', forced: 'none' }

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
  test.describe(`${scheme}: no serious violation`, () => {
    test.use({ options: { ...OPTIONS, scheme } })

    test('in the console', async ({ app }) => {
      const { console, page } = app
      expect(await violations(page)).toEqual([])
      await console.select('APP01')
      await expect(console.details).toContainText('Heartbeat:')
      expect(await violations(page)).toEqual([])
      for (const tab of ['Memory', 'Networking', 'Replication'] as const) {
        await console.showDetails(tab)
        expect(await violations(page)).toEqual([])
      }
      const menu = await console.contextMenu('APP01')
      expect(await violations(page)).toEqual([])
      await menu.close()
      await console.node('Hyper-V Manager').click()
      expect(await violations(page)).toEqual([])
    })

    test('in the wizard and the file dialog', async ({ app }) => {
      const { console, page } = app
      const wizard = await console.openWizard()
      for (const step of STEPS) {
        await wizard.goTo(step)
        expect(await violations(page), step).toEqual([])
        if (step === 'Assign Memory') {
          await wizard.field('Startup memory:').fill('31')
          await wizard.isRefused('The amount of memory must be between')
          expect(await violations(page), 'a refusal').toEqual([])
          await wizard.field('Startup memory:').fill('1024')
        }
        if (step === 'Connect Virtual Hard Disk') {
          const files = await wizard.browse('Select Folder')
          await expect(files.path).toHaveValue(/Virtual Hard Disks/)
          expect(await violations(page), 'the file dialog').toEqual([])
          await files.press('Cancel')
        }
      }
      await wizard.finish()
      expect(await violations(page), 'progress').toEqual([])
    })

    test('in boxes and dialogs', async ({ app }) => {
      const { console, page } = app
      await console.run('APP01', 'Turn Off...')
      await expect(console.messageBox('Turn Off Machine').window).toBeVisible()
      expect(await violations(page)).toEqual([])
      await console.messageBox('Turn Off Machine').press("Don't Turn Off")
      await console.pressInList('Delete')
      await console.messageBox('Hyper-V Manager').details()
      expect(await violations(page)).toEqual([])
      await console.messageBox('Hyper-V Manager').press('Close')
      for (const [path, caption] of [
        [['Help', 'Help Topics'], 'Hyper-V Manager Help'],
        [['Help', 'About Hyper-V Manager...'], 'About Hyper-V Manager'],
        [['View', 'Customize...'], 'Customize View'],
        [['View', 'Add/Remove Columns...'], 'Add/Remove Columns'],
      ] as const) {
        await console.menu(...path)
        await console.dialog(caption).isOpen()
        expect(await violations(page), caption).toEqual([])
        await page.keyboard.press('Escape')
        await console.dialog(caption).isGone()
      }
    })

    test('in the connection window', async ({ app }) => {
      const window = await app.connect('APP01')
      await window.shows('Press Ctrl+Alt+Delete to unlock.')
      expect(await violations(window.page)).toEqual([])
      const off = await app.connect('DC02')
      await off.shows('is turned off')
      expect(await violations(off.page)).toEqual([])
      await off.menuBar.getByRole('menuitem', { name: 'Action' }).click()
      expect(await violations(off.page)).toEqual([])
    })
  })
}

test('the console by keyboard alone', async ({ app }) => {
  const { console, page } = app
  const { keyboard } = page
  await expect(console.tree).toBeFocused()
  await keyboard.press('ArrowUp')
  await expect(page.getByText('Hyper-V Manager provides the tools')).toBeVisible()
  await keyboard.press('ArrowDown')
  await expect(console.list).toBeVisible()
  await keyboard.press('F6')
  await expect(console.list.getByRole('columnheader', { name: 'Name' }).or(console.list).and(page.locator(':focus'))).toBeVisible()
  await console.list.focus()
  await keyboard.press('ArrowDown')
  await expect(page.getByRole('treeitem', { name: 'Now' })).toBeVisible()
  await expect(console.details).toContainText('Heartbeat:')
  await keyboard.press('F6')
  await expect(console.pane('Checkpoints').locator(':focus')).toBeVisible()
  await keyboard.press('F6')
  await expect(console.pane('APP01').locator(':focus')).toBeVisible()
  await keyboard.press('Control+Tab')
  await expect(page.getByRole('tab', { name: 'Memory' })).toHaveAttribute('aria-selected', 'true')
  await keyboard.press('F6')
  await expect(console.actions.locator(':focus')).toBeVisible()
  await keyboard.press('End')
  await expect(console.action('Help', 'APP01')).toBeFocused()
  await keyboard.press('F6')
  await expect(console.tree).toBeFocused()
  await keyboard.press('Shift+F6')
  await expect(console.actions.locator(':focus')).toBeVisible()

  await keyboard.press('Alt')
  await expect(console.menuBar.getByRole('menuitem', { name: 'File' })).toBeFocused()
  await keyboard.press('ArrowRight')
  await keyboard.press('ArrowRight')
  await keyboard.press('ArrowDown')
  const view = page.getByRole('menu', { name: 'View' })
  await expect(view).toBeVisible()
  await keyboard.press('ArrowRight')
  await expect(page.getByRole('menu', { name: 'Help' })).toBeVisible()
  await keyboard.press('a')
  await console.dialog('About Hyper-V Manager').isOpen()
  await keyboard.press('Enter')
  await console.dialog('About Hyper-V Manager').isGone()
  await keyboard.press('Alt+v')
  await expect(view).toBeVisible()
  await keyboard.press('Escape')
  await keyboard.press('Escape')
  await expect(view).toBeHidden()

  // An action, from the list to its end, without the mouse.
  await console.list.focus()
  await keyboard.press('Shift+F10')
  await keyboard.press('p')
  await console.expectState('APP01', 'Pausing')
  await app.advance(200)
  await console.expectState('APP01', 'Paused')
  await expect(page.locator('[aria-live="polite"]').filter({ hasText: 'APP01 was paused.' })).toBeAttached()
})
