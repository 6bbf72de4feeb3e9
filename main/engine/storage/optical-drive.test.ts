import { describe, expect, it } from 'vitest'
import { type BlockRequestKind, senseOf } from './block-device.ts'
import { DiskStore } from './disk-store.ts'
import { OpticalDrive, type OpticalMedium, opticalRequestKind } from './optical-drive.ts'
import { addFile, MIB, testFiles } from './test-files.ts'

function image(): OpticalMedium {
  const files = testFiles()
  const file = addFile(files, 'setup.iso', 'iso', 700 * MIB)
  const queue = new DiskStore(files).volumeQueue(file)
  if (queue === undefined) throw new Error('no volume')
  return { kind: 'image', file, queue }
}

const disc = (content: 'data' | 'audio' | 'video'): OpticalMedium => ({
  kind: 'host-drive',
  letter: 'E',
  disc: { content, sizeBytes: 650 * MIB },
})

const sense = (drive: OpticalDrive, kind: BlockRequestKind, offsetBytes = 0, bytes = 2048): string => {
  const { status } = drive.submit({ kind, offsetBytes, bytes }, 0)
  const data = senseOf[status]
  return data === null ? status : `${status} ${data.key}/${data.code.toString(16)}/${data.qualifier.toString(16)}`
}

describe('virtual DVD drive', () => {
  it.each([
    ['S41 reading the image', image(), 'read', 'success'],
    ['S41 writing to it', image(), 'write', 'write-protected 7/27/0'],
    ['S41 burning it', image(), 'burn', 'command-refused 5/20/0'],
    ['S42 reading data from a drive of the host', disc('data'), 'read', 'success'],
    ['S42 burning in it', disc('data'), 'burn', 'command-refused 5/20/0'],
    ['S42 playing an audio CD', disc('audio'), 'play-audio', 'audio-refused 5/64/0'],
    ['S42 reading an audio CD as data', disc('audio'), 'read', 'audio-refused 5/64/0'],
    ['S42 a video disc', disc('video'), 'read', 'video-refused 5/6f/0'],
    ['an empty drive', null, 'read', 'media-missing 2/3a/0'],
    ['an empty drive of the host', { kind: 'host-drive', letter: 'E', disc: null }, 'read', 'media-missing 2/3a/0'],
  ] as const)('%s', (_what, medium, kind, expected) => {
    expect(sense(new OpticalDrive('dvd', medium), kind)).toBe(expected)
  })

  it('reads 2,048-byte sectors up to the end and no further', () => {
    const drive = new OpticalDrive('dvd', image())
    expect(sense(drive, 'read', 700 * MIB - 2048)).toBe('success')
    expect(sense(drive, 'read', 700 * MIB)).toBe('out-of-range 5/21/0')
    expect(sense(drive, 'read', 512, 2048)).toBe('misaligned 5/24/0')
  })

  it('tells the guest once of a new medium', () => {
    const drive = new OpticalDrive('dvd', null)
    drive.change(image())
    expect([sense(drive, 'read'), sense(drive, 'read')]).toEqual(['media-changed 6/28/0', 'success'])
    drive.change(null)
    expect(sense(drive, 'read')).toBe('media-missing 2/3a/0')
  })

  it('takes about 3 s for 64 MB from a disc and far less from an image', () => {
    const time = (medium: OpticalMedium): number => {
      const drive = new OpticalDrive('dvd', medium)
      let tick = 0
      for (let i = 0; i < 64; i++) tick = drive.submit({ kind: 'read', offsetBytes: i * MIB, bytes: MIB }, tick).doneTick
      return tick / 10_000_000
    }
    expect(time(disc('data'))).toBeCloseTo(3.03, 1)
    expect(time(image())).toBeLessThan(0.1)
  })

  it.each([
    [0x28, 'read'],
    [0x2a, 'write'],
    [0xa1, 'burn'],
    [0x5b, 'burn'],
    [0x45, 'play-audio'],
    [0xa4, 'read-video'],
    [0x00, null],
  ])('SCSI command %i asks for %s', (opcode, kind) => {
    expect(opticalRequestKind(opcode)).toBe(kind)
  })
})
