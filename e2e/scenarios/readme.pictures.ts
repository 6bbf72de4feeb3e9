/** The pictures of the documentation; the same with every run on the same computer. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type AppOptions, expect, test } from '../fixtures/app.ts'
import { ROOT } from '../shells/browser.ts'

const PICTURES = join(ROOT, 'docs/pictures')
const OPTIONS: AppOptions = {
  words: ['--seed', '1', '--start-time', '2026-11-23T09:41:00Z'],
  manual: true,
  size: { width: 1280, height: 800 },
  scheme: 'light',
  forced: 'none',
}

test.beforeAll(() => {
  mkdirSync(PICTURES, { recursive: true })
})

for (const [scheme, file] of [
  ['light', 'console.png'],
  ['dark', 'console-dark.png'],
] as const) {
  test.describe(scheme, () => {
    test.use({ options: { ...OPTIONS, scheme } })
    test(file, async ({ app }) => {
      const { console, page } = app
      await app.advance(2_000)
      await console.select('APP01')
      await console.expectCell('SQL01', 'CPU Usage', /^\d+ %$/)
      await expect(console.details).toContainText('OK (Applications Healthy)')
      await expect(page.getByRole('treeitem', { name: 'Now' })).toBeVisible()
      await expect(console.thumbnail('APP01')).not.toHaveAttribute('data-version', '')
      await page.evaluate(() => document.fonts.ready)
      await page.screenshot({ path: join(PICTURES, file), animations: 'disabled', caret: 'hide' })
    })
  })
}

test.describe('windows', () => {
  test.use({ options: OPTIONS })

  test('connection.png', async ({ app }) => {
    const window = await app.connect('APP01')
    await window.page.setViewportSize({ width: 1024, height: 842 })
    await window.shows('Press Ctrl+Alt+Delete to unlock.')
    await window.page.evaluate(() => document.fonts.ready)
    await window.page.screenshot({ path: join(PICTURES, 'connection.png'), animations: 'disabled', caret: 'hide' })
  })

  test('wizard.png', async ({ app }) => {
    const { console, page } = app
    await app.advance(2_000)
    await console.select('APP01')
    const wizard = await console.openWizard()
    await wizard.goTo('Specify Name and Location')
    await wizard.field('Name:').fill('WEB01')
    await wizard.goTo('Connect Virtual Hard Disk')
    await page.evaluate(() => document.fonts.ready)
    await page.screenshot({ path: join(PICTURES, 'wizard.png'), animations: 'disabled', caret: 'hide' })
  })
})
