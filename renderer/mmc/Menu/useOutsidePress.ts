import { useEffect, useRef } from 'react'

/** Calls back when the user presses outside every open menu, or the window loses the focus or changes its size. */
export function useOutsidePress(active: boolean, onOutside: () => void): void {
  const callback = useRef(onOutside)
  useEffect(() => {
    callback.current = onOutside
  })
  useEffect(() => {
    if (!active) return
    const leave = (): void => callback.current()
    const press = (event: PointerEvent): void => {
      if (!(event.target instanceof Element) || event.target.closest('[data-menu-surface], [data-menu-owner]') === null) leave()
    }
    document.addEventListener('pointerdown', press, true)
    window.addEventListener('blur', leave)
    window.addEventListener('resize', leave)
    return () => {
      document.removeEventListener('pointerdown', press, true)
      window.removeEventListener('blur', leave)
      window.removeEventListener('resize', leave)
    }
  }, [active])
}
