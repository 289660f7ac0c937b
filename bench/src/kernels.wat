;; The same as `kernels.rs`, as rustc -O has it: `escape` inlined, loops tested at their end.
(module
  (memory 4)

  (func $fib (export "fib") (param $n i32) (result i64)
    (if (result i64) (i32.lt_u (local.get $n) (i32.const 2))
      (then (i64.extend_i32_u (local.get $n)))
      (else
        (i64.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2)))))))

  (func (export "sieve") (param $rounds i32) (result i64)
    (local $total i64) (local $i i32) (local $n i32) (local $multiple i32)
    (block $done
      (br_if $done (i32.eqz (local.get $rounds)))
      (loop $round
        (local.set $i (i32.const 0))
        (loop $clear
          (i32.store8 (local.get $i) (i32.const 0))
          (br_if $clear
            (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 200000))))
        (local.set $n (i32.const 2))
        (loop $number
          (block $marked
            (br_if $marked (i32.load8_u (local.get $n)))
            (local.set $total (i64.add (local.get $total) (i64.const 1)))
            ;; The product is one of 64 bits in the source.
            (br_if $marked (i32.gt_u (local.get $n) (i32.const 447)))
            (local.set $multiple (i32.mul (local.get $n) (local.get $n)))
            (loop $mark
              (i32.store8 (local.get $multiple) (i32.const 1))
              (br_if $mark
                (i32.lt_u
                  (local.tee $multiple (i32.add (local.get $multiple) (local.get $n)))
                  (i32.const 200000)))))
          (br_if $number
            (i32.ne (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 200000))))
        (br_if $round
          (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1))))))
    (local.get $total))

  (func (export "mandelbrot") (param $size i32) (result i64)
    (local $total i64) (local $row i32) (local $column i32) (local $step i32)
    (local $cx f64) (local $cy f64) (local $x f64) (local $y f64) (local $xx f64) (local $yy f64)
    (block $done
      (br_if $done (i32.eqz (local.get $size)))
      (loop $rows
        (local.set $cy
          (f64.mul
            (f64.add
              (f64.div
                (f64.convert_i32_u (local.get $row)) (f64.convert_i32_u (local.get $size)))
              (f64.const -0.5))
            (f64.const 2.4)))
        (local.set $column (i32.const 0))
        (loop $columns
          (local.set $cx
            (f64.add
              (f64.mul
                (f64.div
                  (f64.convert_i32_u (local.get $column))
                  (f64.convert_i32_u (local.get $size)))
                (f64.const 3.4))
              (f64.const -2.3)))
          (local.set $x (f64.const 0))
          (local.set $y (f64.const 0))
          (local.set $step (i32.const 0))
          (block $escaped
            (loop $steps
              (local.set $xx (f64.mul (local.get $x) (local.get $x)))
              (local.set $yy (f64.mul (local.get $y) (local.get $y)))
              (br_if $escaped
                (f64.gt (f64.add (local.get $xx) (local.get $yy)) (f64.const 4)))
              (local.set $y
                (f64.add
                  (f64.mul (f64.add (local.get $x) (local.get $x)) (local.get $y))
                  (local.get $cy)))
              (local.set $x
                (f64.add (f64.sub (local.get $xx) (local.get $yy)) (local.get $cx)))
              (br_if $steps
                (i32.ne
                  (local.tee $step (i32.add (local.get $step) (i32.const 1)))
                  (i32.const 200)))))
          (local.set $total
            (i64.add (local.get $total) (i64.extend_i32_u (local.get $step))))
          (br_if $columns
            (i32.ne
              (local.tee $column (i32.add (local.get $column) (i32.const 1)))
              (local.get $size))))
        (br_if $rows
          (i32.ne
            (local.tee $row (i32.add (local.get $row) (i32.const 1))) (local.get $size)))))
    (local.get $total)))
