/** Where a console picture lies in its box. */

export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** How a picture fills its box: `contain` keeps its proportions and centres it, `exact` fills the box wholly. */
export type PictureFit = 'contain' | 'exact'

/** Place of a picture, in the unit of the box: pixel (px, py) of the picture lies at (x + px * scaleX, y + py * scaleY). */
export interface PicturePlace {
  readonly x: number
  readonly y: number
  readonly scaleX: number
  readonly scaleY: number
}

/** The place of a picture in a box; null when either has no area. */
export function placePicture(picture: PictureSize, box: PictureSize, fit: PictureFit): PicturePlace | null {
  if (picture.width <= 0 || picture.height <= 0 || box.width <= 0 || box.height <= 0) return null
  const scaleX = box.width / picture.width
  const scaleY = box.height / picture.height
  if (fit === 'exact') return { x: 0, y: 0, scaleX, scaleY }
  const scale = Math.min(scaleX, scaleY)
  return {
    x: Math.round((box.width - picture.width * scale) / 2),
    y: Math.round((box.height - picture.height * scale) / 2),
    scaleX: scale,
    scaleY: scale,
  }
}

export interface PictureBox extends PictureSize {
  readonly x: number
  readonly y: number
}

/** A rectangle of the picture in the box, its edges on whole pixels, so that neighbours touch without a seam; at least one pixel in each direction. */
export function placeBox(place: PicturePlace, box: PictureBox): PictureBox {
  const x = Math.round(place.x + box.x * place.scaleX)
  const y = Math.round(place.y + box.y * place.scaleY)
  const right = Math.round(place.x + (box.x + box.width) * place.scaleX)
  const bottom = Math.round(place.y + (box.y + box.height) * place.scaleY)
  return { x, y, width: Math.max(1, right - x), height: Math.max(1, bottom - y) }
}

/** Pixels of the screen for a length in CSS pixels; at least one. */
export function devicePixels(length: number, pixelRatio: number): number {
  return Math.max(1, Math.round(length * pixelRatio))
}
