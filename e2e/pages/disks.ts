/** Windows of the disk wizards, and the real files that they leave. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type Locator } from '@playwright/test'
import type { App } from '../fixtures/app.ts'
import { DialogPage } from './dialogs.ts'
import { WizardPage } from './wizard.ts'

export const DISKS = 'C:\\Users\\Public\\Documents\\Hyper-V\\Virtual Hard Disks'

/** Real path of a file of the sample lab's host. */
export function realPath(app: App, path: string): string {
  return join(app.folder, 'disks', 'HV01', path.replace(':', '').replaceAll('\\', '/'))
}

export function realSize(app: App, path: string): number {
  const real = realPath(app, path)
  return existsSync(real) ? statSync(real).size : -1
}

export async function newDiskWizard(app: App): Promise<WizardPage> {
  await app.console.chooseNew('Hard Disk...')
  const wizard = new WizardPage(app.page, 'New Virtual Hard Disk Wizard')
  await wizard.isOpen()
  return wizard
}

export async function editDiskWizard(app: App): Promise<WizardPage> {
  await app.console.action('Edit Disk...').click()
  const wizard = new WizardPage(app.page, 'Edit Virtual Hard Disk Wizard')
  await wizard.isOpen()
  return wizard
}

/** Goes to Choose Action with a disk. */
export async function locate(app: App, path: string): Promise<WizardPage> {
  const wizard = await editDiskWizard(app)
  await wizard.goTo('Locate Disk')
  await wizard.field('Location:').fill(path)
  await wizard.next('Choose Action')
  return wizard
}

/** Makes a disk by the wizard; the rest of the choices are its defaults. */
export async function makeDisk(app: App, name: string, sizeGb: number): Promise<string> {
  const wizard = await newDiskWizard(app)
  await wizard.goTo('Specify Name and Location')
  await wizard.field('Name:').fill(name)
  await wizard.next('Configure Disk')
  await wizard.field('Size:').fill(String(sizeGb))
  await wizard.press('Finish')
  await expect(wizard.progress).toBeVisible()
  await app.advance(60_000)
  await wizard.isGone()
  return `${DISKS}\\${name}`
}

/** Finish, and all of the job's time. */
export async function finishJob(app: App, wizard: WizardPage, milliseconds = 3_600_000): Promise<void> {
  await wizard.press('Finish')
  await expect(wizard.progress).toBeVisible()
  await app.advance(milliseconds)
  await wizard.isGone()
}

export class PropertiesPage extends DialogPage {
  row(label: string): Locator {
    return this.window.getByRole('term').filter({ hasText: label }).locator('xpath=following-sibling::dd[1]')
  }
}

/** Inspect Disk with a file of the host. */
export async function inspectDisk(app: App, path: string): Promise<PropertiesPage> {
  await app.console.action('Inspect Disk...').click()
  const files = new DialogPage(app.page, 'Open')
  await files.isOpen()
  await files.window.getByRole('textbox', { name: 'File name:' }).fill(path)
  await files.press('Open')
  return new PropertiesPage(app.page, 'Virtual Hard Disk Properties')
}
