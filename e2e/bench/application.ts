/** Figures of the whole application in the browser shell: start, reaction, processor time, memory, the list under load. */
import { setTimeout as wait } from 'node:timers/promises'
import { type Browser, chromium, type Page } from '@playwright/test'
import { endProcess, findChromium, type Host, startHost } from '../shells/browser.ts'
import { makeLab } from './labs.ts'
import { usageOfTree } from './processes.ts'
import { type Figure, figure, median, percentile } from './report.ts'

const SIZE = { width: 1280, height: 800 }
const START_BUDGETS: ReadonlyMap<number, number> = new Map([
  [10, 0.5],
  [1024, 0.7],
  [8000, 2],
])

async function launch(): Promise<Browser> {
  const found = await findChromium()
  if ('missing' in found) throw new Error(`no browser to measure with: ${found.missing}`)
  return chromium.launch({ ...found, args: ['--no-sandbox', '--font-render-hinting=none'] })
}

interface Session {
  readonly host: Host
  readonly page: Page
  /** From the start of the process to rows on the screen, less what an empty Node process and an empty page take, s. */
  readonly startSeconds: number
}

const ROWS = '[role="grid"][aria-label="Virtual Machines"] [role="row"][aria-selected]'

async function open(browser: Browser, folder: string): Promise<Session> {
  const context = await browser.newContext({ viewport: SIZE })
  const page = await context.newPage()
  // The browser's own way to a first page is not ours to answer for.
  const blank = performance.now()
  await page.goto('data:text/html,<p>x')
  const blankMs = performance.now() - blank
  const begin = performance.now()
  const host = await startHost(folder, ['--speed', '1'])
  await page.goto(host.address)
  await page.locator(ROWS).first().waitFor()
  return { host, page, startSeconds: Math.max(0, performance.now() - begin - blankMs - (await emptyNodeMs())) / 1000 }
}

let nodeMs: number | undefined

/** What Node takes to do nothing. */
async function emptyNodeMs(): Promise<number> {
  if (nodeMs !== undefined) return nodeMs
  const { spawnSync } = await import('node:child_process')
  const runs = Array.from({ length: 3 }, () => {
    const begin = performance.now()
    spawnSync(process.execPath, ['-e', '0'])
    return performance.now() - begin
  })
  nodeMs = median(runs)
  return nodeMs
}

async function close({ host, page }: Session): Promise<void> {
  await page.context().close()
  await endProcess(host.process, 'SIGTERM')
}

async function startFigure(browser: Browser, size: number, runs: number): Promise<Figure> {
  const lab = makeLab(size, false)
  const seconds: number[] = []
  for (let i = 0; i < runs; i++) {
    const session = await open(browser, lab.folder)
    seconds.push(session.startSeconds)
    await close(session)
  }
  lab.remove()
  return figure(
    `start to usable list, ${size.toLocaleString('en-US')} machines`,
    median(seconds),
    's',
    START_BUDGETS.get(size) ?? null,
    'at most',
    'beyond an empty Node and an empty page',
  )
}

