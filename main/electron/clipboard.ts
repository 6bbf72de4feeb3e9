/**
 * The system's clipboard through Electron's main process. Electron 45 has the asynchronous interface of browsers; Electron 33, the oldest that is
 * supported, answers at once and has verbs of its own for pictures.
 */
import electron, { clipboard, type NativeImage, nativeImage } from 'electron'

/** The part of the older interface that the newer one lacks. */
interface OlderClipboard {
  writeImage(image: NativeImage): void
}

function isOlder(given: object): given is OlderClipboard {
  return 'writeImage' in given
}

/** Throws with a sentence when the bytes are no picture. */
export async function writeImage(png: Uint8Array<ArrayBuffer>): Promise<void> {
  const image = nativeImage.createFromBuffer(Buffer.from(png))
  if (image.isEmpty()) throw new Error('The picture cannot be read.')
  if (isOlder(clipboard)) return clipboard.writeImage(image)
  // A named import of a class that Electron 33 lacks would keep the whole program from starting.
  await clipboard.write([new electron.ClipboardItem({ 'image/png': new Blob([png], { type: 'image/png' }) })])
}

export async function writeText(text: string): Promise<void> {
  await clipboard.writeText(text)
}

/** The clipboard's text, no longer than `unitsMax` UTF-16 code units. */
export async function readText(unitsMax: number): Promise<string> {
  return (await clipboard.readText()).slice(0, unitsMax)
}
