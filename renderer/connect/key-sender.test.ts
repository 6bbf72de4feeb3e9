import { describe, expect, it } from 'vitest'
import { BATCH_TEXT_MAX, createKeySender, type KeyBatch, takeBatch } from './key-sender.ts'
import { CTRL_ALT_DELETE, type Stroke } from './keystrokes.ts'

const text = (value: string): Stroke => ({ kind: 'text', text: value })
const key = (code: string, ...modifiers: string[]): Stroke => ({ kind: 'key', modifiers, code })

function batchesOf(queue: readonly Stroke[]): KeyBatch[] {
  const batches: KeyBatch[] = []
  for (let left = queue; left.length > 0; ) {
    const { batch, rest } = takeBatch(left)
    batches.push(batch)
    left = rest
  }
  return batches
}

describe('takeBatch', () => {
  it('joins text and the keys after it, and ends before the next text', () => {
    expect(batchesOf([text('r'), text('oot'), key('Tab'), key('Enter'), text('secret'), key('Enter')])).toEqual([
      { text: 'root', keys: ['Tab', 'Enter'] },
      { text: 'secret', keys: ['Enter'] },
    ])
  })

  it('ends after a key with modifiers, because they hold to the end of a call', () => {
    expect(batchesOf([key('Escape'), CTRL_ALT_DELETE, key('KeyK'), key('Tab', 'ShiftLeft'), key('Tab')])).toEqual([
      { text: '', keys: ['Escape', 'ControlLeft', 'AltLeft', 'Delete'] },
      { text: '', keys: ['KeyK', 'ShiftLeft', 'Tab'] },
      { text: '', keys: ['Tab'] },
    ])
  })

  it('keeps the bounds of the contract and loses nothing', () => {
    const batches = batchesOf([text('x'.repeat(BATCH_TEXT_MAX - 1)), text('😀end'), ...Array.from({ length: 130 }, () => key('ArrowDown'))])
    expect(batches.map((batch) => batch.text.length)).toEqual([BATCH_TEXT_MAX - 1, 5, 0, 0])
    expect(batches.map((batch) => batch.keys.length)).toEqual([0, 64, 64, 2])
    expect(batches[1]?.text).toBe('😀end')
  })
})

describe('createKeySender', () => {
  function slowGuest() {
    const calls: KeyBatch[] = []
    const answers: ((taken: boolean) => void)[] = []
    const sender = createKeySender(async (batch) => {
      calls.push(batch)
      return new Promise<boolean>((resolve) => answers.push(resolve))
    })
    const answer = async (taken: boolean): Promise<void> => {
      answers.shift()?.(taken)
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
    }
    return { calls, sender, answer }
  }

  it('sends the first key at once, and the others together in their order when it is answered', async () => {
    const { calls, sender, answer } = slowGuest()
    for (const character of 'hello') sender.push(text(character))
    sender.push(key('Enter'))
    expect(calls).toEqual([{ text: 'h', keys: [] }])
    await answer(true)
    expect(calls).toEqual([
      { text: 'h', keys: [] },
      { text: 'ello', keys: ['Enter'] },
    ])
    await answer(true)
    expect(calls).toHaveLength(2)
    sender.push(text('x'))
    expect(calls[2]).toEqual({ text: 'x', keys: [] })
  })

  it('forgets what waits when the guest takes no keys, and goes on afterwards', async () => {
    const { calls, sender, answer } = slowGuest()
    sender.push(text('a'))
    sender.push(text('b'))
    await answer(false)
    expect(calls).toHaveLength(1)
    sender.push(text('c'))
    expect(calls[1]).toEqual({ text: 'c', keys: [] })
  })
})
