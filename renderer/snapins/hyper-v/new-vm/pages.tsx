/** The wizard's pages for a draft: which there are, what they check before one may go on. */
import { refusalText } from '../../../../preload/contract/index.ts'
import type { Client } from '../../../client/connection.ts'
import type { PagesFor, WizardPage } from '../../../mmc/index.ts'
import { type Draft, installOf, newVmOf } from './draft.ts'
import { BeginPage, GenerationPage, MemoryPage, NamePage, NetworkPage } from './machinePages.tsx'
import { DiskPage, InstallPage, SummaryPage } from './storagePages.tsx'

export interface PageContext {
  readonly client: Client
  readonly hostId: string
  readonly skipPreference: string
}

type Field = Awaited<ReturnType<Client['vm']['check']>>[number]['field']

/** The wizard's list of pages, a pure function of the draft. */
export function pagesFor(context: PageContext): PagesFor<Draft> {
  const checks = (...fields: readonly Field[]) => ({ validate: (draft: Draft) => firstProblem(context.client, draft, fields) })
  return (draft) => {
    const generation: readonly WizardPage<Draft>[] = draft.host.generationOffered
      ? [{ id: 'generation', title: 'Specify Generation', render: (props) => <GenerationPage {...props} />, ...checks('generation') }]
      : []
    return [
      { id: 'begin', title: 'Before You Begin', render: (props) => <BeginPage {...props} preference={context.skipPreference} /> },
      {
        id: 'name',
        title: 'Specify Name and Location',
        render: (props) => <NamePage {...props} hostId={context.hostId} />,
        isComplete: ({ name }) => name.trim() !== '',
        ...checks('name', 'location'),
      },
      ...generation,
      { id: 'memory', title: 'Assign Memory', render: (props) => <MemoryPage {...props} />, ...checks('memory') },
      { id: 'network', title: 'Configure Networking', render: (props) => <NetworkPage {...props} />, ...checks('network') },
      {
        id: 'disk',
        title: 'Connect Virtual Hard Disk',
        render: (props) => <DiskPage {...props} hostId={context.hostId} />,
        ...checks('disk'),
      },
      {
        id: 'install',
        title: 'Installation Options',
        indented: true,
        disabled: draft.disk !== 'new',
        render: (props) => <InstallPage {...props} hostId={context.hostId} />,
        ...checks('install'),
      },
      {
        id: 'summary',
        title: 'Summary',
        headline: 'Completing the New Virtual Machine Wizard',
        render: (props) => <SummaryPage {...props} />,
      },
    ]
  }
}

/** The engine's first objection to one of the fields, as a sentence. */
async function firstProblem(client: Client, draft: Draft, fields: readonly Field[]): Promise<string | null> {
  if (fields.includes('memory') && draft.memoryMb === null) return 'Specify an amount of memory.'
  if (fields.includes('disk') && draft.disk === 'new' && draft.diskSizeGb === null) return 'Specify a size for the virtual hard disk.'
  if (fields.includes('disk') && draft.disk === 'existing' && draft.existingPath.trim() === '')
    return 'Specify the virtual hard disk to use.'
  const install = fields.includes('install') ? installOf(draft) : 'later'
  if (install === 'image' && draft.imagePath.trim() === '') return 'Specify the image file to install the operating system from.'
  if (install === 'floppy' && draft.floppyPath.trim() === '') return 'Specify the virtual floppy disk to install the operating system from.'
  try {
    const problems = await client.vm.check(newVmOf(draft))
    const problem = problems.find(({ field }) => fields.includes(field))
    return problem ? refusalText(problem.refusal).body : null
  } catch {
    return 'The connection to the server was lost. Try again when it is back.'
  }
}
