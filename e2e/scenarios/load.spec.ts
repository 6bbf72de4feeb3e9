import type { App } from '../fixtures/app.ts'
import { expect, test } from '../fixtures/app.ts'
import { DetailsPage } from '../pages/details.ts'
import { MenuPage } from '../pages/menus.ts'

async function cpuOf(app: App, name: string): Promise<number> {
  const text = (await (await app.console.cell(name, 'CPU Usage')).textContent()) ?? ''
  return Number.parseInt(text, 10)
}

test('the workload of a machine is chosen while it runs, shows in CPU Usage, and is kept', async ({ app }) => {
  const { console, page } = app
  await app.advance(1000)
  await console.expectCell('DC01', 'CPU Usage', /^[0-2] %$/)
  const menu = await console.contextMenu('DC01')
  await menu.entry('Workload').click()
  const workloads = new MenuPage(page, 'Workload')
  expect(await workloads.labels()).toEqual([
    'Idle',
    'Office work',
    'Web server',
    'Database server',
    'File server',
    'Software build',
    'Media player',
    'Memory load',
    'Disk benchmark',
    'Network benchmark',
  ])
  await expect(workloads.entry('Idle')).toHaveAttribute('aria-checked', 'true')
  await workloads.choose('Software build')
  await app.advance(2000)
  await expect.poll(() => cpuOf(app, 'DC01')).toBeGreaterThan(2)
  await app.killAndReopen()
  await app.console.select('DC01')
  await app.console.menuBar.getByRole('menuitem', { name: 'Action', exact: true }).click()
  await new MenuPage(app.page, 'Action').entry('Workload').click()
  await expect(new MenuPage(app.page, 'Workload').entry('Software build')).toHaveAttribute('aria-checked', 'true')
})

test('memory of a machine with dynamic memory comes and goes with its load', async ({ app }) => {
  const { console } = app
  const details = new DetailsPage(console)
  await details.show('UBUNTU-WEB1', 'Memory')
  const assigned = async (): Promise<number> => Number.parseInt((await details.rows())['Assigned Memory:'] ?? '', 10)
  await expect.poll(assigned).toBe(1536)
  // It has more than it needs: the balancer takes memory back, slowly.
  await app.advance(120_000)
  await expect.poll(assigned).toBeLessThan(1536)
  const idle = await assigned()
  await (await console.contextMenu('UBUNTU-WEB1')).choose('Workload', 'Database server')
  await app.advance(60_000)
  await expect.poll(assigned).toBeGreaterThan(idle + 1024)
  expect(await assigned()).toBeLessThanOrEqual(4096)
})
