/** Processor time and memory of a process and all that it started, from /proc; Linux only. */
import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks per second of /proc/PID/stat on every Linux that Node runs on (USER_HZ). */
const TICKS_PER_SECOND = 100

interface Process {
  readonly pid: number
  readonly parent: number
  readonly cpuSeconds: number
  readonly memoryMb: number
}

function processes(): Process[] {
  const found: Process[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      // Proportional set size: pages shared by several processes are counted once.
      const rollup = readFileSync(`/proc/${name}/smaps_rollup`, 'utf8')
      found.push({
        pid: Number(name),
        parent: Number(fields[1]),
        cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
        memoryMb: Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024,
      })
    } catch {
      // The process ended between the listing and the reading.
    }
  }
  return found
}

export interface Usage {
  readonly cpuSeconds: number
  readonly memoryMb: number
}

/** Sum over a process and its descendants. */
export function usageOfTree(root: number): Usage {
  const all = processes()
  const inside = new Set([root])
  for (let grew = true; grew; ) {
    grew = false
    for (const { pid, parent } of all) {
      if (inside.has(parent) && !inside.has(pid)) {
        inside.add(pid)
        grew = true
      }
    }
  }
  const members = all.filter(({ pid }) => inside.has(pid))
  return { cpuSeconds: sum(members.map((one) => one.cpuSeconds)), memoryMb: sum(members.map((one) => one.memoryMb)) }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
