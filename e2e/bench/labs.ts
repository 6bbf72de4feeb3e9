/** Lab folders of a wanted size for measurements. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleLab } from '../../db/samples/sample.ts'
import { openLab } from '../../main/files/lab-folder.ts'

const START_MS = Date.UTC(2026, 10, 23, 9, 41)

export interface MadeLab {
  readonly folder: string
  /** A running machine whose guest waits at a text console; null when there is none. */
  readonly textConsoleId: string | null
  remove(): void
}

/** A lab of so many machines, all running or in mixed states, closed and ready to be opened. */
export function makeLab(size: number, allRunning: boolean): MadeLab {
  const folder = mkdtempSync(join(tmpdir(), 'viridian-bench-'))
  const opened = openLab({
    folder,
    fresh: false,
    sqliteAddon: null,
    now: () => new Date(),
    log: () => undefined,
    createRows: () => sampleLab({ seed: 1, startTimeMs: START_MS, size, allRunning }),
  })
  if (!opened.ok) throw new Error(opened.sentence)
  const guests = [...(opened.lab.rows.guest ?? [])]
  const textConsoleId = guests.find((guest) => guest.phase === 'console-login' && guest.frozenAfter === null)?.id ?? null
  opened.lab.close()
  return { folder, textConsoleId, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
