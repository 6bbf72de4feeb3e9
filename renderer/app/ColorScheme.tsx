import { useMantineColorScheme } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import { usePreference } from '../client/lab-context.tsx'
import type { Command } from '../mmc/index.ts'

const KEY = 'console.color-scheme'

const SCHEMES = [
  { id: 'light', label: '&Light' },
  { id: 'dark', label: '&Dark' },
  { id: 'auto', label: '&System' },
] as const

type Scheme = (typeof SCHEMES)[number]['id']

function schemeOf(text: string | undefined): Scheme {
  return SCHEMES.find(({ id }) => id === text)?.id ?? 'auto'
}

/** Gives the page the remembered colour scheme; without one it follows the system. */
export function ColorSchemeKeeper(): ReactNode {
  const [text] = usePreference(KEY)
  const { setColorScheme } = useMantineColorScheme()
  const scheme = schemeOf(text)
  useEffect(() => setColorScheme(scheme), [scheme, setColorScheme])
  return null
}

/** The submenu of the View menu; an addition of ours. */
export function useColorSchemeCommand(): Command {
  const [text, set] = usePreference(KEY)
  const present = schemeOf(text)
  return {
    id: 'color-scheme',
    label: 'Color &Scheme',
    children: SCHEMES.map(({ id, label }) => ({
      id: `color-scheme-${id}`,
      label,
      checked: id === present,
      run: () => set(id === 'auto' ? null : id),
    })),
  }
}
