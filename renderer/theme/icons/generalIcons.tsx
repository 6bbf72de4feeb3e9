/** Icons of input, messages, time and direction. All are our own drawings on a 16x16 grid. */
import type { ReactNode } from 'react'
import { monitor, page } from './parts.tsx'

const ink = 'var(--icon-ink)'
const paper = 'var(--icon-paper)'
const blue = 'var(--icon-blue)'
const steelLight = 'var(--icon-steel-light)'
const green = 'var(--icon-green)'
const red = 'var(--icon-red)'
const yellow = 'var(--icon-yellow)'

const warningShape = (
  <>
    <path d="M8 1.6l6.9 12.3H1.1z" fill={yellow} stroke="#b58a12" strokeLinejoin="round" />
    <path d="M8 5.6v4.4" stroke="#000" strokeWidth={1.6} />
    <circle cx={8} cy={11.9} r={0.95} fill="#000" />
  </>
)
const errorShape = (
  <>
    <circle cx={8} cy={8} r={6.9} fill={red} />
    <path d="M5.3 5.3l5.4 5.4m0-5.4l-5.4 5.4" stroke="#fff" strokeWidth={1.8} strokeLinecap="round" />
  </>
)
const infoShape = (
  <>
    <circle cx={8} cy={8} r={6.9} fill="#1a72c9" />
    <path d="M8 7.2v4.6" stroke="#fff" strokeWidth={1.9} />
    <circle cx={8} cy={4.7} r={1.15} fill="#fff" />
  </>
)
const questionShape = (
  <>
    <circle cx={8} cy={8} r={6.9} fill="#1a72c9" />
    <path d="M5.9 6.2a2.1 2.1 0 1 1 3.2 1.8c-.8.5-1.1.9-1.1 1.7" fill="none" stroke="#fff" strokeWidth={1.5} />
    <circle cx={8} cy={11.8} r={1} fill="#fff" />
  </>
)
const keyboardShape = (
  <>
    <rect x={0.5} y={4.5} width={15} height={8} rx={1} fill={steelLight} stroke={ink} />
    <path d="M2.5 6.8h2m1 0h2m1 0h2m1 0h2M2.5 8.6h2m1 0h2m1 0h2m1 0h2M4.5 10.6h7" stroke={ink} strokeWidth={1.1} />
  </>
)
const mouseShape = (
  <>
    <rect x={4.5} y={2} width={7} height={12} rx={3.4} fill={steelLight} stroke={ink} />
    <path d="M8 2v5M4.5 7h7" stroke={ink} />
  </>
)
const padlockShape = (
  <>
    <path d="M5 7V4.7a3 3 0 0 1 6 0V7" fill="none" stroke={ink} strokeWidth={1.5} />
    <rect x={3.2} y={7} width={9.6} height={7.5} rx={1} fill={yellow} stroke="#b58a12" />
    <path d="M8 9.5v2.6" stroke="#5d4705" strokeWidth={1.6} />
  </>
)
const chevron = (d: string): ReactNode => <path d={d} fill="none" stroke="currentColor" strokeWidth={1.6} />
export const generalIcons = {
  keyboard: keyboardShape,
  'keyboard-captured': (
    <>
      {keyboardShape}
      <path d="M9 10.6l2 2.2 4-5" fill="none" stroke={green} strokeWidth={2} />
    </>
  ),
  mouse: mouseShape,
  'mouse-captured': (
    <>
      {mouseShape}
      <path d="M8.5 11.2l2 2.2 4-5" fill="none" stroke={green} strokeWidth={2} />
    </>
  ),
  padlock: padlockShape,
  'ctrl-alt-del': (
    <>
      <rect x={0.5} y={3.5} width={15} height={9} rx={1} fill={steelLight} stroke={ink} />
      <path d="M2.5 6h3v4h-3zM6.6 6h3v4h-3zM10.7 6h3v4h-3z" fill={paper} stroke={ink} strokeWidth={0.8} />
    </>
  ),
  'enhanced-session': (
    <>
      {monitor(3, 0.5, 11, 7)}
      {monitor(0, 3.5, 10, 7)}
      <path d="M12.5 9v6M9.5 12h6" stroke={green} strokeWidth={2} />
    </>
  ),
  'basic-session': monitor(1, 1.5),
  share: (
    <>
      <path d="M11.5 3.5L4.5 8l7 4.5" fill="none" stroke={ink} strokeWidth={1.3} />
      <circle cx={12} cy={3.5} r={2.3} fill={blue} />
      <circle cx={4} cy={8} r={2.3} fill={blue} />
      <circle cx={12} cy={12.5} r={2.3} fill={blue} />
    </>
  ),
  info: infoShape,
  question: questionShape,
  warning: warningShape,
  error: errorShape,
  ok: (
    <>
      <circle cx={8} cy={8} r={6.9} fill={green} />
      <path d="M4.6 8.2l2.4 2.5 4.4-5.2" fill="none" stroke="#fff" strokeWidth={1.9} />
    </>
  ),
  clock: (
    <>
      <circle cx={8} cy={8} r={6.5} fill={paper} stroke={ink} />
      <path d="M8 4v4.3l2.8 1.6" fill="none" stroke={blue} strokeWidth={1.4} />
    </>
  ),
  chart: (
    <>
      <path d="M1.5 1v13.5H15" fill="none" stroke={ink} />
      <path d="M3 11.5l3-4 2.5 2 5-6.5" fill="none" stroke={green} strokeWidth={1.5} />
    </>
  ),
  event: (
    <>
      {page(1, 1)}
      <g transform="translate(7.5 7.5) scale(.52)">{warningShape}</g>
    </>
  ),
  search: (
    <>
      <circle cx={6.5} cy={6.5} r={4.4} fill={paper} stroke={ink} strokeWidth={1.4} />
      <path d="M9.8 9.8l4.7 4.7" stroke={ink} strokeWidth={2.2} />
    </>
  ),
  lab: (
    <>
      <path d="M6 1.5h4M6.8 1.8v4.4L2.4 13a1 1 0 0 0 .9 1.5h9.4a1 1 0 0 0 .9-1.5L9.2 6.2V1.8" fill={paper} stroke={ink} />
      <path d="M4.4 10.5h7.2l1.5 2.9H2.9z" fill={blue} />
    </>
  ),
  step: <path d="M3 2.8v10.4l6-5.2zM10.5 2.8h2.5v10.4h-2.5z" fill={blue} />,
  speed: <path d="M1.5 2.8v10.4l6-5.2zM8 2.8v10.4l6-5.2z" fill={blue} />,
  'full-screen': (
    <>
      <rect x={1.5} y={2.5} width={13} height={11} fill={paper} stroke={ink} />
      <path d="M9.5 4.5h3v3M6.5 11.5h-3v-3M12.5 4.5l-3.5 3.5M3.5 11.5L7 8" fill="none" stroke={blue} strokeWidth={1.3} />
    </>
  ),
  check: <path d="M3 8.2l3.4 3.4L13 4.5" fill="none" stroke="currentColor" strokeWidth={1.6} />,
  close: <path d="M3.5 3.5l9 9m0-9l-9 9" stroke="currentColor" fill="none" />,
  'chevron-up': chevron('M3.5 10.2L8 5.8l4.5 4.4'),
  'chevron-down': chevron('M3.5 5.8L8 10.2l4.5-4.4'),
  'chevron-left': chevron('M10.2 3.5L5.8 8l4.4 4.5'),
  'chevron-right': chevron('M5.8 3.5L10.2 8l-4.4 4.5'),
  'triangle-up': <path d="M3.8 11h8.4L8 5.2z" fill="currentColor" />,
  'triangle-down': <path d="M3.8 5.2h8.4L8 11z" fill="currentColor" />,
  'triangle-left': <path d="M11 2.8v10.4L3.8 8z" fill="currentColor" />,
  'triangle-right': <path d="M5 3.4v9.2L12 8z" fill="currentColor" />,
  'tree-expanded': <path d="M12.5 4v8.5H4z" fill="currentColor" />,
  'tree-collapsed': <path d="M6 3.8v8.4L10.6 8z" fill="none" stroke="currentColor" />,
} as const satisfies Record<string, ReactNode>
