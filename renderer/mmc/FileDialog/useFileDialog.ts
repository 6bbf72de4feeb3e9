import { useEffect, useRef, useState } from 'react'
import { useStable } from '../useStable.ts'
import {
  type FileEntry,
  type FileFilter,
  type FileListing,
  fileName,
  nameProblem,
  parentPath,
  resolveTyped,
  withExtension,
} from './fileDialogModel.ts'

export interface FileDialogOptions {
  readonly mode: 'open' | 'folder' | 'save'
  readonly list: (path: string) => Promise<FileListing>
  readonly startPath: string
  readonly startName: string
  readonly filter: FileFilter | undefined
  readonly onChoose: (path: string) => void
}

export interface FileDialogController {
  /** Present folder; empty = the drives. */
  readonly path: string
  readonly entries: readonly FileEntry[]
  readonly name: string
  readonly error: string | null
  readonly loading: boolean
  readonly canGoUp: boolean
  readonly setName: (name: string) => void
  readonly go: (path: string) => void
  readonly up: () => void
  readonly accept: () => void
}

interface Place {
  readonly path: string
  readonly entries: readonly FileEntry[]
}

/** Behaviour of the file dialog over a file system that answers later. Only the newest question's answer counts. */
export function useFileDialog(options: FileDialogOptions): FileDialogController {
  const { mode, list, filter, startPath, onChoose } = options
  const [place, setPlace] = useState<Place>({ path: startPath, entries: [] })
  const [name, setName] = useState(options.startName)
  const [error, setError] = useState<string | null>(null)
  const [loading, setLoading] = useState(false)
  const question = useRef(0)
  /** The question that was open when the name was last typed. */
  const typedDuring = useRef<number | null>(null)

  const ask = async (path: string): Promise<FileListing | null> => {
    question.current += 1
    const mine = question.current
    setLoading(true)
    const answer = await list(path)
    if (mine !== question.current) return null
    setLoading(false)
    return answer
  }
  const go = useStable(async (path: string): Promise<void> => {
    const answer = await ask(path)
    if (answer === null) return
    if ('error' in answer) {
      setError(answer.error)
      return
    }
    setPlace(answer)
    setError(null)
    // Who types while a folder is still on its way keeps what was typed.
    if (mode !== 'save' && typedDuring.current !== question.current) setName('')
  })
  useEffect(() => {
    void go(startPath)
    return () => {
      question.current += 1
    }
  }, [go, startPath])

  const acceptFile = async (): Promise<void> => {
    const typed = resolveTyped(place.path, name)
    const asFolder = await ask(typed)
    if (asFolder === null) return
    if (!('error' in asFolder)) {
      setPlace(asFolder)
      setName('')
      setError(null)
      return
    }
    const folder = parentPath(typed) ?? ''
    const leaf = mode === 'save' ? withExtension(fileName(typed), filter) : fileName(typed)
    const problem = nameProblem(leaf)
    const answer = problem === null ? await ask(folder) : null
    if (problem !== null) setError(problem)
    else if (answer === null) return
    else if ('error' in answer) setError(answer.error)
    else {
      const found = answer.entries.find((entry) => entry.kind === 'file' && entry.name.toLowerCase() === leaf.toLowerCase())
      if (mode === 'open' && found === undefined) setError(`${leaf}\nFile not found.\nCheck the file name and try again.`)
      else onChoose(resolveTyped(answer.path, found?.name ?? leaf))
    }
  }
  const acceptFolder = async (): Promise<void> => {
    const typed = name.trim() === '' ? place.path : resolveTyped(place.path, name)
    if (typed === '') return
    const answer = await ask(typed)
    if (answer === null) return
    if ('error' in answer) setError(answer.error)
    else onChoose(answer.path)
  }
  const above = parentPath(place.path)
  return {
    ...place,
    name,
    error,
    loading,
    canGoUp: above !== null,
    setName: (text) => {
      typedDuring.current = loading ? question.current : null
      setName(text)
      setError(null)
    },
    go: (path) => void go(path),
    up: () => above !== null && void go(above),
    accept: () => void (mode === 'folder' ? acceptFolder() : name.trim() === '' ? undefined : acceptFile()),
  }
}
