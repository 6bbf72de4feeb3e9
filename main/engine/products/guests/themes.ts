/** Console colours of the catalogue's systems (own drawing), and the guest identity that Windows writes. */
import type { ConsoleTheme } from './types.ts'

const theme = (
  style: ConsoleTheme['style'],
  background: string,
  backgroundTo: string,
  accent: string,
  desktop: string,
  desktopTo: string,
  taskbar: string,
): ConsoleTheme => ({ style, background, backgroundTo, accent, desktop, desktopTo, taskbar })

export const DOS = theme('dos', '#000000', '#000000', '#aaaaaa', '#000000', '#000000', '#000000')
export const TEXT = theme('text', '#000000', '#000000', '#c0c0c0', '#000000', '#000000', '#000000')
export const NT4 = theme('nt4', '#008080', '#008080', '#000080', '#008080', '#008080', '#c0c0c0')
export const CLASSIC = theme('classic', '#3a6ea5', '#3a6ea5', '#0a246a', '#3a6ea5', '#3a6ea5', '#d4d0c8')
export const LUNA = theme('luna', '#5a7edc', '#5a7edc', '#245edb', '#5b8fd6', '#8fb9ec', '#245edb')
export const AERO = theme('aero', '#0b3a5e', '#2d7fae', '#2f8fc4', '#12507c', '#3c97c4', '#1b2a38')
export const SERVER_2008 = theme('server-2008', '#11365b', '#2b5f8f', '#3a7ebf', '#1c4f80', '#2f6ea3', '#1b2733')
export const METRO = theme('metro', '#180052', '#180052', '#4617b4', '#1e4e79', '#3d7fb8', '#2b2b3d')
export const MODERN = theme('modern', '#0a2a4a', '#1a5a9a', '#0078d7', '#08284a', '#1b6fbf', '#101820')
export const MODERN_11 = theme('modern', '#0b2f66', '#3f7fd6', '#0067c0', '#9fc3ec', '#dbe9f8', '#e9eef6')
export const SERVER_METRO = theme('server-metro', '#180052', '#180052', '#4617b4', '#001f5c', '#0a3a86', '#1a1a2a')
export const SERVER_MODERN = theme('server-modern', '#001a38', '#00274f', '#0078d7', '#002b5c', '#00488c', '#0c1622')
export const SERVER_2025 = theme('server-modern', '#0a1f3d', '#12376b', '#0067c0', '#16396b', '#2a62ad', '#e6ebf2')

/** Guest OS identity of Windows NT systems: vendor 1, OS 4, then version, service pack and build (TLFS 2.6; hypervisor-core 1.10). */
export function windowsGuestId(major: number, minor: number, servicePack: number, build: number): string {
  const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0')
  return `0001${hex(4, 2)}${hex(major, 2)}${hex(minor, 2)}${hex(servicePack, 2)}${hex(build, 4)}`
}
