import { type KeyboardEvent, type RefObject, useLayoutEffect, useState } from 'react'
import { nextStop } from './dialogModel.ts'

const candidates = 'a[href], button, input, select, textarea, [tabindex]'

/** The elements that Tab visits, in order; of a group of radio buttons only the checked one. */
export function tabStops(root: HTMLElement): readonly HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>(candidates)].filter((element) => {
    if (element.tabIndex < 0 || element.matches(':disabled') || element.closest('[inert]') !== null) return false
    if (element.offsetParent === null && getComputedStyle(element).position !== 'fixed') return false
    if (element instanceof HTMLInputElement && element.type === 'radio' && !element.checked && element.name !== '')
      return root.querySelector(`input[type="radio"][name="${CSS.escape(element.name)}"]:checked`) === null
    return true
  })
}

/** First focus, Tab within the window, and the way back when it goes. */
export function useDialogFocus(root: RefObject<HTMLElement | null>, mounted: boolean): (event: KeyboardEvent) => void {
  const [before] = useState(() => document.activeElement)
  useLayoutEffect(() => {
    const element = root.current
    if (!mounted || element === null) return
    if (!element.contains(document.activeElement)) {
      const wanted = element.querySelector<HTMLElement>('[data-autofocus], [autofocus]')
      const content = element.querySelector<HTMLElement>('[data-dialog-content]')
      const target = wanted ?? (content === null ? undefined : tabStops(content)[0]) ?? element
      target.focus()
      if (target instanceof HTMLInputElement && target.type === 'text') target.select()
    }
    return () => {
      // The page below becomes reachable in the same commit, but only after this cleanup.
      queueMicrotask(() => {
        if (
          before instanceof HTMLElement &&
          before.isConnected &&
          (document.activeElement === document.body || document.activeElement === null)
        )
          before.focus({ preventScroll: true })
      })
    }
  }, [mounted, before, root])
  return (event) => {
    const element = root.current
    if (event.key !== 'Tab' || event.altKey || event.ctrlKey || element === null) return
    const stops = tabStops(element)
    const active = document.activeElement
    const index = active instanceof HTMLElement ? stops.indexOf(active) : -1
    event.preventDefault()
    stops[nextStop(index, stops.length, event.shiftKey)]?.focus()
  }
}
