import { describe, expect, it } from 'vitest'
import type { HostView } from '../../../../preload/contract/index.ts'
import { type Draft, diskFolderOf, diskNameOf, initialDraft, installOf, newVmOf, summaryRows } from './draft.ts'

const HOST: HostView = {
  id: 'host',
  name: 'HV01',
  productName: 'Windows Server 2022 Datacenter',
  toolsVersion: '10.0.20348.1',
  serviceState: 'running',
  checkpointWord: 'Checkpoint',
  generationOffered: true,
  defaultGeneration: 1,
  defaultMemoryMb: 1024,
  memoryMinimumMb: 32,
  availableMemoryMb: 8192,
  memoryMb: 16384,
  logicalProcessors: 8,
  virtualMachinePath: 'C:\\ProgramData\\Microsoft\\Windows\\Hyper-V',
  virtualDiskPath: 'D:\\Disks',
  diskExtension: 'vhdx',
  diskSizeMaximumGb: 65_536,
  defaultDiskSizeGb: 127,
  opticalDrives: ['E:'],
}

function draft(part: Partial<Draft> = {}): Draft {
  return { ...initialDraft(HOST), ...part }
}

describe('the disk of the draft', () => {
  it.each([
    ['follows the name', draft({ name: 'web01' }), 'web01.vhdx'],
    ['leaves out what no file name may have', draft({ name: 'a<b>:c' }), 'abc.vhdx'],
    ['falls back for a name of forbidden characters only', draft({ name: '???' }), 'New Virtual Machine.vhdx'],
    ["keeps the user's own", draft({ name: 'web01', diskName: 'system' }), 'system'],
  ])('name %s', (_, given, expected) => {
    expect(diskNameOf(given)).toBe(expected)
  })

  it.each([
    ["is the host's", draft(), 'D:\\Disks'],
    [
      "lies below the machine's own folder",
      draft({ elsewhere: true, location: 'D:\\VMs\\', name: 'web01' }),
      'D:\\VMs\\web01\\Virtual Hard Disks\\',
    ],
    ["is the user's", draft({ diskFolder: 'D:\\X', elsewhere: true }), 'D:\\X'],
  ])('folder %s', (_, given, expected) => {
    expect(diskFolderOf(given)).toBe(expected)
  })
})

describe('installation options', () => {
  it.each([
    ['nothing without a new disk', draft({ disk: 'existing', install: 'image' }), 'later'],
    ['no floppy on generation 2', draft({ generation: 2, install: 'floppy' }), 'later'],
    ['no network installation without a network', draft({ install: 'network' }), 'later'],
    ['network installation with a network', draft({ install: 'network', switchId: 's' }), 'network'],
  ])('%s', (_, given, expected) => {
    expect(installOf(given)).toBe(expected)
  })
})

describe('the command and the summary', () => {
  it('say the same', () => {
    const given = draft({ name: ' web01 ', memoryMb: 2048, generation: 2, switchId: 's', install: 'image', imagePath: 'C:\\ISO\\x.iso' })
    expect(newVmOf(given)).toEqual({
      hostId: 'host',
      name: 'web01',
      location: null,
      generation: 2,
      startupMemoryMb: 2048,
      dynamicMemory: false,
      switchId: 's',
      disk: { kind: 'new', name: 'web01.vhdx', folder: 'D:\\Disks', sizeGb: 127 },
      install: { kind: 'image', path: 'C:\\ISO\\x.iso' },
    })
    expect(summaryRows(given, 'External LAN').map((row) => `${row.label} ${row.value}`)).toEqual([
      'Name: web01',
      'Generation: Generation 2',
      'Memory: 2048 MB',
      'Network: External LAN',
      'Hard Disk: D:\\Disks\\web01.vhdx (VHDX, dynamically expanding)',
      'Operating System: Will be installed from C:\\ISO\\x.iso',
    ])
  })

  it('have no generation on a host that does not know any', () => {
    const host = { ...HOST, generationOffered: false }
    expect(summaryRows({ ...draft(), host, disk: 'later' }, null).map((row) => row.label)).toEqual([
      'Name:',
      'Memory:',
      'Network:',
      'Hard Disk:',
    ])
  })
})
