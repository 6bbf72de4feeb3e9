import { type KeyboardEvent, type ReactNode, type Ref, useMemo, useState } from 'react'
import type { VmDetail } from '../../../preload/contract/index.ts'
import { ConsoleTree, type ConsoleTreeHandle, type MenuEntry, type RenameAnswer, useStable } from '../../mmc/index.ts'
import { checkpointTree, parentIds } from './checkpointTree.ts'
import classes from './HyperV.module.css'
import { checkpointsTitle, noCheckpoints, TEXTS } from './texts.ts'

export interface CheckpointsPaneProps {
  readonly word: 'Checkpoint' | 'Snapshot'
  /** null = none or several machines are selected; undefined = the details are on their way. */
  readonly detail: VmDetail | null | undefined
  readonly selectedId: string | null
  readonly onSelect: (id: string) => void
  readonly menuFor: (id: string) => readonly MenuEntry[]
  /** Names may be changed now. */
  readonly renamable: boolean
  readonly onRename: (id: string, name: string) => RenameAnswer
  /** Keys that the tree has no use for; true = taken. */
  readonly onKey: (event: KeyboardEvent) => boolean
  readonly onFocus: () => void
  readonly ref: Ref<ConsoleTreeHandle>
}

/** The tree of the selected machine's checkpoints. */
export function CheckpointsPane({ detail, ...rest }: CheckpointsPaneProps): ReactNode {
  if (detail === undefined) return null
  if (detail === null || detail.checkpoints.length === 0)
    return <p className={classes.placeholder}>{detail === null ? TEXTS.noneSelected : noCheckpoints(rest.word)}</p>
  return <CheckpointTree key={detail.id} detail={detail} {...rest} />
}

type CheckpointTreeProps = Omit<CheckpointsPaneProps, 'detail'> & { readonly detail: VmDetail }

function CheckpointTree({ word, detail, selectedId, onSelect, menuFor, renamable, onRename, onKey, onFocus, ref }: CheckpointTreeProps) {
  const { checkpoints, currentCheckpointId } = detail
  const nodes = useMemo(() => checkpointTree(checkpoints, currentCheckpointId, renamable), [checkpoints, currentCheckpointId, renamable])
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const parents = useMemo(() => parentIds(nodes), [nodes])
  const expanded = useMemo(() => new Set(parents.filter((id) => !closed.has(id))), [parents, closed])
  const onExpandedChange = useStable((next: ReadonlySet<string>) => setClosed(new Set(parents.filter((id) => !next.has(id)))))
  return (
    <ConsoleTree
      ref={ref}
      label={checkpointsTitle(word)}
      nodes={nodes}
      selectedId={selectedId}
      onSelect={onSelect}
      expandedIds={expanded}
      onExpandedChange={onExpandedChange}
      menuFor={menuFor}
      onRename={onRename}
      onKeyDown={(event) => {
        if (!onKey(event)) return
        event.preventDefault()
        event.stopPropagation()
      }}
      onFocus={onFocus}
      rootExpanders
    />
  )
}
