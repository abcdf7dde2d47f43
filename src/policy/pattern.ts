/** A policy's regular expression: in any case, `^` and `$` at the ends of the text, `.` within a line. */
export const compilePattern = (source: string): RegExp => new RegExp(source, 'iu')
