/** Who has the keyboard: the guest or the window (hyper-v-manager 8.2, 8.4). */

export interface CaptureState {
  /** Keystrokes can reach the guest. */
  readonly interactive: boolean
  /** The picture has the focus. */
  readonly focused: boolean
  /** The user took the keyboard back; the picture does not take it again by itself. */
  readonly released: boolean
}

export type CaptureAction =
  | { readonly type: 'interactive'; readonly on: boolean }
  | { readonly type: 'focus' }
  | { readonly type: 'blur' }
  | { readonly type: 'release' }

export const NO_CAPTURE: CaptureState = { interactive: false, focused: false, released: false }

export function captureReducer(state: CaptureState, action: CaptureAction): CaptureState {
  switch (action.type) {
    case 'interactive':
      if (state.interactive === action.on) return state
      // A guest that comes up is given the keyboard; one that goes away leaves no wish behind.
      return { interactive: action.on, focused: action.on && state.focused, released: false }
    case 'focus':
      return state.focused ? state : { ...state, focused: true, released: false }
    case 'blur':
      return state.focused ? { ...state, focused: false } : state
    case 'release':
      return { ...state, focused: false, released: true }
  }
}

/** Keys go to the guest. */
export function isCaptured(state: CaptureState): boolean {
  return state.interactive && state.focused
}

/** The picture should take the focus when nothing else in the window has it. */
export function wantsKeyboard(state: CaptureState): boolean {
  return state.interactive && !state.focused && !state.released
}
