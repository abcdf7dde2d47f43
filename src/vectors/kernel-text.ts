/**
 * The inner loops as WebAssembly text, 128-bit SIMD. `test/vectors/assemble.ts` assembles it into `kernel-bytes.ts`;
 * nothing loads this file at run time. Addresses are bytes in the one imported memory. What each function computes is
 * said in `kernels.ts`.
 */
export function kernelText(): string {
  return `(module
  (import "llmcost" "memory" (memory 1 65536 shared))
${scanText()}
${[4, 8].map(nearText).join('\n')}
${dotsText}
${transformText}
${hashText}
)
`
}

const from0 = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)
const lines = (texts: readonly string[]): string => texts.join('\n')
const locals = (type: string, names: readonly string[]): string =>
  names.map((name) => `(local ${name} ${type})`).join('')

/** 2 × 4 rows at a time: eight sums, two left and one right operand fit the sixteen registers of x86-64. */
const left = from0(2)
const right = from0(4)

function scanText(): string {
  const sums = left.flatMap((p) => right.map((q) => `$s${p}${q}`))
  const rows = [...left.map((p) => `$a${p}`), ...right.map((q) => `$b${q}`)]
  return `  (func (export "scan") (param $rows i32) (param $stride i32) (param $head i32) (param $i i32) (param $iEnd i32)
    (param $jStart i32) (param $jEnd i32) (param $headLimit i32) (param $limit i32) (param $out i32) (result i32)
    ${locals('i32', ['$j', '$at', '$end', '$mask', ...rows])}
    ${locals('v128', ['$y', '$r0', '$r1', '$t0', '$t1', '$headLimits', '$limits', ...left.map((p) => `$x${p}`), ...sums])}
    (local.set $headLimits (i32x4.splat (local.get $headLimit)))
    (local.set $limits (i32x4.splat (local.get $limit)))
    (local.set $at (local.get $out))
    (loop $left
      (local.set $j (local.get $jStart))
      (loop $right
        ${lines(left.map((p) => `(local.set $a${p} ${addressOf('$i', p)})`))}
        ${lines(right.map((q) => `(local.set $b${q} ${addressOf('$j', q)})`))}
        ${lines(sums.map((sum) => `(local.set ${sum} (v128.const i32x4 0 0 0 0))`))}
        (local.set $end (i32.add (local.get $a0) (local.get $head)))
        ${componentsText(rows)}
        (block $next
          (if (i32.ne (local.get $head) (local.get $stride)) (then
            ${lines(left.map(addUpText))}
            (br_if $next (i32.eqz (v128.any_true (v128.or
              (i32x4.ge_s (local.get $r0) (local.get $headLimits))
              (i32x4.ge_s (local.get $r1) (local.get $headLimits))))))
            (local.set $end (i32.add (local.get $end) (i32.sub (local.get $stride) (local.get $head))))
            ${componentsText(rows)}))
          ${lines(left.map(addUpText))}
          ${lines(left.map(reportText))})
        (local.set $j (i32.add (local.get $j) (i32.const 4)))
        (br_if $right (i32.lt_u (local.get $j) (local.get $jEnd))))
      (local.set $i (i32.add (local.get $i) (i32.const 2)))
      (br_if $left (i32.lt_u (local.get $i) (local.get $iEnd))))
    (i32.shr_u (i32.sub (local.get $at) (local.get $out)) (i32.const 3)))`
}

const addressOf = (row: string, plus: number): string =>
  `(i32.add (local.get $rows) (i32.mul (i32.add (local.get ${row}) (i32.const ${plus})) (local.get $stride)))`

/** All rows' components until $end, eight at a time. Not unrolled: V8 would then spill registers, a sixth slower. */
function componentsText(rows: readonly string[]): string {
  const load = (name: string, at: string) => `(local.set ${name} (v128.load (local.get ${at})))`
  const add = (p: number, q: number) =>
    `(local.set $s${p}${q} (i32x4.add (local.get $s${p}${q}) (i32x4.dot_i16x8_s (local.get $x${p}) (local.get $y))))`
  return `(loop $components
          ${lines([
            ...left.map((p) => load(`$x${p}`, `$a${p}`)),
            ...right.flatMap((q) => [load('$y', `$b${q}`), ...left.map((p) => add(p, q))]),
            ...rows.map((at) => `(local.set ${at} (i32.add (local.get ${at}) (i32.const 16)))`),
          ])}
          (br_if $components (i32.ne (local.get $a0) (local.get $end))))`
}

/** The four dot products of one left row in one vector. */
const addUpText = (p: number): string => `(local.set $t0 ${sumOfTwo(`$s${p}0`, `$s${p}1`)})
        (local.set $t1 ${sumOfTwo(`$s${p}2`, `$s${p}3`)})
        (local.set $r${p} (i32x4.add
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $t0) (local.get $t1))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $t0) (local.get $t1))))`

