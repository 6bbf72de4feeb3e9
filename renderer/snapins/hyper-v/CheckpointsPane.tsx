import { type ReactNode, useMemo, useState } from 'react'
import type { VmDetail } from '../../../preload/contract/index.ts'
import { ConsoleTree, useStable } from '../../mmc/index.ts'
import { checkpointTree, parentIds } from './checkpointTree.ts'
import classes from './HyperV.module.css'
import { checkpointsTitle, noCheckpoints, TEXTS } from './texts.ts'

export interface CheckpointsPaneProps {
  readonly word: 'Checkpoint' | 'Snapshot'
  /** null = none or several machines are selected; undefined = the details are on their way. */
  readonly detail: VmDetail | null | undefined
  readonly onFocus: () => void
}

/** The tree of the selected machine's checkpoints. */
export function CheckpointsPane({ word, detail, onFocus }: CheckpointsPaneProps): ReactNode {
  if (detail === undefined) return null
  if (detail === null || detail.checkpoints.length === 0)
    return <p className={classes.placeholder}>{detail === null ? TEXTS.noneSelected : noCheckpoints(word)}</p>
  return <CheckpointTree key={detail.id} label={checkpointsTitle(word)} detail={detail} onFocus={onFocus} />
}

interface CheckpointTreeProps {
  readonly label: string
  readonly detail: VmDetail
  readonly onFocus: () => void
}

function CheckpointTree({ label, detail, onFocus }: CheckpointTreeProps): ReactNode {
  const { checkpoints, currentCheckpointId } = detail
  const nodes = useMemo(() => checkpointTree(checkpoints, currentCheckpointId), [checkpoints, currentCheckpointId])
  const [selectedId, setSelectedId] = useState<string | null>(null)
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const parents = useMemo(() => parentIds(nodes), [nodes])
  const expanded = useMemo(() => new Set(parents.filter((id) => !closed.has(id))), [parents, closed])
  const onExpandedChange = useStable((next: ReadonlySet<string>) => setClosed(new Set(parents.filter((id) => !next.has(id)))))
  return (
    <ConsoleTree
      label={label}
      nodes={nodes}
      selectedId={selectedId}
      onSelect={setSelectedId}
      expandedIds={expanded}
      onExpandedChange={onExpandedChange}
      onFocus={onFocus}
      rootExpanders
    />
  )
}
