/** The clipboard that the application and the test share. */
import type { ElectronApplication, Page } from '@playwright/test'

export interface SharedClipboard {
  writeText(text: string): Promise<void>
  /** Size of the picture on the clipboard, pixels; null when there is none. */
  pictureSize(): Promise<{ readonly width: number; readonly height: number } | null>
}

/** The clipboard of the browser, through one of its pages. Reading while it is being written fails. */
export function pageClipboard(page: Page): SharedClipboard {
  return {
    writeText: (text) => page.evaluate((given) => navigator.clipboard.writeText(given), text),
    pictureSize: () =>
      page.evaluate(async () => {
        const item = (await navigator.clipboard.read()).find(({ types }) => types.includes('image/png'))
        if (item === undefined) return null
        const { width, height } = await createImageBitmap(await item.getType('image/png'))
        return { width, height }
      }),
  }
}

/** The part of Electron 33's clipboard that the newer, asynchronous one lacks. */
interface OlderClipboard {
  readImage(): { isEmpty(): boolean; getSize(): { width: number; height: number } }
}

/** The computer's own, as Electron's main process reads it. */
export function electronClipboard(application: ElectronApplication): SharedClipboard {
  return {
    writeText: (text) => application.evaluate(async ({ clipboard }, given) => clipboard.writeText(given), text),
    pictureSize: () =>
      application.evaluate(async ({ clipboard, nativeImage }) => {
        const image = async () => {
          if ('readImage' in clipboard) return (clipboard as unknown as OlderClipboard).readImage()
          const item = (await clipboard.read()).find(({ types }) => types.includes('image/png'))
          const blob = await item?.getType('image/png')
          return blob === undefined ? nativeImage.createEmpty() : nativeImage.createFromBuffer(Buffer.from(await blob.arrayBuffer()))
        }
        const read = await image()
        return read.isEmpty() ? null : read.getSize()
      }),
  }
}
