import { expect, test } from '../fixtures/app.ts'

/** The product's questions: caption, headline, text, and the button that acts; the other one is the default. */
const PROMPTS = [
  {
    vm: 'APP01',
    action: 'Turn Off...',
    caption: 'Turn Off Machine',
    headline: 'Are you sure you want to turn off the selected virtual machine?',
    yes: 'Turn Off',
    no: "Don't Turn Off",
  },
  {
    vm: 'APP01',
    action: 'Shut Down...',
    caption: 'Shut Down Machine',
    headline: 'Are you sure you want to shut down the operating system in the selected virtual machine?',
    yes: 'Shut Down',
    no: "Don't Shut Down",
  },
  {
    vm: 'APP01',
    action: 'Reset',
    caption: 'Reset Machine',
    headline: 'Are you sure you want to reset the selected virtual machine?',
    yes: 'Reset',
    no: "Don't Reset",
  },
  {
    vm: 'DC02',
    action: 'Delete...',
    caption: 'Delete Selected Virtual Machines',
    headline: 'Are you sure you want to delete the selected virtual machine?',
    body: 'The virtual hard disks of the virtual machine are not deleted.',
    yes: 'Delete',
    no: "Don't Delete",
  },
  {
    vm: 'UBUNTU-WEB2',
    action: 'Delete Saved State...',
    caption: 'Delete Saved State',
    headline: 'Are you sure you want to delete the saved state?',
    yes: 'Delete',
    no: "Don't Delete",
  },
] as const

test('each question has its words, and the safe answer is the default', async ({ app }) => {
  const { console, page } = app
  const before = await app.stateHash()
  for (const prompt of PROMPTS) {
    const box = console.messageBox(prompt.caption)
    await console.run(prompt.vm, prompt.action)
    await box.says(prompt.headline)
    if ('body' in prompt) await box.says(prompt.body)
    expect(await box.buttons()).toEqual([prompt.yes, prompt.no])
    await expect(box.dontAskAgain).not.toBeChecked()
    await expect(box.button(prompt.no)).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(box.window).toBeHidden()
    await console.action(prompt.action, prompt.vm).click()
    await expect(box.window).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(box.window).toBeHidden()
  }
  expect(await app.stateHash()).toBe(before)
})

test('a box answers to the keyboard: access keys, Tab, Space', async ({ app }) => {
  const { console, page } = app
  const box = console.messageBox('Turn Off Machine')
  await console.run('DC01', 'Turn Off...')
  await expect(box.button("Don't Turn Off")).toBeFocused()
  await page.keyboard.press('Shift+Tab')
  await expect(box.button('Turn Off')).toBeFocused()
  await page.keyboard.press('Shift+Tab')
  await expect(box.dontAskAgain).toBeFocused()
  await page.keyboard.press('Space')
  await expect(box.dontAskAgain).toBeChecked()
  await page.keyboard.press('Alt+d')
  await expect(box.window).toBeHidden()
  await console.expectState('DC01', 'Running')
  // An answer that does nothing is not remembered.
  await console.run('DC01', 'Turn Off...')
  await expect(box.dontAskAgain).not.toBeChecked()
  await page.keyboard.press('Alt+t')
  await expect(box.window).toBeHidden()
  await app.advance(500)
  await console.expectState('DC01', 'Off')
})

test("Please don't ask me again is remembered, for that question alone, beyond a restart", async ({ app }) => {
  const { console } = app
  await console.run('FILE01', 'Turn Off...')
  await console.messageBox('Turn Off Machine').dontAskAgain.check()
  await console.messageBox('Turn Off Machine').press('Turn Off')
  await app.advance(500)
  await console.expectState('FILE01', 'Off')
  const reopened = await app.closeAndReopen()
  await reopened.run('DC01', 'Turn Off...')
  await reopened.expectState('DC01', 'Stopping')
  await reopened.run('SQL01', 'Reset')
  await reopened.messageBox('Reset Machine').press("Don't Reset")
})
