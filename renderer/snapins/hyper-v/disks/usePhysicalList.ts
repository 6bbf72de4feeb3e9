/** The list of the host's physical disks: one of them is chosen. */
import { useState } from 'react'
import { initialListViewState, type ListColumn, type ListViewState } from '../../../mmc/index.ts'
import { sizeText } from './diskTexts.ts'

interface PhysicalDisk {
  readonly name: string
  readonly sizeBytes: number
}

const COLUMNS: readonly ListColumn<PhysicalDisk>[] = [
  { id: 'name', header: 'Physical Hard Disk', width: 250, text: (row) => row.name },
  { id: 'size', header: 'Size', width: 110, align: 'end', text: (row) => sizeText(row.sizeBytes), sortValue: (row) => row.sizeBytes },
]

export function usePhysicalList(chosen: string, onChoose: (name: string) => void) {
  const [state, setState] = useState<ListViewState>(() => ({
    ...initialListViewState(COLUMNS, { columnId: 'name', direction: 'ascending' }),
    selectedIds: new Set([chosen]),
    focusedId: chosen,
  }))
  const onStateChange = (next: ListViewState): void => {
    setState(next)
    const [name] = next.selectedIds
    if (name !== undefined) onChoose(name)
  }
  return { columns: COLUMNS, state, onStateChange }
}
