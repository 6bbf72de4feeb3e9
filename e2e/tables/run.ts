/** `npm run tables`: writes docs/tables.md from the engine. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../shells/browser.ts'
import { proofTables } from './proof-tables.ts'

writeFileSync(join(ROOT, 'docs/tables.md'), proofTables())
