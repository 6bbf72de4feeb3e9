import { expect, test } from '../fixtures/app.ts'
import { closesBy } from '../pages/closing.ts'
import { MenuPage } from '../pages/menus.ts'

const HINT = 'To release the keyboard press Ctrl+Alt+Left Arrow'

test('File > Exit closes the console and a connection window, each for itself', async ({ app }) => {
  const { console, page } = app
  const window = await app.connect('DC01')
  const other = await app.connect('DC02')
  await closesBy(other.page, () => other.menu('File', 'Exit'))
  await console.expectState('DC02', 'Off')
  await closesBy(page, async () => {
    await console.menu('File', 'Exit')
    // A browser lets a page close only what a page has opened: the console's own tab is left to the user.
    if (app.kind === 'browser') await page.close()
  })
  // The lab is open as long as one of its windows is.
  await window.expectStatus('Status: Running')
  await window.menu('Action', 'Pause')
  await window.expectStatus('Status: Pausing (10%)')
  await closesBy(window.page, () => window.menu('File', 'Exit'))
})

test('the status bar says who has the keyboard', async ({ app }) => {
  const window = await app.connect('DC01')
  const icon = (name: string) => window.statusBar.getByRole('img', { name, exact: true })
  await window.expectStatus(HINT)
  await expect(icon('Keyboard captured')).toBeVisible()
  await expect(icon('Mouse not captured')).toBeVisible()
  await expect(icon('The connection is authenticated')).toBeVisible()
  await window.page.keyboard.press('Control+Alt+ArrowLeft')
  await expect(icon('Keyboard not captured')).toBeVisible()
  await expect(window.statusBar).not.toContainText(HINT)
  await window.picture('DC01').click()
  await window.expectStatus(HINT)
  await expect(icon('Keyboard captured')).toBeVisible()
  // A machine without a picture has a status and nothing else.
  const off = await app.connect('DC02')
  await off.expectStatus('Status: Off')
  await expect(off.statusBar.getByRole('img')).toHaveCount(0)
})

test('all zoom levels', async ({ app }) => {
  const window = await app.connect('DC01')
  const size = async () => {
    const box = await window.picture('DC01').boundingBox()
    return { width: box?.width, height: box?.height }
  }
  const plain = await size()
  expect(plain).toEqual({ width: 1024, height: 768 })
  const checked = async (): Promise<readonly string[]> => {
    const menu = new MenuPage(window.page, 'Zoom Level')
    await window.menuBar.getByRole('menuitem', { name: 'View', exact: true }).click()
    await new MenuPage(window.page, 'View').entry('Zoom Level').click()
    const labels = await menu.surface.getByRole('menuitemcheckbox', { checked: true }).allTextContents()
    await window.page.keyboard.press('Escape')
    await window.page.keyboard.press('Escape')
    await expect(menu.surface).toBeHidden()
    return labels
  }
  for (const percent of [125, 150, 200, 100]) {
    await window.menu('View', 'Zoom Level', `${percent}%`)
    await expect.poll(size).toEqual({ width: (1024 * percent) / 100, height: (768 * percent) / 100 })
    expect(await checked()).toEqual([`${percent}%`])
  }
})

test('Full Screen Mode and back, by menu, keys and bar', async ({ app }) => {
  const window = await app.connect('DC01')
  const { page } = window
  const bar = page.getByRole('toolbar', { name: 'Connection bar' })
  const isFull = async (full: boolean): Promise<void> => {
    await expect(bar).toBeVisible({ visible: full })
    await expect(window.menuBar).toBeVisible({ visible: !full })
    await expect(window.statusBar).toBeVisible({ visible: !full })
    await expect(window.picture('DC01')).toBeVisible()
  }
  await isFull(false)
  await window.menu('View', 'Full Screen Mode')
  await isFull(true)
  await expect(bar).toContainText('DC01')
  await bar.getByRole('button', { name: 'Restore' }).click()
  await isFull(false)
  // The guest has the keyboard again, and these keys are still the window's.
  const keyboard = page.getByRole('textbox', { name: 'Keyboard of DC01' })
  await expect(keyboard).toBeFocused()
  await page.keyboard.press('Control+Alt+Pause')
  await isFull(true)
  await page.keyboard.press('Control+Alt+Pause')
  await isFull(false)
  // Without the keyboard they are a shortcut of the menu.
  await page.keyboard.press('Control+Alt+ArrowLeft')
  await expect(keyboard).not.toBeFocused()
  await page.keyboard.press('Control+Alt+Pause')
  await isFull(true)
  await closesBy(page, () => bar.getByRole('button', { name: 'Close' }).click())
})

// The desktop shell's clipboard is the computer's own: one test at a time may use it, so one test uses it for both entries.
test('Type clipboard text and Capture screen', async ({ app }) => {
  const window = await app.connect('UBUNTU-WEB1')
  await window.shows('ubuntu-web1 login:')
  await app.clipboard.writeText('admin\r\nsecret\r\nwhoami\r\necho Grüße & 100%\r\n')
  await window.menu('Clipboard', 'Type clipboard text')
  await app.advance(10_000)
  await window.shows('admin@ubuntu-web1:~$ whoami')
  await window.shows('admin@ubuntu-web1:~$ echo Grüße & 100%')
  await expect(window.screen).not.toContainText('secret')

  expect(await app.clipboard.pictureSize()).toBeNull()
  const box = await window.picture('UBUNTU-WEB1').boundingBox()
  await window.menu('Clipboard', 'Capture screen')
  await expect(window.page.getByText('The screen was copied to the clipboard.')).toBeAttached()
  expect(await app.clipboard.pictureSize()).toEqual({ width: box?.width, height: box?.height })
  // A machine that is off has no keyboard and no screen to offer.
  const off = await app.connect('DC02')
  await off.expectStatus('Status: Off')
  await expect(off.menuBar.getByRole('menuitem', { name: 'Clipboard', exact: true })).toHaveCount(0)
})
