import { expect, it } from 'vitest'
import { openCommand } from './open-browser.ts'

const ADDRESS = 'http://127.0.0.1:8017/?token=abc&x=1'

it.each([
  ['linux', 'xdg-open'],
  ['freebsd', 'xdg-open'],
  ['darwin', 'open'],
  ['win32', 'rundll32'],
])('on %s hands the address to %s as one word, without a command interpreter', (platform, command) => {
  const found = openCommand(platform, ADDRESS)
  expect(found.command).toBe(command)
  expect(found.words.at(-1)).toBe(ADDRESS)
})
