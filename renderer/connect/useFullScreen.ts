import { useCallback, useEffect, useState } from 'react'
import type { ShellAbilities } from '../../preload/contract/index.ts'

/** Whether the window fills the screen, and a way to change it; `onRefused` is told why the shell did not. */
export function useFullScreen(
  shell: Pick<ShellAbilities, 'setFullScreen' | 'onFullScreenChange'>,
  onRefused: (reason: unknown) => void,
): readonly [boolean, (on: boolean) => void] {
  const [on, setOn] = useState(false)
  useEffect(() => shell.onFullScreenChange(setOn), [shell])
  const change = useCallback((next: boolean) => void shell.setFullScreen(next).catch(onRefused), [shell, onRefused])
  return [on, change]
}
