import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Frame } from '../../preload/contract/index.ts'
import { devicePixels, type PictureFit, placePicture } from './geometry.ts'
import { paintFrame, themeFonts } from './paint.ts'

export interface ConsolePictureProps {
  /** What the machine shows; null is black. */
  readonly frame: Frame | null
  /** Width of the box, CSS pixels. */
  readonly width: number
  /** Height of the box, CSS pixels. */
  readonly height: number
  /** Accessible name. */
  readonly label: string
  /** How the picture fills the box. Default `contain`. */
  readonly fit?: PictureFit
}

/** A console picture on a canvas, in the screen's own pixels. Redraws when the picture's version or the size changes, not with each message. */
export function ConsolePicture({ frame, width, height, label, fit = 'contain' }: ConsolePictureProps): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null)
  const shown = useSameVersion(frame)
  const pixelRatio = usePixelRatio()
  const fontTurn = useFontTurn()
  // biome-ignore lint/correctness/useExhaustiveDependencies: fonts that have arrived are drawn with anew
  useLayoutEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d', { alpha: false })
    if (element === null || context === null || context === undefined) return
    const box = { width: devicePixels(width, pixelRatio), height: devicePixels(height, pixelRatio) }
    if (element.width !== box.width) element.width = box.width
    if (element.height !== box.height) element.height = box.height
    paintFrame(context, shown, shown === null ? null : placePicture(shown, box, fit), themeFonts(element))
  }, [shown, width, height, fit, pixelRatio, fontTurn])
  return (
    <canvas ref={canvas} role="img" aria-label={label} style={{ display: 'block', width, height }} data-version={shown?.version ?? ''} />
  )
}

/** The frame, the same object as long as its version is the same. */
function useSameVersion(frame: Frame | null): Frame | null {
  const [shown, setShown] = useState(frame)
  if (shown?.version === frame?.version) return shown
  setShown(frame)
  return frame
}

/** Screen pixels per CSS pixel; changes with the browser's zoom and from screen to screen. */
function usePixelRatio(): number {
  const [ratio, setRatio] = useState(window.devicePixelRatio)
  useEffect(() => {
    const query = window.matchMedia(`(resolution: ${ratio}dppx)`)
    const renew = (): void => setRatio(window.devicePixelRatio)
    query.addEventListener('change', renew)
    return () => query.removeEventListener('change', renew)
  }, [ratio])
  return ratio
}

/** Grows whenever fonts have been loaded. */
function useFontTurn(): number {
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    const renew = (): void => setTurn((before) => before + 1)
    document.fonts.addEventListener('loadingdone', renew)
    return () => document.fonts.removeEventListener('loadingdone', renew)
  }, [])
  return turn
}
