/**
 * Takes the pictures of docs/screens.md from real runs, by keys alone: an exam from its first task to its results, and one
 * lab in small windows, without colour, on a light background and in ASCII. Run after the screens change.
 */
import { loadCatalogue } from '../src/content/load.ts'
import { openStudio, shoot, startIn } from './lib/pictures.ts'
import { savingSolutions } from './lib/play.ts'
import { light } from './lib/svg.ts'

const steps = (await loadCatalogue()).items.flatMap(({ scenario }) => scenario.spec.steps)

/** Saves the answer to every task, and a line where the notes are opened. */
const studio = openStudio(
  (home) => `case "$1" in
*notes.md) echo 'task 2: see that staging goes on as before' >> "$1" ;;
*) ${savingSolutions(home, steps)} ;;
esac`,
)

/** Solves the tasks that a file solves, of the first four; the others are left as they were found. */
const exam = async (): Promise<void> => {
  const screen = startIn(studio, ['exam', '--seed', '7', '--minutes', '60'])
  const { press, until } = screen
  await until(/\d+ tasks, 0 done/)
  press('N')
  await until('your notes are kept')
  press('enter')
  for (const task of [1, 2, 3, 4]) {
    await until(new RegExp(`task ${task}/[^]*the lab is ready`))
    press('e')
    await until(/apply +|nothing to apply|\d\d apply/)
    press(task === 2 ? 'f' : 'd')
    await until(task === 2 ? / flag / : / done /)
    if (task === 3) shoot(screen, 'screens/exam-task')
    if (task < 4) press('n')
  }
  press('q')
  await until('marks by your own count')
  shoot(screen, 'screens/exam')
  press('F')
  await until('y yes')
  press('y')
  await until(/of 100 +(NOT )?PASSED/)
  shoot(screen, 'screens/exam-results')
  await screen.stop('SIGTERM')
}

const lab = async (name: string, size: Parameters<typeof startIn>[2], paper?: typeof light): Promise<void> => {
  const screen = startIn(studio, ['start', 'istio-strict-mtls'], size)
  await screen.until(/\d\/6 checks/)
  if (size?.columns === 60) screen.press('3')
  await screen.until((text) => text.includes('not the goal') && !text.includes('probing'))
  shoot(screen, `screens/${name}`, paper)
  await screen.stop('SIGTERM')
}

try {
  await exam()
  await lab('lab-80x24', { columns: 80, rows: 24 })
  await lab('lab-60x20', { columns: 60, rows: 20 })
  await lab('lab-mono', { env: { NO_COLOR: '1' } })
  await lab('lab-light', { env: { MESHDOJO_BACKGROUND: 'light' } }, light)
  await lab('lab-ascii', { columns: 80, rows: 24, env: { MESHDOJO_CHARSET: 'ascii' } })
} finally {
  studio.close()
}
