/** Icons of computers, their actions and their hardware. All are our own drawings on a 16x16 grid. */
import type { ReactNode } from 'react'
import { arrowRight, disc, drive, folderShape, monitor, page, power, tower } from './parts.tsx'

const ink = 'var(--icon-ink)'
const paper = 'var(--icon-paper)'
const blue = 'var(--icon-blue)'
const blueLight = 'var(--icon-blue-light)'
const steel = 'var(--icon-steel)'
const steelLight = 'var(--icon-steel-light)'
const green = 'var(--icon-green)'
const red = 'var(--icon-red)'
const orange = 'var(--icon-orange)'
const yellow = 'var(--icon-yellow)'

const cross = <path d="M3.5 3.5l9 9m0-9l-9 9" stroke={red} strokeWidth={2.6} strokeLinecap="round" fill="none" />
const barAndTriangle = <path d="M2.5 3h2.6v10H2.5zM7 3v10l6.8-5z" fill={green} />
const greenTriangle = <path d="M4 2.8v10.4l9-5.2z" fill={green} />
const checkpointArrow = <path d="M8.5 7.5c2.6 0 3.3 1.4 3.3 3.6" fill="none" stroke={green} strokeWidth={1.6} />
const checkpointHead = <path d="M9.4 10.2h5l-2.5 3.6z" fill={green} />
const switchShape = (
  <>
    <path d="M8 6v3.5M3.5 11V9.5h9V11" fill="none" stroke={ink} />
    <rect x={5.5} y={1.5} width={5} height={4.5} fill={green} stroke={ink} />
    <rect x={1} y={10.5} width={5} height={4} fill={blueLight} stroke={blue} />
    <rect x={10} y={10.5} width={5} height={4} fill={blueLight} stroke={blue} />
  </>
)
const cylinder = (
  <>
    <path d="M2.5 4v8.2c0 1.3 2.5 2.3 5.5 2.3s5.5-1 5.5-2.3V4" fill={yellow} stroke="#b58a12" />
    <ellipse cx={8} cy={4} rx={5.5} ry={2.3} fill="#fbe08a" stroke="#b58a12" />
    <path d="M2.5 8c0 1.3 2.5 2.3 5.5 2.3s5.5-1 5.5-2.3" fill="none" stroke="#b58a12" />
  </>
)
const clockBadge = (colour: string, sign: ReactNode): ReactNode => (
  <>
    <circle cx={11.5} cy={11.5} r={3.9} fill={colour} stroke={paper} strokeWidth={0.8} />
    {sign}
  </>
)
const opticalDisc = (
  <>
    <circle cx={8} cy={8} r={6.5} fill={steelLight} stroke={steel} />
    <path d="M8 1.5a6.5 6.5 0 0 1 5.6 3.2L9.9 6.9z" fill={blueLight} />
    <circle cx={8} cy={8} r={2.1} fill={paper} stroke={steel} />
  </>
)
const floppyShape = (
  <>
    <path d="M1.5 1.5h11.3l1.7 1.7v11.3h-13z" fill={blue} stroke={ink} />
    <rect x={4.5} y={2} width={6.5} height={4} fill={steelLight} />
    <rect x={3.5} y={8.5} width={9} height={6} fill={paper} />
  </>
)
const roundArrow = (d: string): ReactNode => (
  <>
    <circle cx={8} cy={8} r={6.9} fill={paper} stroke={blue} />
    <path d={d} fill={blue} />
  </>
)
const paneToggle = (d: string): ReactNode => (
  <>
    <rect x={1.5} y={2.5} width={13} height={11} fill={paper} stroke={steel} />
    <path d="M2 3h12v2H2z" fill={blue} />
    <path d={d} fill={blueLight} />
  </>
)

