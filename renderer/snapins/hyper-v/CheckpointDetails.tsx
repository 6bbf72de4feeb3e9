import { type ReactNode, useEffect, useState } from 'react'
import type { CheckpointView, Frame, HostView, VmView } from '../../../preload/contract/index.ts'
import { useClient, useLabState } from '../../client/lab-context.tsx'
import { type Detail, DetailsGrid } from '../../mmc/index.ts'
import { ConsolePicture } from '../../picture/index.ts'
import { formatDateTime, instantOf } from './formats.ts'
import classes from './HyperV.module.css'

export interface CheckpointDetailsProps {
  readonly host: HostView
  readonly vm: VmView
  readonly checkpoint: CheckpointView
}

/** Picture size of the thumbnail, CSS pixels; the same as the machine's. */
const THUMBNAIL = { width: 128, height: 96 }

/** The screen of the machine at the moment of the checkpoint; null while it is not there, and for one of a machine that was off. */
function useCheckpointPicture(checkpointId: string): Frame | null {
  const client = useClient()
  const [shown, setShown] = useState<{ readonly id: string; readonly frame: Frame | null } | null>(null)
  useEffect(() => {
    let current = true
    client.checkpoint.picture({ checkpointId }).then(
      ({ frame }) => current && setShown({ id: checkpointId, frame }),
      // Without a connection the page keeps what it has.
      () => undefined,
    )
    return () => {
      current = false
    }
  }, [client, checkpointId])
  return shown?.id === checkpointId ? shown.frame : null
}

/** What is known of the selected checkpoint (hyper-v-manager 7.1); it has no tabs. */
export function CheckpointDetails({ host, vm, checkpoint }: CheckpointDetailsProps): ReactNode {
  const frame = useCheckpointPicture(checkpoint.id)
  const startTimeMs = useLabState((state) => state.lab?.startTimeMs ?? 0)
  const rows: readonly Detail[] = [
    { id: 'created', label: 'Created:', value: formatDateTime(instantOf(startTimeMs, checkpoint.createdTick)) },
    { id: 'version', label: 'Configuration Version:', value: checkpoint.configurationVersion },
    ...(host.generationOffered ? [{ id: 'generation', label: 'Generation:', value: String(vm.generation) }] : []),
    { id: 'notes', label: 'Notes:', value: checkpoint.notes === '' ? 'None' : checkpoint.notes },
  ]
  return (
    <section className={classes.checkpointPage} aria-label={`Details of ${checkpoint.name}`}>
      <div className={classes.summary}>
        <div className={classes.thumbnail}>
          <ConsolePicture frame={frame} {...THUMBNAIL} label={`Screen at ${checkpoint.name}`} />
        </div>
        <DetailsGrid left={rows} right={[]} label="Summary" />
      </div>
    </section>
  )
}
