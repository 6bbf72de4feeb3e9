/** What a scenario sees of the application, whichever shell it runs in. */
import type { Page } from '@playwright/test'
import type { SharedClipboard } from './clipboard.ts'

export interface StartChoices {
  /** Folder of the lab; the caller removes it. */
  readonly folder: string
  /** Further words for the command line. */
  readonly words: readonly string[]
  /** Window size in CSS pixels. */
  readonly size: { readonly width: number; readonly height: number }
  readonly colorScheme: 'light' | 'dark'
  readonly forcedColors: 'active' | 'none'
}

export interface RunningShell {
  readonly kind: 'browser' | 'electron'
  /** The console window. */
  readonly page: Page
  /** Absent where pages may read the clipboard themselves. */
  readonly clipboard?: SharedClipboard
  /** Waits for the window that `open` brings up. */
  newWindow(open: () => Promise<void>): Promise<Page>
  /** A further page on the same lab: another tab in the browser; null where the shell has one console window only. */
  secondConsole(): Promise<Page | null>
  /** Ends the whole application at once, as a power cut would (SIGKILL). */
  kill(): Promise<void>
  /** Ends it as a user would. */
  close(): Promise<void>
  /** What the application wrote to standard error so far. */
  errors(): string
}
