/**
 * What only the shell around a page can do. The Electron preload and the browser page each provide one object of this type; everything else
 * goes through the contract's procedures.
 */

/** The shell's end of the way to the engine: whole frames, in order. */
export interface FramePipe {
  send(frame: string): void
  onFrame(listener: (frame: string) => void): void
  /** Called once; the pipe is dead afterwards. The reason is a sentence for the user. */
  onClose(listener: (reason: string) => void): void
  close(): void
}

export interface ShellAbilities {
  readonly kind: 'electron' | 'browser'
  /** Opens a way to the engine thread; rejects with a sentence when it cannot be had. */
  connect(): Promise<FramePipe>
  /** Opens, or brings to the front, the connection window of a virtual machine. */
  openConnection(vmId: string): Promise<void>
  setTitle(title: string): void
  closeWindow(): void
  /** Fills the screen with this window, or gives the screen back. */
  setFullScreen(on: boolean): Promise<void>
  onFullScreenChange(listener: (on: boolean) => void): () => void
  /** Resizes a connection window so that its client area has this size, CSS pixels; ignored where the shell does not allow it. */
  setContentSize(width: number, height: number): void
  copyImage(pngDataUrl: string): Promise<void>
  copyText(text: string): Promise<void>
  readText(): Promise<string>
}

/** Query parameters that say what a window shows: none = the console, `?window=connect&vm=ID` = a connection window. */
export const WINDOW_PARAMETER = 'window'
export const VM_PARAMETER = 'vm'
