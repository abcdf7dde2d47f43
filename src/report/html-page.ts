import { type Html, html, trustedHtml } from './html.ts'
import { htmlStyle } from './html-style.ts'

/** Sections as one file that loads nothing and runs nothing; `style` is added to the common sheet. */
export function htmlPage(title: string, sections: readonly Html[], style = ''): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${trustedHtml(htmlStyle + style)}</style>
</head>
<body>
<main>
${sections}
</main>
</body>
</html>
`
  return page.markup
}