export const machineIcons = {
  server: tower(4, 1, 'grey'),
  'vm-running': tower(4, 1, 'blue'),
  'vm-off': tower(4, 1, 'grey'),
  'vm-saved': (
    <>
      {tower(2, 1, 'grey')}
      {clockBadge(orange, <path d="M11.5 9.4v2.2" stroke="#fff" strokeWidth={1.3} />)}
    </>
  ),
  'vm-paused': (
    <>
      {tower(2, 1, 'blue')}
      {clockBadge(blue, <path d="M10.5 9.9v3.2m2-3.2v3.2" stroke="#fff" strokeWidth={1.1} />)}
    </>
  ),
  'vm-transition': (
    <>
      {tower(2, 1, 'blue')}
      {clockBadge(green, <path d="M10.4 9.6v3.8l3-1.9z" fill="#fff" />)}
    </>
  ),
  'vm-critical': (
    <>
      {tower(2, 1, 'grey')}
      {clockBadge(red, <path d="M10.2 10.2l2.6 2.6m0-2.6l-2.6 2.6" stroke="#fff" strokeWidth={1.2} />)}
    </>
  ),
  'hyper-v-manager': (
    <>
      {tower(0.5, 2.5, 'pale', 11.5)}
      {tower(7, 0.5, 'blue')}
    </>
  ),
  'server-error': (
    <>
      {tower(2, 1, 'grey')}
      {clockBadge(red, <path d="M10.2 10.2l2.6 2.6m0-2.6l-2.6 2.6" stroke="#fff" strokeWidth={1.2} />)}
    </>
  ),
  'server-busy': (
    <>
      {tower(2, 1, 'grey')}
      {clockBadge(blue, <path d="M11.5 9.4v2.2h1.7" stroke="#fff" fill="none" />)}
    </>
  ),
  'server-stopped': (
    <>
      {tower(2, 1, 'grey')}
      {clockBadge(steel, <rect x={10.1} y={10.1} width={2.8} height={2.8} fill="#fff" />)}
    </>
  ),
  cluster: (
    <>
      {tower(0, 2, 'grey', 11)}
      {tower(8, 2, 'blue', 11)}
    </>
  ),
  connect: (
    <>
      {monitor(0.5, 1.5)}
      {arrowRight(8, 11.5)}
    </>
  ),
  monitor: monitor(1, 1.5),
  settings: (
    <>
      {tower(0.5, 1, 'grey')}
      <g transform="translate(6 4) scale(.82)">{page(0, 0)}</g>
    </>
  ),
  'host-settings': (
    <>
      {page(2.5, 1, false)}
      <path d="M4.6 6l1 1 1.6-2M4.6 10l1 1 1.6-2" fill="none" stroke={green} strokeWidth={1.2} />
      <path d="M8.6 6.6h2.6M8.6 10.6h2.6" stroke={steel} />
    </>
  ),
  'turn-off': (
    <>
      {disc(steelLight, steel)}
      <rect x={5.2} y={5.2} width={5.6} height={5.6} fill="var(--text)" />
    </>
  ),
  'shut-down': power(red),
  save: power(orange),
  start: power(green),
  pause: <path d="M3.5 2.8h3.2v10.4H3.5zM9.3 2.8h3.2v10.4H9.3z" fill={blue} />,
  resume: barAndTriangle,
  reset: barAndTriangle,
  checkpoint: (
    <>
      {tower(1, 1, 'blue')}
      {checkpointArrow}
      {checkpointHead}
    </>
  ),
  'checkpoint-production': (
    <>
      {tower(1, 1, 'grey')}
      {checkpointArrow}
      {checkpointHead}
    </>
  ),
  now: barAndTriangle,
  revert: <path d="M7.2 2.2v2.6c4.4 0 6.8 2.2 6.8 6.9-1.3-2.4-3.2-3.3-6.8-3.3V11L2 6.6z" fill={green} />,
  move: (
    <>
      {tower(0.5, 1, 'blue')}
      {arrowRight(8.4, 10.5)}
    </>
  ),
  export: (
    <>
      <g transform="translate(0 0) scale(.85)">{page(0.5, 0.5, false)}</g>
      <g transform="translate(3 3) scale(.85)">{page(0, 0)}</g>
      {arrowRight(8.6, 11.5)}
    </>
  ),
  import: (
    <>
      {page(4, 1)}
      {arrowRight(0.5, 9.5)}
    </>
  ),
  delete: cross,
  remove: cross,
  rename: (
    <>
      <rect x={0.5} y={4.5} width={15} height={7} fill={paper} stroke={steel} />
      <path d="M8 2.5v11M6 2.5h4M6 13.5h4" stroke={ink} />
      <path d="M2.5 8h3" stroke={blue} strokeWidth={1.5} />
    </>
  ),
  new: (
    <>
      {page(2.5, 1, false)}
      <path d="M11.5 7.5v7M8 11h7" stroke={green} strokeWidth={2.2} />
    </>
  ),
  'quick-create': (
    <>
      {tower(1, 1, 'blue')}
      <path d="M11.5 5.5l1 2.7 2.7 1-2.7 1-1 2.7-1-2.7-2.7-1 2.7-1z" fill={yellow} stroke="#b58a12" strokeWidth={0.6} />
    </>
  ),
  disk: drive(4),
  'edit-disk': (
    <>
      {drive(5.5)}
      <path d="M7 8.5l.6-2.4 5.5-5.2 1.8 1.9-5.5 5.1z" fill={yellow} stroke="#7d5f08" strokeWidth={0.8} />
    </>
  ),
  'inspect-disk': (
    <>
      {drive(2)}
      <circle cx={9} cy={9} r={3.2} fill={paper} fillOpacity={0.8} stroke={ink} strokeWidth={1.2} />
      <path d="M11.4 11.4l3.3 3.3" stroke={ink} strokeWidth={2} />
    </>
  ),
  'disk-controller': (
    <>
      <rect x={1.5} y={2.5} width={13} height={8} fill={green} stroke="#1e5c28" />
      <rect x={4} y={4.5} width={4} height={4} fill={ink} />
      <path d="M10 5h3M10 7h3M3.5 10.5v3m2-3v3m2-3v3m2-3v3" stroke={yellow} strokeWidth={1.1} />
    </>
  ),
  switch: switchShape,
  network: switchShape,
  'network-adapter': (
    <>
      <rect x={2.5} y={3.5} width={12} height={8} fill={green} stroke="#1e5c28" />
      <rect x={5} y={5.5} width={4} height={4} fill={steelLight} stroke={ink} />
      <path d="M1 1.5v13M4.5 11.5v2m2-2v2m2-2v2m2-2v2" stroke={steel} strokeWidth={1.3} />
    </>
  ),
  san: cylinder,
  'stop-service': (
    <>
      {disc(steelLight, steel)}
      <rect x={5.2} y={5.2} width={5.6} height={5.6} fill="var(--text)" />
    </>
  ),
  'start-service': greenTriangle,
  refresh: (
    <>
      {disc(green)}
      <path d="M11.4 8.8A3.5 3.5 0 1 1 10.3 5.3" fill="none" stroke="#fff" strokeWidth={1.5} />
      <path d="M11.8 3.4v3.6H8.2z" fill="#fff" />
    </>
  ),
  help: (
    <>
      <rect x={1.5} y={1.5} width={13} height={13} rx={1.2} fill="#2563b8" stroke="#184a91" />
      <path d="M3.4 1.5v13" stroke="#79a8e6" />
      <path d="M6.6 6.2a2 2 0 1 1 3.1 1.7c-.8.5-1 .9-1 1.7" fill="none" stroke="#fff" strokeWidth={1.5} />
      <circle cx={8.7} cy={11.9} r={1} fill="#fff" />
    </>
  ),
  back: roundArrow('M3.6 8l4-3.6v2.5h4.6v2.2H7.6v2.5z'),
  forward: roundArrow('M12.4 8l-4-3.6v2.5H3.8v2.2h4.6v2.5z'),
  up: (
    <>
      {folderShape()}
      <path d="M8 5.5l3.5 4h-2.2v4.3H6.7V9.5H4.5z" fill={green} stroke={paper} strokeWidth={0.6} />
    </>
  ),
  'console-tree': paneToggle('M2.5 5.5h4v7.5h-4z'),
  'action-pane': paneToggle('M9.5 5.5h4v7.5h-4z'),
  columns: paneToggle('M2.5 5.5h3v7.5h-3zM6.5 5.5h3v7.5h-3z'),
  page: page(2.5, 1),
  'properties-page': page(2.5, 1),
  folder: folderShape(),
  'new-folder': (
    <>
      {folderShape()}
      <path d="M11.5 1v5.6M8.7 3.8h5.6" stroke={orange} strokeWidth={1.8} />
    </>
  ),
  computer: (
    <>
      {monitor(0, 2, 9, 7)}
      {tower(8, 1, 'grey')}
    </>
  ),
  'file-vhdx': (
    <>
      {page(1.5, 0, false)}
      <rect x={5.5} y={8.5} width={9.5} height={5.5} rx={0.8} fill={steelLight} stroke={steel} />
      <rect x={12} y={10.4} width={1.8} height={1.6} fill={green} />
    </>
  ),
  'file-iso': (
    <>
      {page(1.5, 0, false)}
      <circle cx={10.4} cy={10.6} r={4} fill={steelLight} stroke={steel} />
      <circle cx={10.4} cy={10.6} r={1.2} fill={paper} stroke={steel} />
    </>
  ),
  'file-floppy': (
    <>
      {page(1.5, 0, false)}
      <g transform="translate(6.5 6.5) scale(.55)">{floppyShape}</g>
    </>
  ),
  file: page(2.5, 1, false),
  dvd: opticalDisc,
  floppy: floppyShape,
  memory: (
    <>
      <rect x={0.5} y={4.5} width={15} height={6.5} fill={green} stroke="#1e5c28" />
      <path d="M2.5 6h2.6v3H2.5zM6.7 6h2.6v3H6.7zM10.9 6h2.6v3h-2.6z" fill="#222" />
      <path d="M2 11v2m2-2v2m2-2v2m2-2v2m2-2v2m2-2v2m2-2v2" stroke={yellow} strokeWidth={1.1} />
    </>
  ),
  processor: (
    <>
      <path d="M5 1v14M8 1v14M11 1v14M1 5h14M1 8h14M1 11h14" stroke={steel} />
      <rect x={3} y={3} width={10} height={10} fill={steelLight} stroke={ink} />
      <rect x={5.5} y={5.5} width={5} height={5} fill={blueLight} stroke={blue} />
    </>
  ),
  firmware: (
    <>
      <path d="M2 4.5h2m-2 3.5h2m-2 3.5h2m8-7h2m-2 3.5h2m-2 3.5h2" stroke={steel} strokeWidth={1.4} />
      <rect x={4} y={2} width={8} height={12} fill="#3c4650" stroke={ink} />
      <circle cx={6.3} cy={4.2} r={0.9} fill="#e8e8e8" />
    </>
  ),
  security: (
    <>
      <path
        d="M8 1.3c2 1.2 4 1.7 6 1.8 0 6.2-1.9 9.6-6 11.7-4.1-2.1-6-5.5-6-11.7 2-.1 4-.6 6-1.8z"
        fill={blue}
        stroke={ink}
        strokeWidth={0.8}
      />
      <path d="M8 1.3c2 1.2 4 1.7 6 1.8 0 6.2-1.9 9.6-6 11.7z" fill={yellow} />
    </>
  ),
  'add-hardware': (
    <>
      {monitor(0, 1, 11, 8)}
      <path d="M12 8v7M8.5 11.5h7" stroke={green} strokeWidth={2.2} />
    </>
  ),
  'com-port': (
    <>
      <path d="M1.5 4.5h13l-2 7h-9z" fill={steelLight} stroke={ink} />
      <path d="M4 7h1m1.6 0h1m1.6 0h1m1.3 0h.8M5.2 9.2h1m1.4 0h1m1.4 0h1" stroke={ink} strokeWidth={1.2} />
    </>
  ),
  gpu: (
    <>
      <rect x={1.5} y={3.5} width={13} height={7.5} fill={steelLight} stroke={ink} />
      <circle cx={6} cy={7.2} r={2.4} fill={paper} stroke={blue} />
      <path d="M10 5.5h3M10 7.5h3M3 11v2.5h6V11" stroke={ink} fill="none" />
    </>
  ),
  'integration-services': (
    <>
      {tower(1, 1, 'blue')}
      <path d="M9.5 13.8V9.5h1.3V7.7h2.4v1.8h1.3v4.3z" fill={orange} stroke="#8a5a07" strokeWidth={0.8} />
    </>
  ),
  'automatic-start': greenTriangle,
  'automatic-stop': (
    <>
      {disc(steelLight, steel)}
      <rect x={5.2} y={5.2} width={5.6} height={5.6} fill="var(--text)" />
    </>
  ),
  'paging-file': (
    <>
      {drive(6)}
      <path d="M8 .8v4.6M5.6 3.4L8 5.8l2.4-2.4" fill="none" stroke={blue} strokeWidth={1.6} />
    </>
  ),
  replication: (
    <>
      {tower(0, 2, 'blue', 11)}
      {tower(8, 2, 'pale', 11)}
      <path d="M5.5 8.5h3V7l2.8 2.3-2.8 2.3V10h-3z" fill={green} />
    </>
  ),
  migration: (
    <>
      {tower(0, 1, 'grey', 10)}
      {tower(8, 1, 'grey', 10)}
      {arrowRight(4.5, 12.5)}
    </>
  ),
  numa: (
    <>
      <rect x={1.5} y={1.5} width={5.5} height={5.5} fill={blueLight} stroke={blue} />
      <rect x={9} y={9} width={5.5} height={5.5} fill={blueLight} stroke={blue} />
      <path d="M7 4.5h4.5V9M4.5 7v4.5H9" fill="none" stroke={ink} />
    </>
  ),
  user: (
    <>
      <circle cx={8} cy={5} r={3.2} fill={steelLight} stroke={ink} />
      <path d="M1.8 14.5c.4-3.6 2.7-5.4 6.2-5.4s5.8 1.8 6.2 5.4z" fill={blueLight} stroke={blue} />
    </>
  ),
} as const satisfies Record<string, ReactNode>
