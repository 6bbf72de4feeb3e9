/** Shapes of what device pairs save: the rows of both ends of each protocol. */
import { either, fields, flag, hex, list, number, one, optional, type Shape, shapeFault, text, tuple, whatever } from './saved-shape.ts'
import type { DeviceKind } from './stack-types.ts'

const endRows = fields({
  stopped: flag,
  tags: list(tuple(number, number)),
  waiting: list(
    fields({
      tag: number,
      type: number,
      flags: number,
      transactionId: number,
      payloadBytes: number,
      payload: hex,
      extension: fields({ kind: text }),
    }),
  ),
  counts: fields({ sent: number, received: number, delayed: number }),
})
const ends = list(tuple(number, endRows))
const area = list(tuple(number, hex))
const dueRows = (item: Shape): Shape => fields({ nextSequence: number, entries: list(fields({ due: number, sequence: number, item })) })

const storageVersion = optional(one(0x0200, 0x0402, 0x0501, 0x0600, 0x0602))
const storagePacket = fields({ operation: number, flags: number, status: number, packetBytes: one(64, 48), body: fields({ kind: text }) })
const outcome = fields({ status: number, srbStatus: number, scsiStatus: number, bytes: number, sense: optional(hex) })
const pendingIo = fields({ channel: number, transactionId: number, request: storagePacket, outcome })
const foundUnit = fields({
  lun: number,
  type: one('disk', 'dvd'),
  vendor: text,
  product: text,
  revision: text,
  sizeBytes: number,
  blockBytes: one(512, 2048, 4096),
  serial: text,
})
const scan = fields({ steps: list(fields({ command: text, lun: number })), found: list(foundUnit), known: list(number) })
const storageState = either(
  fields({ name: one('closed', 'begin', 'properties', 'hbaData', 'end', 'subChannels', 'ready') }),
  fields({ name: one('version'), at: number }),
  fields({ name: one('scanning'), scan }),
  fields({ name: one('failed'), reason: text }),
)
const storage = fields({
  host: fields({
    version: number,
    state: one('closed', 'opened', 'begun', 'versioned', 'queried', 'ready'),
    protocol: storageVersion,
    units: list(
      fields({
        lun: number,
        type: one('disk', 'dvd'),
        sizeBytes: number,
        blockBytes: one(512, 2048, 4096),
        physicalBlockBytes: number,
        diskId: text,
        readOnly: flag,
        unmap: flag,
      }),
    ),
    attentions: list(tuple(number, fields({ key: number, asc: number, ascq: number }))),
    locked: list(number),
    pending: dueRows(pendingIo),
    lost: list(pendingIo),
    resets: list(fields({ channel: number, transactionId: number, request: storagePacket })),
    ends,
    stopped: flag,
  }),
  guest: fields({
    version: number,
    state: storageState,
    protocol: storageVersion,
    units: list(foundUnit),
    subChannels: number,
    maxTransferBytes: number,
    nextId: number,
    rescanWanted: flag,
    inFlight: list(
      tuple(
        number,
        fields({
          request: optional(fields({ lun: number, operation: one('read', 'write', 'flush', 'unmap'), offset: number, bytes: number })),
          channel: number,
          operation: number,
          since: number,
        }),
      ),
    ),
    ends,
  }),
  memory: area,
})

const nvspVersion = optional(one(0x2, 0x30002, 0x40000, 0x50000, 0x60000, 0x60001))
const network = fields({
  host: fields({
    version: number,
    state: fields({
      version: nvspVersion,
      ndis: optional(fields({ major: number, minor: number })),
      config: optional(fields({ mtu: number, capabilities: number })),
      receiveBuffer: optional(fields({ gpadlId: number, id: number, slotBytes: number, slots: number })),
      sendBuffer: optional(fields({ gpadlId: number, id: number, sections: number })),
      rndis: fields({ initialized: flag, filter: number, offload: text, rss: text }),
      subChannels: number,
      vf: optional(fields({ serial: number, active: flag })),
    }),
    facts: fields({ mac: text, mtu: number, linkSpeed: number, connected: flag, friendlyName: text }),
    busySlots: list(tuple(number, list(number))),
    nextTag: number,
    late: dueRows(fields({ channel: number, transactionId: number })),
    ends,
    counts: whatever,
  }),
  guest: fields({
    version: number,
    state: either(
      fields({
        name: one('closed', 'receiveGpadl', 'receiveBuffer', 'sendGpadl', 'sendBuffer', 'rndisInit', 'subChannels', 'filter', 'up'),
      }),
      fields({ name: one('init', 'queries'), at: number }),
      fields({ name: one('failed'), reason: text }),
    ),
    protocol: nvspVersion,
    facts: fields({ mac: text, mtu: number, speed: number, connected: flag }),
    sections: number,
    gpadls: tuple(number, number),
    nextId: number,
    table: list(number),
    sending: list(tuple(number, fields({ section: optional(number), page: optional(number), kind: text }))),
    ends,
  }),
  memory: fields({ sections: area, slots: area, pages: area }),
})