/** Writes the pairs of one left row that reach the limit. */
const reportText = (p: number): string =>
  `(local.set $mask (i32x4.bitmask (i32x4.ge_s (local.get $r${p}) (local.get $limits))))
        (if (local.get $mask) (then
          (loop $hits
            (i32.store (local.get $at) (i32.add (local.get $i) (i32.const ${p})))
            (i32.store offset=4 (local.get $at) (i32.add (local.get $j) (i32.ctz (local.get $mask))))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (local.set $mask (i32.and (local.get $mask) (i32.sub (local.get $mask) (i32.const 1))))
            (br_if $hits (local.get $mask)))))`

/** Of a0 a1 a2 a3 and b0 b1 b2 b3: a0+a2, b0+b2, a1+a3, b1+b3. */
const sumOfTwo = (a: string, b: string): string => `(i32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get ${a}) (local.get ${b}))
          (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get ${a}) (local.get ${b})))`

/**
 * The left hash stays in registers while the right ones pass by. Most pairs differ in too many bits in three quarters of
 * their words already, and the rest is not counted: a fifth less time.
 */
function nearText(words: number): string {
  const all = from0(words)
  const bytes = 8 * words
  const hashAt = (row: string) =>
    `(i32.add (local.get $hashes) (i32.mul (local.get ${row}) (i32.const ${bytes})))`
  const differences = (some: readonly number[], sum?: string) =>
    [
      ...(sum === undefined ? [] : [sum]),
      ...some.map(
        (word) =>
          `(i64.popcnt (i64.xor (local.get $q${word}) (i64.load offset=${8 * word} (local.get $b))))`,
      ),
    ].reduce((total, next) => `(i64.add ${total} ${next})`)
  const rest = differences(all.slice((words * 3) / 4), '(local.get $sum)')
  return `  (func (export "near${64 * words}") (param $hashes i32) (param $i i32) (param $iEnd i32)
    (param $jStart i32) (param $jEnd i32) (param $limit i32) (param $out i32) (result i32)
    ${locals('i32', ['$a', '$b', '$bEnd', '$at'])} ${locals('i64', ['$limit64', '$sum', ...all.map((word) => `$q${word}`)])}
    (local.set $limit64 (i64.extend_i32_u (local.get $limit)))
    (local.set $at (local.get $out))
    (local.set $bEnd ${hashAt('$jEnd')})
    (loop $left
      (local.set $a ${hashAt('$i')})
      ${lines(all.map((word) => `(local.set $q${word} (i64.load offset=${8 * word} (local.get $a)))`))}
      (local.set $b ${hashAt('$jStart')})
      (loop $right
        (local.set $sum ${differences(all.slice(0, (words * 3) / 4))})
        (if (i64.le_u (local.get $sum) (local.get $limit64)) (then
          (if (i64.le_u ${rest} (local.get $limit64)) (then
            (i32.store (local.get $at) (local.get $i))
            (i32.store offset=4 (local.get $at)
              (i32.div_u (i32.sub (local.get $b) (local.get $hashes)) (i32.const ${bytes})))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))))))
        (local.set $b (i32.add (local.get $b) (i32.const ${bytes})))
        (br_if $right (i32.ne (local.get $b) (local.get $bEnd))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $left (i32.lt_u (local.get $i) (local.get $iEnd))))
    (i32.shr_u (i32.sub (local.get $at) (local.get $out)) (i32.const 3)))`
}

const dotsText = `  (func (export "dots") (param $rows i32) (param $stride i32) (param $pairs i32) (param $count i32) (param $out i32)
    ${locals('i32', ['$a', '$b', '$end', '$last'])} ${locals('v128', ['$s', '$t'])}
    (local.set $last (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 2))))
    (block $done (loop $next
      (br_if $done (i32.eq (local.get $out) (local.get $last)))
      (local.set $a (i32.add (local.get $rows) (i32.mul (i32.load (local.get $pairs)) (local.get $stride))))
      (local.set $b (i32.add (local.get $rows) (i32.mul (i32.load offset=4 (local.get $pairs)) (local.get $stride))))
      (local.set $s (v128.const i32x4 0 0 0 0))
      (local.set $t (v128.const i32x4 0 0 0 0))
      (local.set $end (i32.add (local.get $a) (local.get $stride)))
      (loop $components
        (local.set $s (i32x4.add (local.get $s) (i32x4.dot_i16x8_s (v128.load (local.get $a)) (v128.load (local.get $b)))))
        (local.set $t (i32x4.add (local.get $t) (i32x4.dot_i16x8_s (v128.load offset=16 (local.get $a)) (v128.load offset=16 (local.get $b)))))
        (local.set $a (i32.add (local.get $a) (i32.const 32)))
        (local.set $b (i32.add (local.get $b) (i32.const 32)))
        (br_if $components (i32.ne (local.get $a) (local.get $end))))
      (local.set $s (i32x4.add (local.get $s) (local.get $t)))
      (i32.store (local.get $out) (i32.add
        (i32.add (i32x4.extract_lane 0 (local.get $s)) (i32x4.extract_lane 1 (local.get $s)))
        (i32.add (i32x4.extract_lane 2 (local.get $s)) (i32x4.extract_lane 3 (local.get $s)))))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (local.set $pairs (i32.add (local.get $pairs) (i32.const 8)))
      (br $next))))`

