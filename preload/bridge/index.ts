/**
 * The preload script: gives the page the desktop shell's abilities, verb by verb, and posts it the port to the engine. Nothing else.
 */
import { contextBridge, type IpcRendererEvent, ipcRenderer } from 'electron'
import { BRIDGE_NAME, type PortMessage, SHELL_CHANNELS, type ShellBridge, type VerbAnswer } from '../contract/shell-channels.ts'

ipcRenderer.on(SHELL_CHANNELS.port, (event: IpcRendererEvent, nonce: unknown) => {
  if (typeof nonce !== 'string') return
  window.postMessage({ type: SHELL_CHANNELS.port, nonce } satisfies PortMessage, window.location.origin, [...event.ports])
})

/** Asks the shell; a refusal rejects with its bare sentence. */
async function ask<T>(channel: string, ...words: readonly unknown[]): Promise<T> {
  const answer: VerbAnswer<T> = await ipcRenderer.invoke(channel, ...words)
  if (!answer.ok) throw new Error(answer.sentence)
  return answer.value
}

const bridge = {
  kind: 'electron',
  requestPort: (nonce) => ipcRenderer.send(SHELL_CHANNELS.requestPort, nonce),
  openConnection: (vmId) => ask(SHELL_CHANNELS.openConnection, vmId),
  closeWindow: () => ipcRenderer.send(SHELL_CHANNELS.closeWindow),
  setFullScreen: (on) => ask(SHELL_CHANNELS.setFullScreen, on),
  onFullScreenChange(listener) {
    const forward = (_event: IpcRendererEvent, on: unknown): void => listener(on === true)
    ipcRenderer.on(SHELL_CHANNELS.fullScreenChanged, forward)
    return () => void ipcRenderer.off(SHELL_CHANNELS.fullScreenChanged, forward)
  },
  setContentSize: (width, height) => ipcRenderer.send(SHELL_CHANNELS.setContentSize, width, height),
  copyImage: (pngDataUrl) => ask(SHELL_CHANNELS.copyImage, pngDataUrl),
  copyText: (text) => ask(SHELL_CHANNELS.copyText, text),
  readText: () => ask(SHELL_CHANNELS.readText),
} satisfies ShellBridge

contextBridge.exposeInMainWorld(BRIDGE_NAME, bridge)
