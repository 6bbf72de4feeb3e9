/** Shapes that several icons share, drawn on the 16x16 grid with the colours of `tokens.css`. */
import type { ReactNode } from 'react'

const ink = 'var(--icon-ink)'
const paper = 'var(--icon-paper)'

/** Outline and fill of a tower computer. `tone` is the colour of its case. */
export function tower(x: number, y: number, tone: 'blue' | 'grey' | 'pale', height = 13): ReactNode {
  const line = tone === 'grey' ? 'var(--icon-ink)' : 'var(--icon-blue)'
  const fill = tone === 'blue' ? 'var(--icon-blue-light)' : tone === 'grey' ? 'var(--icon-steel-light)' : 'var(--icon-paper)'
  return (
    <>
      <rect x={x + 0.5} y={y + 0.5} width={7} height={height} rx={1} fill={fill} stroke={line} />
      <rect x={x + 2} y={y + 2.2} width={4} height={1.3} fill={tone === 'grey' ? ink : paper} />
      <rect x={x + 2} y={y + 4.8} width={4} height={1.3} fill={tone === 'grey' ? ink : paper} />
      <rect x={x + 4.6} y={y + height - 2.4} width={1.4} height={1.4} fill="var(--icon-green)" />
    </>
  )
}

/** A sheet of paper with a folded corner and text lines. */
export function page(x: number, y: number, lines = true): ReactNode {
  return (
    <>
      <path d={`M${x + 0.5} ${y + 0.5}h6.5l3 3v9.5h-9.5z`} fill={paper} stroke="var(--icon-steel)" />
      <path d={`M${x + 7} ${y + 0.5}v3h3`} fill="none" stroke="var(--icon-steel)" />
      {lines && (
        <path d={`M${x + 2.5} ${y + 5.5}h5.5M${x + 2.5} ${y + 7.5}h5.5M${x + 2.5} ${y + 9.5}h5.5`} stroke="var(--icon-blue)" fill="none" />
      )}
    </>
  )
}

/** A disk drive lying flat, with its lamp. */
export function drive(y: number): ReactNode {
  return (
    <>
      <path d={`M3.5 ${y}h9l2 2.5h-13z`} fill={paper} stroke="var(--icon-steel)" />
      <rect x={1.5} y={y + 2.5} width={13} height={4.5} rx={0.8} fill="var(--icon-steel-light)" stroke="var(--icon-steel)" />
      <rect x={11} y={y + 4} width={2} height={1.6} fill="var(--icon-green)" />
      <path d={`M3.5 ${y + 4.8}h5`} stroke="var(--icon-steel)" />
    </>
  )
}

/** A screen on a foot. */
export function monitor(x: number, y: number, width = 13, height = 9): ReactNode {
  const centre = x + width / 2
  return (
    <>
      <rect x={x + 0.5} y={y + 0.5} width={width} height={height} rx={0.8} fill="var(--icon-blue-light)" stroke="var(--icon-blue)" />
      <path d={`M${centre + 0.5} ${y + height + 0.5}v2M${centre - 2.5} ${y + height + 3}h6`} stroke="var(--icon-ink)" fill="none" />
    </>
  )
}

/** An arrow pointing right whose shaft begins at (x, y), 7 wide and 6 high. */
export function arrowRight(x: number, y: number, colour = 'var(--icon-green)'): ReactNode {
  return <path d={`M${x} ${y - 1}h3v-2.2l4 3.2-4 3.2v-2.2h-3z`} fill={colour} />
}

/** The power symbol: a ring open at the top with a bar. */
export function power(colour: string): ReactNode {
  return (
    <>
      <path d="M5 3.9a5.4 5.4 0 1 0 6 0" fill="none" stroke={colour} strokeWidth={1.9} strokeLinecap="round" />
      <path d="M8 1.4v6" stroke={colour} strokeWidth={2} strokeLinecap="round" />
    </>
  )
}

/** A filled circle with a border, ground of round buttons. */
export function disc(fill: string, stroke = fill): ReactNode {
  return <circle cx={8} cy={8} r={6.7} fill={fill} stroke={stroke} />
}

/** A folder. */
export function folderShape(): ReactNode {
  return (
    <>
      <path d="M1.5 12.8v-9.3h4.6l1.4 1.6h6v1.5" fill="var(--icon-yellow)" stroke="#b58a12" />
      <path d="M1.5 13.3l1.8-6.7h11.6l-1.8 6.7z" fill="#fbe08a" stroke="#b58a12" />
    </>
  )
}
