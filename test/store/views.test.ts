import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { openDatabase } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrations.ts'
import { documentedViews } from '../../src/store/view-columns.ts'

it('every view is documented, with every column in order', async () => {
  const database = await openDatabase(':memory:')
  migrate(database)
  const names = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name")
    .all()
    .map((row) => row['name'])
  expect(documentedViews.map(({ name }) => name).toSorted()).toEqual(names)
  for (const { name, columns } of documentedViews) {
    const real = database.prepare(`SELECT * FROM ${name}`).columns()
    expect(
      columns.map(([column]) => column),
      name,
    ).toEqual(real)
  }
})

it('docs/sql.md tells the same', () => {
  const text = readFileSync('docs/sql.md', 'utf8')
  for (const { name, about, columns } of documentedViews) {
    expect(text).toContain(`## ${name}\n\n${about[0]?.toUpperCase()}${about.slice(1)}.\n`)
    for (const [column, meaning] of columns)
      expect(text).toContain(`| \`${column}\` | ${meaning} |`)
  }
})
