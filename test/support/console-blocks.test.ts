import { expect, test } from 'vitest'
import { consoleBlocks, isAsShown, runnable } from './console-blocks.ts'

const page = `# A page

\`\`\`console
$ one --a \\
    --b
first
$ two
\`\`\`

\`\`\`sh
$ not this
\`\`\`
`

test('the commands of a console block come with the output shown below them', () => {
  expect(consoleBlocks(page, 'PAGE.md')).toEqual([
    {
      at: 'PAGE.md:4',
      commands: [
        { at: 'PAGE.md:4', command: 'one --a \\\n    --b', expected: 'first' },
        { at: 'PAGE.md:7', command: 'two', expected: null },
      ],
    },
  ])
})

test.each([
  ['npm ci && npx llmcost analyze a.jsonl', 'npx llmcost analyze a.jsonl'],
  ['npm ci && npm test', null],
  ['llmcost demo', 'llmcost demo'],
])('of "%s" what is left to run is %s', (command, left) => {
  expect(runnable(command)).toBe(left)
})

test.each([
  ['a\nb', 'a\nb\n', true],
  ['a  \nb', 'a\nb', true],
  ['a', 'a\nb', false],
  ['a\n…', 'a\nb\nc', true],
  ['a\n…', 'a', true],
  ['…\nc', 'a\nb\nc', true],
  ['a\n…\nc', 'a\nc', true],
  ['a\n…\nc', 'a', false],
  ['a\n…\na', 'a', false],
  ['a\n…\nb\n…\nd', 'a\nx\nb\ny\nd', true],
  ['a\n…\nb\n…\nd', 'a\nx\ny\nd', false],
  ['a …', 'a b', false],
])('shown %j against %j: %s', (shown, actual, asShown) => {
  expect(isAsShown(shown, actual)).toBe(asShown)
})
