/** The pictures of the documentation: the sample lab at its first moment, drawn the same every time. `npm run screenshots` makes them. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { expect, test } from '../fixtures/app.ts'
import { ROOT } from '../shells/browser.ts'

const FOLDER = join(ROOT, 'docs/pictures')
const SIZE = { width: 1280, height: 800 }

test.beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true })
})

/** Fonts are there, and nothing blinks or hovers. */
async function picture(page: Page, name: string): Promise<void> {
  await page.mouse.move(SIZE.width - 4, SIZE.height - 4)
  await page.evaluate(() => document.fonts.ready.then(() => undefined))
  await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: 'disabled', caret: 'hide', scale: 'css' })
}

for (const [scheme, name] of [
  ['light', 'console'],
  ['dark', 'console-dark'],
] as const) {
  test.describe(scheme, () => {
    test.use({ options: { words: [], manual: true, size: SIZE, scheme, forced: 'none' } })

    test(name, async ({ app }) => {
      const { console, page } = app
      await app.advance(1000)
      await console.select('APP01')
      await expect(console.thumbnail('APP01')).toHaveAttribute('data-version', /./)
      await console.expectCell('APP01', 'CPU Usage', /%$/)
      await expect(console.details).toContainText('Line of business server')
      await picture(page, name)
    })
  })
}

test('connection', async ({ app }) => {
  const window = await app.connect('APP01')
  await app.advance(1000)
  await expect(window.picture('APP01')).toHaveAttribute('data-version', /./)
  await window.expectStatus('Status: Running')
  await window.page.setViewportSize({ width: 1024, height: 842 })
  await picture(window.page, 'connection')
})

test('wizard', async ({ app }) => {
  const wizard = await app.console.openWizard()
  await wizard.goTo('Specify Name and Location')
  await wizard.field('Name:').fill('WEB01')
  await wizard.goTo('Assign Memory')
  await wizard.field('Startup memory:').fill('2048')
  await wizard.box('Use Dynamic Memory for this virtual machine.').check()
  await picture(app.page, 'wizard')
})
