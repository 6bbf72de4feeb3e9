/** Chains: finding parents, refusing wrong ones, reading through them. */
import { copyFileSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CHAIN_LENGTH_MAX, openChain } from './chain.ts'
import { MIB } from './image-file.ts'
import { createBlank, createDifferencing } from './operations/create.ts'
import { folderResolver, insideFolder } from './resolver.ts'
import { accepted, finished, refusedWith, seededRandom, temporaryFolder, testEnvironment } from './test-images.ts'
import { vhdChecksum } from './vhd/footer.ts'

let folder: ReturnType<typeof temporaryFolder>
const environment = testEnvironment()
beforeEach(() => {
  folder = temporaryFolder()
  mkdirSync(join(folder.path, 'lab'))
})
afterEach(() => folder.remove())

const at = (name: string) => join(folder.path, 'lab', name)
const resolve = (request: Parameters<ReturnType<typeof folderResolver>>[0]) =>
  folderResolver({
    root: join(folder.path, 'lab'),
    realPathOf: (path) => (path.startsWith('C:\\VHD\\') ? at(path.slice(7).replaceAll('\\', '/')) : null),
  })(request)
const chainOf = (name: string, writable = false) => openChain({ path: at(name), writable, environment, resolve })

async function base(name: string, format: 'vhd' | 'vhdx', size = 8 * MIB) {
  return await finished(createBlank({ path: at(name), format, type: 'dynamic', size, environment }))
}

async function child(name: string, parent: string, relative = `.\\${parent}`) {
  return await finished(
    createDifferencing({ path: at(name), parent: at(parent), parentPaths: { relative, absolute: `C:\\VHD\\${parent}` }, environment }),
  )
}

function write(name: string, offset: number, data: Buffer): void {
  const chain = accepted(chainOf(name, true))
  accepted(chain.write(offset, data))
  accepted(chain.close())
}

describe.each(['vhd', 'vhdx'] as const)('a chain of %s files', (format) => {
  it('reads the newest of each sector', async () => {
    const random = seededRandom(3)
    const model = Buffer.alloc(8 * MIB)
    await base('base', format)
    const names = ['base', 'one', 'two', 'three']
    for (const [index, name] of names.entries()) {
      if (index > 0) await child(name, names[index - 1] ?? '')
      for (let i = 0; i < 6; i++) {
        const data = Buffer.alloc(512 * (1 + random(40)), 16 * index + i)
        const offset = random((8 * MIB - data.length) / 512) * 512
        write(name, offset, data)
        data.copy(model, offset)
      }
    }
    const chain = accepted(chainOf('three'))
    const found = Buffer.alloc(8 * MIB)
    accepted(chain.read(0, found))
    expect(found.equals(model)).toBe(true)
    expect(chain.layers.map(({ type }) => type)).toEqual(['differencing', 'differencing', 'differencing', 'dynamic'])
    accepted(chain.close())
  })

  it('finds the parent by its relative path first, then by the absolute one', async () => {
    await base('base', format)
    mkdirSync(at('sub'))
    await child('sub/child', 'base', '..\\base')
    expect(chainOf('sub/child').ok).toBe(true)
    renameSync(at('sub/child'), at('moved'))
    expect(chainOf('moved').ok).toBe(true)
    renameSync(at('base'), at('hidden'))
    expect(chainOf('moved')).toMatchObject({ ok: false, refusal: { code: 'parent-not-found' } })
  })

  it('refuses a parent that is another disk', async () => {
    await base('base', format)
    await base('other', format)
    await child('child', 'base')
    renameSync(at('other'), at('base'))
    expect(refusedWith(chainOf('child'))).toBe('parent-id-mismatch')
  })

  it('refuses a chain that leads back to itself', async () => {
    await base('base', format)
    await child('one', 'base')
    await child('two', 'one')
    // The file in the place of the base has the base's identity, but is the chain's own end.
    copyFileSync(at('one'), at('base'))
    expect(['chain-cycle', 'parent-id-mismatch']).toContain(refusedWith(chainOf('two')))
  })

  it('does not leave the folder by links, dots or absolute paths', async () => {
    await base('base', format)
    await child('child', 'base')
    renameSync(at('base'), join(folder.path, 'outside'))
    symlinkSync(join(folder.path, 'outside'), at('base'))
    expect(refusedWith(chainOf('child'))).toBe('parent-not-found')
    await base('real', format)
    await child('dots', 'real', '..\\..\\..\\etc\\passwd')
    expect(accepted(chainOf('dots')).layers[1]?.path).toBe(at('real'))
    expect(refusedWith(insideFolder(join(folder.path, 'lab'), at('base')))).toBe('outside-folder')
    expect(refusedWith(insideFolder(join(folder.path, 'lab'), '/etc/passwd'))).toBe('outside-folder')
    expect(refusedWith(insideFolder(join(folder.path, 'lab'), join(folder.path, 'lab')))).toBe('outside-folder')
  })

  it('names the parent that is damaged', async () => {
    await base('base', format)
    await child('child', 'base')
    writeFileSync(at('base'), 'not a disk')
    expect(chainOf('child')).toMatchObject({
      ok: false,
      refusal: { code: 'parent-error', values: { detail: expect.stringContaining('base') } },
    })
  })
})

it('refuses to go round in a circle of files that accept each other', async () => {
  await base('a', 'vhd')
  await child('one', 'a')
  // A resolver that always answers the child, whose parent id was made its own.
  const data = readFileSync(at('one'))
  data.copy(data, 512 + 40, 68, 84)
  data.writeUInt32BE(vhdChecksum(data.subarray(512, 1536), 36), 512 + 36)
  writeFileSync(at('one'), data)
  expect(refusedWith(openChain({ path: at('one'), writable: false, environment, resolve: () => at('one') }))).toBe('chain-cycle')
})

it('opens fifty checkpoints and refuses a chain without end', async () => {
  await base('disk0', 'vhdx', 127 * 1024 * MIB)
  for (let i = 1; i <= 50; i++) await child(`disk${i}`, `disk${i - 1}`)
  const chain = accepted(chainOf('disk50'))
  expect(chain.layers).toHaveLength(51)
  accepted(chain.close())
  expect(CHAIN_LENGTH_MAX).toBe(128)
  for (let i = 51; i <= CHAIN_LENGTH_MAX; i++) await child(`disk${i}`, `disk${i - 1}`)
  expect(refusedWith(chainOf(`disk${CHAIN_LENGTH_MAX}`))).toBe('chain-too-deep')
  expect(chainOf(`disk${CHAIN_LENGTH_MAX - 1}`).ok).toBe(true)
})

it('breaks the children of a VHDX parent that was written to', async () => {
  await base('base', 'vhdx')
  await child('child', 'base')
  write('base', 0, Buffer.alloc(512, 1))
  expect(refusedWith(chainOf('child'))).toBe('parent-id-mismatch')
})
