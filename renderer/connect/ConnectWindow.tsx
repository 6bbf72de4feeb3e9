import { type ComponentType, type MouseEvent, type ReactNode, Suspense, useCallback, useEffect, useRef, useState } from 'react'
import type { VmCommand } from '../../preload/contract/index.ts'
import { useLab, usePreference } from '../client/lab-context.tsx'
import { MenuBar, type MessageBoxOptions, runShortcut, Toolbar, useDialogHost, useStable } from '../mmc/index.ts'
import { errorBox, useVmActions } from '../vm-actions/index.ts'
import { ConnectionBar } from './ConnectionBar.tsx'
import { ConnectStatusBar } from './ConnectStatusBar.tsx'
import classes from './connect.module.css'
import { GuestScreen } from './GuestScreen.tsx'
import { CTRL_ALT_DELETE } from './keystrokes.ts'
import { type ConnectMenuHandlers, type ConnectMenuState, connectMenus, connectToolbar, shortcutEntries } from './menus.ts'
import { useCheckpointDialog } from './useCheckpointDialog.tsx'
import { useClipboard } from './useClipboard.ts'
import { useConnectSource } from './useConnectSource.ts'
import { useFullScreen } from './useFullScreen.ts'
import { useGuestKeyboard } from './useGuestKeyboard.ts'
import {
  captionOf,
  FIRST_PICTURE,
  fitScreen,
  type MessagePage,
  pageOf,
  phaseOf,
  statusOf,
  windowSize,
  type ZoomLevel,
} from './view-model.ts'

export interface ConnectWindowProps {
  readonly vmId: string
  /** The settings sheet, which belongs to the console's snap-in. */
  readonly Settings: ComponentType<{ readonly vmId: string; readonly onClose: () => void }>
}

const TOOLBAR_PREFERENCE = 'connect.toolbar'
const HIDDEN = 'hidden'

/** The Virtual Machine Connection window (hyper-v-manager 8). Needs a `DialogHost` around it. */
export function ConnectWindow({ vmId, Settings }: ConnectWindowProps): ReactNode {
  const { shell, connection } = useLab()
  const { stack, showMessage } = useDialogHost()
  const window = useRef<HTMLDivElement>(null)
  const source = useConnectSource(vmId)
  const { vm, lastName: name, lastHostName, host } = source
  const connected = phaseOf(source) === 'connected'
  const message = connected ? source.console : undefined
  // What a saved machine showed is kept for its thumbnail; here the page that offers to start it stands alone.
  const frame = message === undefined || message.offerStart ? null : message.frame
  const interactive = message?.interactive ?? false
  const refuseFullScreen = useCallback(
    (reason: unknown) =>
      void showMessage(
        errorBox('The window cannot fill the screen.', reason instanceof Error ? reason.message : String(reason), 'connection'),
      ),
    [showMessage],
  )
  const [fullScreen, setFullScreen] = useFullScreen(shell, refuseFullScreen)
  const view = useView()
  const keyboard = useGuestKeyboard({ vmId, interactive, frame: window, onFullScreen: () => setFullScreen(!fullScreen) })
  const clipboard = useClipboard(shell, keyboard.send)
  const [settingsOpen, setSettingsOpen] = useState(false)
  const word = host?.checkpointWord ?? 'Checkpoint'
  const actions = useVmActions({ place: 'connection', word })
  const checkpoint = useCheckpointDialog(word)

  const state: ConnectMenuState = {
    vm,
    connected,
    interactive,
    picture: frame !== null,
    toolbar: view.toolbar,
    zoom: view.zoom,
    word,
  }
  const acting = useRef(false)
  // A second click comes too early to know that the first has changed the state.
  const act = (action: VmCommand): void => {
    if (vm === undefined || acting.current) return
    acting.current = true
    // A checkpoint is given its name first.
    void (action === 'checkpoint' ? checkpoint.begin(vm) : actions.run(action, [vm])).finally(() => {
      acting.current = false
    })
  }
  const handlers: ConnectMenuHandlers = {
    act,
    ctrlAltDelete: () => {
      keyboard.send(CTRL_ALT_DELETE)
      keyboard.take()
    },
    typeClipboard: clipboard.typeText,
    captureScreen: () => frame !== null && clipboard.captureScreen(frame),
    fullScreen: () => setFullScreen(!fullScreen),
    toggleToolbar: view.toggleToolbar,
    setZoom: view.setZoom,
    settings: () => setSettingsOpen(true),
    about: () => void showMessage(aboutBox(host?.toolsVersion ?? '')),
    exit: shell.closeWindow,
  }
  const menus = connectMenus(state, handlers)
  useEffect(() => shell.setTitle(captionOf(name, lastHostName)), [shell, name, lastHostName])
  usePictureSize(frame, message !== undefined && !fullScreen, view)
  useWindowShortcuts((event) => stack.length === 0 && runShortcut(event, shortcutEntries(menus)))

  const onButton = (button: MessagePage['buttons'][number]): void => {
    if (button === 'start') act('start')
    else if (button === 'connect') connection.retry()
    else shell.closeWindow()
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a press on a tool leaves the keyboard where it is; the tools answer for themselves
    <div ref={window} className={classes.window} tabIndex={-1} onMouseDown={keepFocus}>
      {fullScreen ? (
        <ConnectionBar
          name={name}
          onRestore={() => {
            setFullScreen(false)
            keyboard.take()
          }}
          onClose={shell.closeWindow}
        />
      ) : (
        <header>
          <MenuBar menus={menus} />
          {view.toolbar && phaseOf(source) !== 'deleted' && (
            <Toolbar entries={connectToolbar(state, handlers)} className={classes.toolbar} />
          )}
        </header>
      )}
      <GuestScreen
        name={name}
        frame={frame}
        page={pageOf(source)}
        zoom={view.zoom}
        interactive={interactive}
        keyboard={keyboard}
        onButton={onButton}
      />
      {checkpoint.dialog}
      {!fullScreen && (
        <ConnectStatusBar status={statusOf(source)} captured={keyboard.captured} interactive={interactive} connected={frame !== null} />
      )}
      {settingsOpen && (
        <Suspense fallback={null}>
          <Settings vmId={vmId} onClose={() => setSettingsOpen(false)} />
        </Suspense>
      )}
    </div>
  )
}