const icVersion = fields({ major: number, minor: number })
const contact = either(
  fields({ name: one('closed', 'mismatch', 'silent') }),
  fields({ name: one('negotiating'), since: number }),
  fields({ name: one('ready'), framework: icVersion, version: icVersion }),
)
const icHead = fields({ framework: icVersion, type: number, version: icVersion, status: number, transactionId: number, flags: number })

/** `logic`: the service's own rows. */
function integration(logic: Shape): Shape {
  return fields({
    host: fields({
      version: number,
      contact,
      nextTransaction: number,
      inFlight: list(fields({ message: hex, deadline: number })),
      queue: list(hex),
      end: optional(endRows),
      logic,
    }),
    guest: fields({
      version: number,
      chosen: optional(fields({ framework: icVersion, version: icVersion })),
      held: optional(icHead),
      end: optional(endRows),
    }),
    pools: list(tuple(number, list(tuple(text, text)))),
  })
}

const items = list(tuple(text, text))
const nothing = one()

function small(host: Shape, guest: Shape): Shape {
  const rows = (state: Shape): Shape => fields({ version: number, state, end: optional(endRows) })
  return fields({ host: rows(host), guest: rows(guest) })
}

const mode = fields({ active: flag, vramOffset: number, depth: number, width: number, height: number, pitch: number })
const rectangle = fields({ left: number, top: number, right: number, bottom: number })
const ranges = list(fields({ start: number, count: number }))
const inputState = fields({ step: one('closed', 'asked', 'ready', 'refused') })

const video = small(
  fields({
    version: optional(number),
    vram: number,
    mode: optional(mode),
    pointer: fields({ visible: flag, x: number, y: number }),
    viewer: flag,
  }),
  fields({
    step: one('closed', 'version', 'resolutions', 'vram', 'mode', 'ready', 'refused'),
    at: number,
    resolutions: list(fields({ width: number, height: number })),
    mode: optional(mode),
    dirtNeeded: flag,
    damage: optional(rectangle),
    nextDirt: number,
  }),
)

const memoryStep = one('closed', 'version', 'capabilities', 'ready', 'refused')
const memoryPair = small(
  fields({
    step: memoryStep,
    version: optional(one(0x3, 0x10000, 0x20000)),
    capabilities: number,
    minPages: number,
    report: optional(
      fields({ available: number, committed: number, pageFile: number, zeroFree: number, pageFileWrites: number, ioDiff: number }),
    ),
    reports: number,
    ballooned: ranges,
    pending: optional(fields({ kind: one('balloon', 'unballoon', 'hotAdd'), transactionId: number, pages: number, moved: number })),
    nextTransaction: number,
    hotAddExhausted: flag,
  }),
  fields({ step: memoryStep, at: number, ballooned: ranges, added: number, maxPages: number, nextReport: number, nextTransaction: number }),
)

const SHAPES: Readonly<Record<DeviceKind, Shape>> = {
  scsi: storage,
  'ide-filter': storage,
  network,
  'legacy-network': nothing,
  video,
  keyboard: small(fields({ ready: flag, leds: number }), inputState),
  mouse: small(fields({ step: one('closed', 'negotiated', 'ready') }), inputState),
  heartbeat: integration(tuple(number, number, number, number)),
  shutdown: integration(optional(whatever)),
  timesync: integration(number),
  kvp: integration(fields({ items, collected: items, nextPoll: number })),
  vss: integration(
    fields({
      step: one('idle', 'checking', 'freezing', 'frozen', 'thawing', 'completing'),
      hotBackup: flag,
      kind: one('application', 'fileSystem'),
      failure: number,
    }),
  ),
  'file-copy': integration(optional(whatever)),
  'dynamic-memory': memoryPair,
  rdv: small(fields({ step: one('closed', 'asked', 'ready', 'refused') }), fields({ ready: flag })),
}

/** A sentence that says what is wrong with a pair's saved rows; undefined when they have the shape of the device's protocol. */
export function pairRowsFault(kind: DeviceKind, row: unknown): string | undefined {
  return shapeFault(SHAPES[kind], row)
}
