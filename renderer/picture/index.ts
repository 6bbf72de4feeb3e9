/** Console pictures: drawn in connection windows and as thumbnails. */
export { ConsolePicture, type ConsolePictureProps } from './ConsolePicture.tsx'
export type { PictureFit, PicturePlace, PictureSize } from './geometry.ts'
export { framePng, frameText } from './paint.ts'