/** The Walsh–Hadamard transform in place, without its scale: only signs are read from it. */
const transformText = `  (func $transform (param $start i32) (param $bytes i32)
    ${locals('i32', ['$half', '$a', '$end', '$last'])} ${locals('v128', ['$u', '$v'])}
    (local.set $last (i32.add (local.get $start) (local.get $bytes)))
    (local.set $half (i32.shr_u (local.get $bytes) (i32.const 1)))
    (loop $halves
      (local.set $a (local.get $start))
      (loop $blocks
        (local.set $end (i32.add (local.get $a) (local.get $half)))
        (loop $pairs
          (local.set $u (v128.load (local.get $a)))
          (local.set $v (v128.load (i32.add (local.get $a) (local.get $half))))
          (v128.store (local.get $a) (f32x4.add (local.get $u) (local.get $v)))
          (v128.store (i32.add (local.get $a) (local.get $half)) (f32x4.sub (local.get $u) (local.get $v)))
          (local.set $a (i32.add (local.get $a) (i32.const 16)))
          (br_if $pairs (i32.ne (local.get $a) (local.get $end))))
        (local.set $a (i32.add (local.get $a) (local.get $half)))
        (br_if $blocks (i32.ne (local.get $a) (local.get $last))))
      (local.set $half (i32.shr_u (local.get $half) (i32.const 1)))
      (br_if $halves (i32.ge_u (local.get $half) (i32.const 16))))
    (local.set $a (local.get $start))
    (loop $vectors
      (local.set $u (v128.load (local.get $a)))
      (local.set $u (f32x4.add
        (i8x16.shuffle 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 (local.get $u) (local.get $u))
        (v128.xor (v128.const i32x4 0 0 0x80000000 0x80000000)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $u) (local.get $u)))))
      (v128.store (local.get $a) (f32x4.add
        (i8x16.shuffle 0 1 2 3 0 1 2 3 8 9 10 11 8 9 10 11 (local.get $u) (local.get $u))
        (v128.xor (v128.const i32x4 0 0x80000000 0 0x80000000)
          (i8x16.shuffle 4 5 6 7 4 5 6 7 12 13 14 15 12 13 14 15 (local.get $u) (local.get $u)))))
      (local.set $a (i32.add (local.get $a) (i32.const 16)))
      (br_if $vectors (i32.ne (local.get $a) (local.get $last)))))`

const hashText = `  (func (export "hash") (param $row i32) (param $stride i32) (param $mean i32) (param $signs i32)
    (param $bytes i32) (param $scratch i32) (param $out i32) (param $outBytes i32)
    ${locals('i32', ['$at', '$end'])} ${locals('v128', ['$x'])}
    (loop $load
      (local.set $x (v128.const i32x4 0 0 0 0))
      (if (i32.lt_u (i32.shr_u (local.get $at) (i32.const 1)) (local.get $stride)) (then
        (local.set $x (f32x4.convert_i32x4_s (v128.load16x4_s
          (i32.add (local.get $row) (i32.shr_u (local.get $at) (i32.const 1))))))))
      (v128.store (i32.add (local.get $scratch) (local.get $at)) (f32x4.mul
        (f32x4.sub (local.get $x) (v128.load (i32.add (local.get $mean) (local.get $at))))
        (v128.load (i32.add (local.get $signs) (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $load (i32.lt_u (local.get $at) (local.get $bytes))))
    (call $transform (local.get $scratch) (local.get $bytes))
    (local.set $signs (i32.add (local.get $signs) (local.get $bytes)))
    (local.set $at (i32.const 0))
    (loop $flip
      (v128.store (i32.add (local.get $scratch) (local.get $at)) (f32x4.mul
        (v128.load (i32.add (local.get $scratch) (local.get $at)))
        (v128.load (i32.add (local.get $signs) (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $flip (i32.lt_u (local.get $at) (local.get $bytes))))
    (call $transform (local.get $scratch) (local.get $bytes))
    (local.set $end (i32.add (local.get $out) (local.get $outBytes)))
    (loop $bits
      (i32.store8 (local.get $out) (i32.or
        (i32x4.bitmask (f32x4.gt (v128.load (local.get $scratch)) (v128.const i32x4 0 0 0 0)))
        (i32.shl (i32x4.bitmask (f32x4.gt (v128.load offset=16 (local.get $scratch)) (v128.const i32x4 0 0 0 0)))
          (i32.const 4))))
      (local.set $scratch (i32.add (local.get $scratch) (i32.const 32)))
      (local.set $out (i32.add (local.get $out) (i32.const 1)))
      (br_if $bits (i32.ne (local.get $out) (local.get $end)))))`
