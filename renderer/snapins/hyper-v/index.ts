/** The Hyper-V Manager snap-in. */
export type { ConsoleContext, SnapInContribution } from './contribution.ts'
export { formatDateTime, instantOf } from './formats.ts'
export { LiveValuesProvider } from './liveValues.tsx'
export { useHyperV } from './useHyperV.tsx'
