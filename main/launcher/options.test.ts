import { describe, expect, it } from 'vitest'
import { defaultDataFolder, electronWords, HELP, parseInstant, parseOptions, SAMPLE_SIZE_MAX, SEED_MAX } from './options.ts'

const NONE = {
  data: null,
  browser: false,
  port: null,
  open: true,
  speed: null,
  seed: null,
  startTimeMs: null,
  fresh: false,
  test: false,
  sampleSize: null,
}

const parse = (line: string) => parseOptions(line === '' ? [] : line.split(' '))

describe('parseOptions', () => {
  it('takes no options', () => {
    expect(parse('')).toEqual({ kind: 'options', options: NONE })
  })

  it('takes every option, with the value behind it or after an equals sign', () => {
    const all = {
      data: '/lab',
      browser: true,
      port: 0,
      open: false,
      speed: 'max',
      seed: SEED_MAX,
      startTimeMs: Date.UTC(2024, 2, 4, 8),
      fresh: true,
      test: true,
      sampleSize: SAMPLE_SIZE_MAX,
    }
    const line = `--data /lab --browser --port 0 --no-open --speed max --seed ${SEED_MAX} --start-time 2024-03-04T08:00:00Z --fresh --test --sample-size ${SAMPLE_SIZE_MAX}`
    expect(parse(line)).toEqual({ kind: 'options', options: all })
    expect(parse(line.replace(/ (?!--)/g, '='))).toEqual({ kind: 'options', options: all })
  })

  it.each([
    ['paused', 0],
    ['1', 1],
    ['10', 10],
    ['60', 60],
    ['max', 'max'],
  ])('takes speed %s', (text, speed) => {
    expect(parse(`--speed ${text}`)).toEqual({ kind: 'options', options: { ...NONE, speed } })
  })

  it.each([
    ['--bogus', 'Unknown option "--bogus"; --help lists what there is.'],
    ['-x', 'Unknown option "-x"; --help lists what there is.'],
    ['lab', 'Unknown argument "lab"; --help lists what there is.'],
    ['--', 'Unknown option "--"; --help lists what there is.'],
    ['--data', '--data needs a value.'],
    ['--data=', '--data needs a value.'],
    ['--data --fresh', '--data needs a value.'],
    ['--fresh=yes', '--fresh takes no value.'],
    ['--seed 1 --seed 2', '--seed is given more than once.'],
    ['--port 65536', '--port takes a whole number from 0 to 65535, not "65536".'],
    ['--port -1', '--port takes a whole number from 0 to 65535, not "-1".'],
    ['--port 80a', '--port takes a whole number from 0 to 65535, not "80a".'],
    ['--port 1e3', '--port takes a whole number from 0 to 65535, not "1e3".'],
    ['--seed 4294967296', '--seed takes a whole number from 0 to 4294967295, not "4294967296".'],
    ['--seed 1.5', '--seed takes a whole number from 0 to 4294967295, not "1.5".'],
    ['--sample-size 20001', '--sample-size takes a whole number from 0 to 20000, not "20001".'],
    ['--speed 2', '--speed takes one of paused, 1, 10, 60, max, not "2".'],
    ['--data \0', '--data takes the path of a folder, and no path has a null character.'],
    [
      '--start-time yesterday',
      '--start-time takes a date of the years 1980 to 2199 such as 2024-03-04 or 2024-03-04T08:00:00Z, not "yesterday".',
    ],
  ])('refuses %j with one sentence', (line, sentence) => {
    expect(parse(line)).toEqual({ kind: 'refused', sentence })
  })

  it('answers --help before anything that comes after it', () => {
    expect(parse('--help --bogus')).toEqual({ kind: 'help' })
    expect(parse('--fresh -h')).toEqual({ kind: 'help' })
  })

  it('lists every option for users in the help, and none for tests', () => {
    for (const name of ['data', 'browser', 'port', 'no-open', 'speed', 'seed', 'start-time', 'fresh', 'help']) {
      expect(HELP).toContain(`--${name} `)
    }
    expect(HELP).not.toMatch(/--test|--sample-size/)
  })
})

describe('parseInstant', () => {
  it.each([
    ['2024-03-04', Date.UTC(2024, 2, 4)],
    ['2024-03-04T08:30', Date.UTC(2024, 2, 4, 8, 30)],
    ['2024-03-04T08:30:15.25', Date.UTC(2024, 2, 4, 8, 30, 15, 250)],
    ['2024-03-04T08:30:00+02:00', Date.UTC(2024, 2, 4, 6, 30)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
  ])('reads %s', (text, instant) => {
    expect(parseInstant(text)).toBe(instant)
  })

  it.each([
    '',
    '2023-02-29',
    '2024-02-30',
    '2024-13-01',
    '2024-3-4',
    '2024-03-04 08:00',
    '2024-03-04T25:00',
    '2024-03-04T24:00',
    '2024-03-04T08:00+25:00',
    '1979-12-31',
    '2200-01-01',
    '04.03.2024',
  ])('refuses %j', (text) => {
    expect(parseInstant(text)).toBeNull()
  })
})

describe('electronWords', () => {
  it('takes what follows the folder of an unpackaged application', () => {
    expect(electronWords(['/e/electron', '--no-sandbox', '/work', '--data', '/lab', '--test'], false)).toEqual(['--data', '/lab', '--test'])
    expect(electronWords(['/e/electron', '--no-sandbox'], false)).toEqual([])
  })

  it('takes what follows a packaged program, without the switches of its runtime', () => {
    expect(electronWords(['/opt/viridian', '--no-sandbox', '--fresh', '--remote-debugging-port=0'], true)).toEqual(['--fresh'])
    expect(electronWords(['/opt/viridian', '-psn_0_1'], true)).toEqual([])
  })

  it('hands on what is unknown, so that it is refused by name', () => {
    expect(electronWords(['/e/electron', '/work', '--bogus'], false)).toEqual(['--bogus'])
  })
})

describe('defaultDataFolder', () => {
  it.each([
    ['linux', {}, '/home/ada/.local/share/Viridian'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/Viridian'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '/home/ada/.local/share/Viridian'],
    ['darwin', {}, '/home/ada/Library/Application Support/Viridian'],
  ])('on %s with %j', (platform, environment, folder) => {
    expect(defaultDataFolder(platform, '/home/ada', environment)).toBe(folder)
  })

  it('on Windows', () => {
    expect(defaultDataFolder('win32', 'C:\\Users\\ada', {})).toBe('C:\\Users\\ada\\AppData\\Roaming\\Viridian')
    expect(defaultDataFolder('win32', 'C:\\Users\\ada', { APPDATA: 'D:\\Roaming' })).toBe('D:\\Roaming\\Viridian')
  })
})