/** A press of the mouse on a tool does not take the focus from the picture, as in the product. */
function keepFocus(event: MouseEvent): void {
  if (event.target instanceof Element && event.target.closest('[role="toolbar"]') !== null) event.preventDefault()
}

/** Choices of the View menu. The toolbar's is remembered for all connection windows, the zoom level belongs to this one. */
function useView() {
  const [zoom, setZoom] = useState<ZoomLevel>(100)
  const [toolbarText, setToolbarText] = usePreference(TOOLBAR_PREFERENCE)
  const toolbar = toolbarText !== HIDDEN
  return {
    zoom,
    toolbar,
    setZoom,
    toggleToolbar: () => setToolbarText(toolbar ? HIDDEN : null),
  }
}

/** Keeps the window as large as its picture needs. A machine that goes off leaves the size as it was. */
function usePictureSize(
  frame: { readonly width: number; readonly height: number } | null,
  active: boolean,
  { zoom, toolbar }: Pick<ReturnType<typeof useView>, 'zoom' | 'toolbar'>,
): void {
  const { shell } = useLab()
  const [picture, setPicture] = useState<{ readonly width: number; readonly height: number }>(FIRST_PICTURE)
  if (frame !== null && (frame.width !== picture.width || frame.height !== picture.height)) {
    setPicture({ width: frame.width, height: frame.height })
  }
  const { width, height } = windowSize(picture, zoom, toolbar)
  useEffect(() => {
    if (!active) return
    const { screen, outerWidth, outerHeight, innerWidth, innerHeight } = globalThis.window
    const room = { width: screen.availWidth, height: screen.availHeight }
    const size = fitScreen({ width, height }, room, { width: outerWidth - innerWidth, height: outerHeight - innerHeight })
    shell.setContentSize(size.width, size.height)
  }, [shell, active, width, height])
}

/** Shortcuts of the menus, for keys that nothing in the window has taken. The picture lets none through while it has the keyboard. */
function useWindowShortcuts(run: (event: KeyboardEvent) => boolean): void {
  const handle = useStable(run)
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (!event.defaultPrevented && !event.repeat && handle(event)) event.preventDefault()
    }
    globalThis.window.addEventListener('keydown', onKeyDown)
    return () => globalThis.window.removeEventListener('keydown', onKeyDown)
  }, [handle])
}

function aboutBox(version: string): MessageBoxOptions<'ok'> {
  return {
    title: 'About Virtual Machine Connection',
    icon: 'info',
    headline: 'Virtual Machine Connection',
    body: [
      version === '' ? '' : `Version ${version}`,
      'Part of Viridian, which imitates the connection window on top of a simulated hypervisor. Not made or endorsed by Microsoft.',
    ]
      .filter((text) => text !== '')
      .join('\n\n'),
    buttons: [{ id: 'ok', label: 'OK' }],
    defaultButton: 'ok',
  }
}
