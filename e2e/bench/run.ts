/**
 * `npm run bench [-- --quick] [-- --json FILE]`: measures, and prints each figure beside its budget.
 *
 * The figures are of the machine that it runs on; a budget that is missed there is printed as such and does not fail the run. JSON goes to the
 * file that is named, or to standard output after the table.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { build, isBuilt, sourceState } from '../../main/launcher/build.ts'
import { ROOT } from '../shells/browser.ts'
import { applicationFigures } from './application.ts'
import { bundleFigures } from './bundle.ts'
import { diskFigures } from './disks.ts'
import { engineFigures } from './engine.ts'
import { isMet, table } from './report.ts'

const words = process.argv.slice(2)
const quick = words.includes('--quick')
const file = words[words.indexOf('--json') + 1]

if (!isBuilt(ROOT, sourceState(ROOT))) {
  const failure = await build(ROOT)
  if (failure !== null) throw new Error(failure)
}
const begin = performance.now()
const figures = [...engineFigures(quick), ...bundleFigures(), ...(await diskFigures(quick)), ...(await applicationFigures(quick))]
const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'processor'}, Node ${process.versions.node}, ${process.platform}`
process.stdout.write(`${machine}${quick ? ', quick' : ''}\n${table(figures)}\n`)
const missed = figures.filter((one) => !isMet(one)).length
process.stdout.write(
  `${figures.length - missed} budgets met or none set, ${missed} not met (${((performance.now() - begin) / 1000).toFixed(0)} s)\n`,
)
const json = `${JSON.stringify({ machine, quick, figures }, null, 2)}\n`
if (words.includes('--json') && file !== undefined) writeFileSync(file, json)
else process.stdout.write(json)
