import type { ReactNode } from 'react'
import { generalIcons } from './generalIcons.tsx'
import { machineIcons } from './machineIcons.tsx'

/** The table of all icons by name. */
export const iconTable = { ...machineIcons, ...generalIcons } as const satisfies Record<string, ReactNode>
