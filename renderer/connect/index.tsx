/** The Virtual Machine Connection window. */
export { ConnectWindow, type ConnectWindowProps } from './ConnectWindow.tsx'