/** Processor share and memory of the host process and the page's processes while the list is visible. */
async function loadFigures(browser: Browser, size: number, seconds: number): Promise<Figure[]> {
  const lab = makeLab(size, true)
  const session = await open(browser, lab.folder)
  await wait(3000)
  const host = session.host.process.pid ?? 0
  const pages = process.pid
  const before = { host: usageOfTree(host), all: usageOfTree(pages) }
  const own = process.cpuUsage()
  await wait(seconds * 1000)
  const used = process.cpuUsage(own)
  const after = { host: usageOfTree(host), all: usageOfTree(pages) }
  // The host and the browser are children of this process; this process's own part is taken out.
  const ownSeconds = (used.user + used.system) / 1_000_000
  const cpu = ((after.all.cpuSeconds - before.all.cpuSeconds - ownSeconds) / seconds) * 100
  const hostCpu = ((after.host.cpuSeconds - before.host.cpuSeconds) / seconds) * 100
  const memoryMb = after.all.memoryMb - process.memoryUsage().rss / 1024 ** 2
  const reaction = size === 1024 ? [await reactionFigure(session.page), ...(await echoFigures(session, lab.textConsoleId))] : []
  const list = size === 8000 ? await listFigures(session.page) : []
  await close(session)
  lab.remove()
  const name = `${size.toLocaleString('en-US')} running idle machines at 1x, list visible`
  const large = size === 8000
  return [
    figure(`${name}: processor`, cpu, '% of a core', large ? 15 : null, 'at most', 'host and browser'),
    figure(`${name}: engine process`, hostCpu, '% of a core', large ? null : 50, 'at most', 'host process alone'),
    figure(`${name}: memory`, memoryMb, 'MB', large ? 900 : null, 'at most', 'host and browser, proportional'),
    figure(`${name}: engine process memory`, after.host.memoryMb, 'MB', large ? null : 400, 'at most', 'host process alone'),
    ...reaction,
    ...list,
  ]
}

/** From pressing an action to its effect in the State column. */
async function reactionFigure(page: Page): Promise<Figure> {
  await page.locator(ROWS).first().click()
  const samples = await page.evaluate(async (rows) => {
    const times: number[] = []
    const actions = ['Pause', 'Resume']
    const press = (label: string): boolean => {
      const found = [...document.querySelectorAll<HTMLElement>('[role="button"],button,[role="menuitem"]')].find(
        (one) => one.textContent?.trim() === label,
      )
      found?.click()
      return found !== undefined
    }
    const stateOf = (): string => /(Pausing|Paused|Resuming|Running)/.exec(document.querySelector(rows)?.textContent ?? '')?.[0] ?? ''
    const settled = ['Running', 'Paused']
    for (let i = 0; i < 40; i++) {
      const wanted = actions[i % 2] ?? ''
      for (let tries = 0; tries < 200; tries++) {
        const ready = [...document.querySelectorAll<HTMLElement>('[role="button"],button')].some(
          (one) => one.textContent?.trim() === wanted,
        )
        if (ready && stateOf() === settled[i % 2]) break
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      const before = stateOf()
      const begin = performance.now()
      if (!press(wanted)) continue
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (stateOf() !== before) resolve()
          else requestAnimationFrame(look)
        }
        look()
      })
      times.push(performance.now() - begin)
    }
    return times
  }, ROWS)
  return figure(
    'command to visible change, 1,024 running, 95th percentile',
    percentile(samples, 95),
    'ms',
    50,
    'at most',
    `${samples.length} commands, to the next frame`,
  )
}

/** From a key pressed in a connection window to the character on the guest's screen. */
async function echoFigures(session: Session, vmId: string | null): Promise<Figure[]> {
  if (vmId === null) return []
  const page = await session.page.context().newPage()
  await page.goto(`${session.host.address}&window=connect&vm=${vmId}`)
  const screen = page.locator('[data-screen-text]')
  await page.getByRole('textbox', { name: /^Keyboard of/ }).focus()
  await screen.filter({ hasText: 'login:' }).waitFor({ state: 'attached' })
  const times: number[] = []
  for (let i = 0; i < 40; i++) {
    const letter = 'abcdefghij'.charAt(i % 10)
    await page.evaluate(() => {
      const text = document.querySelector('[data-screen-text]')
      const before = text?.textContent ?? ''
      const waiting = window as unknown as { echo?: Promise<number> }
      waiting.echo = new Promise((resolve) => {
        let begin = 0
        addEventListener('keydown', () => (begin = performance.now()), { once: true, capture: true })
        const look = (): void => {
          // The blinking cursor changes the screen as well; a letter makes the text longer.
          const now = document.querySelector('[data-screen-text]')?.textContent ?? ''
          if (begin > 0 && now.replace(/[_\s]/g, '').length > before.replace(/[_\s]/g, '').length) resolve(performance.now() - begin)
          else requestAnimationFrame(look)
        }
        look()
      })
    })
    await page.keyboard.press(letter)
    times.push(await page.evaluate(() => (window as unknown as { echo: Promise<number> }).echo))
  }
  await page.close()
  return [
    figure(
      'typing in a console to its echo, 95th percentile',
      percentile(times, 95),
      'ms',
      50,
      'at most',
      `${times.length} keys, to the next frame`,
    ),
  ]
}

