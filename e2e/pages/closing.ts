/** Windows that close themselves. */
import type { Page } from '@playwright/test'

/** Does what closes the window, and waits until it is gone. The last click may not live to hear that it was one. */
export async function closesBy(page: Page, act: () => Promise<void>): Promise<void> {
  const closed = page.waitForEvent('close')
  await act().catch((error: unknown) => {
    if (!page.isClosed()) throw error
  })
  await closed
}
