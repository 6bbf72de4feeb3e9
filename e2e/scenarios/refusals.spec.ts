import { expect, test } from '../fixtures/app.ts'

test('not enough memory: cause, amounts and rule', async ({ app }) => {
  const { console } = app
  const wizard = await console.openWizard()
  await wizard.goTo('Assign Memory')
  const page = (await wizard.window.getByRole('region', { name: 'Assign Memory' }).textContent()) ?? ''
  const availableMb = Number(/through (\d+) MB/.exec(page)?.[1])
  await wizard.field('Startup memory:').fill(String(availableMb - (availableMb % 2)))
  await wizard.finish()
  await app.advance(1600)
  await wizard.isGone()
  // Another machine takes some of the memory that the new one needs.
  await console.run('DC02', 'Start')
  await app.advance(2_000)
  await console.expectState('DC02', 'Running')
  await console.run('New Virtual Machine', 'Start')
  const box = console.messageBox('Hyper-V Manager')
  await box.says(
    'An error occurred while attempting to start the selected virtual machine(s).',
    "'New Virtual Machine' failed to start.",
    'Not enough memory in the system to start the virtual machine New Virtual Machine.',
  )
  await expect(box.window).not.toContainText('S34')
  const details = await box.details()
  await expect(details).toContainText(`Required: ${availableMb - (availableMb % 2)} MB`)
  // What is free is what the list does not show as given; the balancer moves some of it from second to second.
  const given = (await console.column('Assigned Memory')).reduce((sum, text) => sum + Number.parseInt(text || '0', 10), 0)
  await expect(details).toContainText(`Available: ${131_072 - 4096 - given} MB`)
  await expect(details).toContainText('Physical memory: 131072 MB')
  await expect(details).toContainText('Rule: S34')
  await box.button('Hide details').click()
  await expect(box.window).not.toContainText('S34')
  await box.press('Close')
  await console.expectState('New Virtual Machine', 'Off')

  // With the memory given back it starts.
  await console.runConfirmed('DC02', 'Turn Off...', 'Turn Off')
  await app.advance(500)
  await console.run('New Virtual Machine', 'Start')
  await console.expectState('New Virtual Machine', 'Starting')
})

test('a guest that is still booting cannot be shut down', async ({ app }) => {
  const { console } = app
  await console.run('DC02', 'Start')
  await console.expectState('DC02', 'Starting')
  await app.advance(4_000)
  await console.runConfirmed('DC02', 'Shut Down...', 'Shut Down')
  const box = console.messageBox('Hyper-V Manager')
  await box.says(
    'An error occurred while attempting to change the state of virtual machine DC02.',
    'The shutdown integration service is not available in the guest operating system. The device is not ready for use. (0x80070015).',
  )
  await expect(await box.details()).toContainText('Virtual machine ID')
  await box.press('Close')
  await console.expectState('DC02', 'Running')
})

test('a guest without integration services cannot be shut down', async ({ app }) => {
  const { console } = app
  const wizard = await console.openWizard()
  await wizard.finish()
  await app.advance(1600)
  await wizard.isGone()
  await console.run('New Virtual Machine', 'Start')
  await app.advance(30_000)
  await console.runConfirmed('New Virtual Machine', 'Shut Down...', 'Shut Down')
  await console.messageBox('Hyper-V Manager').says('The shutdown integration service is not available in the guest operating system.')
})

test('keys that ask for what is not possible are answered with the reason', async ({ app }) => {
  const { console } = app
  await console.select('APP01')
  await console.pressInList('Delete')
  const box = console.messageBox('Hyper-V Manager')
  await box.says(
    'An error occurred while attempting to delete the selected virtual machine(s).',
    "'APP01' failed to perform the operation. The virtual machine is not in a valid state to perform the operation.",
  )
  const details = await box.details()
  await expect(details).toContainText('Current state: Running')
  await expect(details).toContainText('Possible in: Off, Saved')
  await box.press('Close')
  await expect(console.list).toBeFocused()
})

test('two machines cannot write to one disk', async ({ app }) => {
  const { console } = app
  const wizard = await console.openWizard()
  await wizard.goTo('Specify Generation')
  await wizard.radio('Generation 2').check()
  await wizard.goTo('Connect Virtual Hard Disk')
  await wizard.radio('Use an existing virtual hard disk').check()
  await wizard.field('Location:').last().fill('C:\\Users\\Public\\Documents\\Hyper-V\\Virtual Hard Disks\\dc01.vhdx')
  await wizard.finish()
  await app.advance(1600)
  await wizard.isGone()
  await console.run('New Virtual Machine', 'Start')
  const box = console.messageBox('Hyper-V Manager')
  await box.says('The process cannot access the file because it is being used by another process.', '(0x80070020)')
  await expect(await box.details()).toContainText('Used by: DC01')
  await box.press('Close')
  await console.expectState('New Virtual Machine', 'Off')
})
