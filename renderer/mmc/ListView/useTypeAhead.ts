import { useRef } from 'react'

const pauseMs = 1000

/** Collects typed characters into a search text; a pause of one second starts anew. */
export function useTypeAhead(): (character: string) => string {
  const state = useRef({ text: '', at: 0 })
  return (character) => {
    const now = performance.now()
    const text = now - state.current.at > pauseMs ? character : state.current.text + character
    state.current = { text, at: now }
    return text
  }
}