/** Finding rows by the letters that their names begin with: the list of the product has no other filter. */
function findByTyping(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const grid = document.querySelector<HTMLElement>('[role="grid"][aria-label="Virtual Machines"]')
    const times: number[] = []
    grid?.focus()
    for (const name of ['VM07999', 'VM00500', 'VM04000', 'VM06500', 'VM01234']) {
      for (const key of name) {
        const begin = performance.now()
        ;(document.activeElement ?? grid)?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
        times.push(performance.now() - begin)
      }
      // The list takes the next letters as a new word after a second.
      await new Promise((resolve) => setTimeout(resolve, 1200))
    }
    return times
  })
}

/** Selecting, sorting, finding and scrolling in the list, measured in the page. */
async function listFigures(page: Page): Promise<Figure[]> {
  const sorts = await timed(page, '[role="columnheader"]', 12)
  const selects = await timed(page, ROWS, 12)
  const found = await findByTyping(page)
  const frames = await page.evaluate(async (rows) => {
    let scroller: HTMLElement | null = document.querySelector<HTMLElement>(rows)
    while (scroller && scroller.scrollHeight <= scroller.clientHeight + 1) scroller = scroller.parentElement
    const times: number[] = []
    let last = performance.now()
    for (let i = 0; i < 120; i++) {
      if (scroller) scroller.scrollTop += 180
      await new Promise((resolve) => requestAnimationFrame(resolve))
      const now = performance.now()
      times.push(now - last)
      last = now
    }
    return times.slice(5)
  }, ROWS)
  return [
    figure('sort 8,000 rows, 95th percentile', percentile(sorts, 95), 'ms', 50, 'at most', 'click to painted frame'),
    figure('select among 8,000 rows, 95th percentile', percentile(selects, 95), 'ms', 50, 'at most', 'click to painted frame'),
    figure(
      'find a row among 8,000 by typing, 95th percentile',
      percentile(found, 95),
      'ms',
      50,
      'at most',
      'each letter, to the drawn frame',
    ),
    figure(
      'scroll 8,000 rows, frame time, 95th percentile',
      percentile(frames, 95),
      'ms',
      17.5,
      'at most',
      '60 frames/s; software drawing',
    ),
  ]
}

/** Clicks the elements in turn and waits for the task after the next frame: by then the result has been drawn. */
function timed(page: Page, selector: string, count: number): Promise<number[]> {
  return page.evaluate(
    async ({ selector, count }) => {
      const times: number[] = []
      for (let i = 0; i < count; i++) {
        const elements = document.querySelectorAll<HTMLElement>(selector)
        const element = elements[i % Math.min(elements.length, 5)]
        if (element === undefined) continue
        const begin = performance.now()
        const pressed = { bubbles: true, button: 0 }
        for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) {
          element.dispatchEvent(type.startsWith('pointer') ? new PointerEvent(type, pressed) : new MouseEvent(type, pressed))
        }
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
        times.push(performance.now() - begin)
      }
      return times
    },
    { selector, count },
  )
}

export async function applicationFigures(quick: boolean): Promise<Figure[]> {
  const browser = await launch()
  try {
    const runs = quick ? 1 : 5
    const figures: Figure[] = []
    // The first start after a build compiles everything; its result is kept for the next ones.
    await startFigure(browser, 10, 1)
    for (const size of START_BUDGETS.keys()) figures.push(await startFigure(browser, size, runs))
    for (const size of [1024, 8000]) figures.push(...(await loadFigures(browser, size, quick ? 5 : 20)))
    return figures
  } finally {
    await browser.close()
  }
}
