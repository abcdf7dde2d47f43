const unspelt =
  'dont doesnt didnt cant wont isnt arent wasnt werent couldnt shouldnt wouldnt hasnt havent hadnt aint'

/**
 * Words that turn a sentence round, also typed without their apostrophe. Not counted: "or not",
 * which asks the same; "not only", which affirms; and "no. 5", which is a number.
 */
const negation = new RegExp(
  [
    "(?<![\\p{L}\\p{N}'])(?:",
    '(?<!\\bor )not(?! only)|(?<!\\bor )no(?!\\.? ?\\d)|',
    'never|without|cannot|unable|none|nothing|nobody|neither|non(?=-)|',
    "\\p{L}{2,8}n't|",
    unspelt.replaceAll(' ', '|'),
    ")(?![\\p{L}\\p{N}'])",
  ].join(''),
  'gu',
)

/** Without one of these among its words a text is not searched; "don't" is the words "don" and "t". */
const signs: ReadonlySet<string> = new Set(
  `t not no never without cannot unable none nothing nobody neither non ${unspelt}`.split(' '),
)

/** Whether a lower-case text of these words holds an odd number of negations; two of them cancel. */
export const isNegated = (lower: string, words: readonly string[]): boolean =>
  words.some((word) => signs.has(word)) && (lower.match(negation)?.length ?? 0) % 2 === 1
