import { expect, test } from '../fixtures/app.ts'

test('a start shows its way: state, progress, uptime, screen, heartbeat', async ({ app }) => {
  const { console } = app
  const window = await app.connect('DC02')
  await window.shows("The virtual machine 'DC02' is turned off")
  await window.expectStatus('Status: Off')
  await expect
    .poll(() => console.actionsOf('DC02'))
    .toEqual(['Connect...', 'Settings...', 'Start', 'Checkpoint', 'Rename...', 'Delete...', 'Help'])

  await console.run('DC02', 'Start')
  await console.expectState('DC02', 'Starting')
  await console.expectCell('DC02', 'Status', 'Starting (2%)')
  await console.expectCell('DC02', 'Assigned Memory', '2048 MB')
  await window.shows("The virtual machine 'DC02' is starting")
  for (const [milliseconds, percent] of [
    [300, 10],
    [800, 50],
    [400, 78],
  ] as const) {
    await app.advance(milliseconds)
    await console.expectCell('DC02', 'Status', `Starting (${percent}%)`)
    await window.expectStatus(`Status: Starting (${percent}%)`)
  }
  await app.advance(300)
  await console.expectState('DC02', 'Running')
  await console.expectCell('DC02', 'Status', '')
  await console.expectCell('DC02', 'Uptime', '00:00:01')
  await expect
    .poll(() => console.actionsOf('DC02'))
    .toEqual(['Connect...', 'Settings...', 'Turn Off...', 'Shut Down...', 'Save', 'Pause', 'Reset', 'Checkpoint', 'Rename...', 'Help'])
  await window.shows('Hyper-V')
  await expect(console.details).toContainText('No Contact')

  const firmware = await window.picture('DC02').getAttribute('data-version')
  await expect(console.thumbnail('DC02')).toHaveAttribute('data-version', firmware ?? '')
  await app.advance(120_000)
  await window.shows('Press Ctrl+Alt+Delete to unlock.')
  await window.expectStatus('Status: Running')
  await expect(window.picture('DC02')).not.toHaveAttribute('data-version', firmware ?? '')
  await expect(console.thumbnail('DC02')).not.toHaveAttribute('data-version', firmware ?? '')
  await expect(console.details).toContainText('OK (Applications Healthy)')
  await console.expectCell('DC02', 'Uptime', '00:02:01')
  await expect(await console.showDetails('Networking')).toContainText('192.168.1.')
})

test('save, start again, delete a saved state', async ({ app }) => {
  const { console } = app
  await console.run('APP01', 'Save')
  await console.expectState('APP01', 'Saving')
  await console.expectCell('APP01', 'Status', 'Saving (0%)')
  await app.advanceUntil(500, 30_000, async () => (await console.column('State'))[0] === 'Saved')
  await console.expectCell('APP01', 'Assigned Memory', '')
  await console.expectCell('APP01', 'Uptime', '')
  await expect
    .poll(() => console.actionsOf('APP01'))
    .toEqual(['Connect...', 'Settings...', 'Start', 'Delete Saved State...', 'Checkpoint', 'Revert...', 'Rename...', 'Delete...', 'Help'])

  await console.run('APP01', 'Start')
  await console.expectCell('APP01', 'Status', /^Restoring \(\d+%\)$/)
  await app.advance(30_000)
  await console.expectState('APP01', 'Running')
  await console.expectCell('APP01', 'Assigned Memory', '4096 MB')
  await expect(console.details).toContainText('OK (Applications Healthy)')

  const window = await app.connect('UBUNTU-WEB2')
  await window.shows("The virtual machine 'UBUNTU-WEB2' is in a saved state")
  await console.runConfirmed('UBUNTU-WEB2', 'Delete Saved State...', 'Delete')
  await app.advance(300)
  await console.expectState('UBUNTU-WEB2', 'Off')
  await window.shows("The virtual machine 'UBUNTU-WEB2' is turned off")
})

test('pause, resume, reset, turn off', async ({ app }) => {
  const { console } = app
  const window = await app.connect('DC01')
  await console.run('DC01', 'Pause')
  await console.expectState('DC01', 'Pausing')
  await app.advance(120)
  await console.expectState('DC01', 'Paused')
  await expect(console.details).toContainText('Paused')
  await console.expectCell('DC01', 'CPU Usage', '0 %')
  await window.shows("The virtual machine 'DC01' is paused")

  await console.run('DC01', 'Resume')
  await console.expectState('DC01', 'Resuming')
  await app.advance(120)
  await console.expectState('DC01', 'Running')
  await expect(console.details).toContainText('OK (Applications Healthy)')

  await console.expectCell('DC01', 'Uptime', /^41\./)
  await console.runConfirmed('DC01', 'Reset', 'Reset')
  await console.expectState('DC01', 'Resetting')
  await app.advance(350)
  await console.expectState('DC01', 'Running')
  await console.expectCell('DC01', 'Uptime', '00:00:00')
  await expect(console.details).toContainText('No Contact')

  await console.runConfirmed('DC01', 'Turn Off...', 'Turn Off')
  await console.expectState('DC01', 'Stopping')
  await app.advance(450)
  await console.expectState('DC01', 'Off')
  await window.shows("The virtual machine 'DC01' is turned off")
})

test('the guest ends its own way when it is shut down', async ({ app }) => {
  const { console } = app
  await console.runConfirmed('FILE01', 'Shut Down...', 'Shut Down')
  await console.expectState('FILE01', 'Stopping')
  await expect(console.details).toContainText('Lost Communication')
  await app.advance(60_000)
  await console.expectState('FILE01', 'Off')
  await console.expectCell('FILE01', 'Status', '')
})

test('a start that is broken off by Turn Off ends off', async ({ app }) => {
  const { console } = app
  await console.run('WSUS', 'Start')
  await app.advance(600)
  await console.runConfirmed('WSUS', 'Turn Off...', 'Turn Off')
  await app.advance(5_000)
  await console.expectState('WSUS', 'Off')
})

test('the connection window acts on its machine', async ({ app }) => {
  const { console } = app
  const window = await app.connect('WSUS')
  await window.screen.getByRole('button', { name: 'Start' }).click()
  await window.expectStatus('Status: Starting (2%)')
  await app.advance(120_000)
  await window.shows('Press Ctrl+Alt+Delete to unlock.')
  await window.menu('Action', 'Ctrl+Alt+Delete')
  await window.shows('Administrator')
  await window.menu('Action', 'Pause')
  await app.advance(500)
  await console.expectState('WSUS', 'Paused')
  await window.menu('Action', 'Resume')
  await app.advance(500)
  await window.menu('Action', 'Turn Off...')
  await window.messageBox('Turn Off Machine').press('Turn Off')
  await app.advance(500)
  await console.expectState('WSUS', 'Off')
  await expect(window.page).toHaveTitle('WSUS on HV01 - Virtual Machine Connection')
})
