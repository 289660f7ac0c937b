//! Format strings.

fn main() {
    let (x, y, name) = (42, -7.25, "Ünïcode");
    let (width, precision) = (12, 2);
    println!("{} {x} {0} {1:?} {name}", x, y);
    println!("[{x:5}] [{x:<5}] [{x:^5}] [{x:>5}] [{x:05}] [{x:+}] [{x:*^9}] [{x:#x}] [{x:#010b}] [{x:#o}]");
    println!("[{y:8}] [{y:<8.1}] [{y:^8.0}] [{y:+.3}] [{y:08.2}] [{y:e}] [{y:E}]");
    println!("[{name:10}] [{name:>10}] [{name:-^11}] [{name:.3}] [{name:6.2}] [{name:?}]");
    println!("[{:width$}] [{:.precision$}] [{:>width$.precision$}] [{:.*}]", x, y, y, 3, 1.23456, width = width);
    println!("[{:>1$}] [{:>w$}]", 7, 4, w = 6);
    println!("{{}} {{{x}}} }}{{");
    println!("{:?} {:?} {:?} {:?}", "quote \" and \\ \n \t é", 'c', '\'', "");
    println!("{:5}|{:<7}|{:^7}|{:>7?}", true, false, true, false);
    println!("{:3}|{:>3}|{:^3}|", 'a', 'b', 'c');
    println!("{:?} {:?}", [1u8, 2, 3], [[1.0, 2.5], [f64::NAN, -0.0]]);
    println!("{:04?} {:.1?} {:?}", [1, 22, 333], [1.25, 3.75], ("a", 1, [true]));
    println!("{:x} {:X} {:b} {:o}", -1i8, 255u8, -2i16, 8i64);
    println!("{:#x} {:#X} {:#b} {:08x} {:+} {:+}", 255, 255, 5, 0xabcdefu32, 0, 5u8);
    print!("no newline;");
    print!(" {}\n", 1);
    println!();
    println!("{}", i64::MIN);
    println!("{:>20} {:<20}|", u64::MAX, i8::MIN);
    println!("{0:?} {0} {0:.0} {1:?} {1:e}", 1e21, 1.5e-8f32);
    println!("{:e} {:E} {:e}", 1500, 0.00012, 7u8);
    let r = &x;
    let rr = &r;
    println!("{r} {rr} {:?} {}", rr, *r + **rr);
    eprintln!("to standard error {x}");
    println!("a multi-line \
              string with a continuation, \u{e9} \x41 {}", r"raw \n {}");
    let s = "text";
    println!("{} {} {:?}", s.len(), s.is_empty(), &s.as_bytes()[1..3]);
    debug_in_hexadecimal();
}

fn debug_in_hexadecimal() {
    println!("{:x?} {:X?} {:08x?} {:#x?} {:#010X?} {:+x?} {:>6x?}|", 255u8, -1i16, 48879, 171, 3054u64, 9, 12);
    println!("{:x?} {:X?} {:x?} {:.2x?} {:x?}", 'k', "a\"b", true, 2.5f64, 1e10f32);
    println!("{:x?} {:X?} {:02x?} {:x?}", [10, 11, -12], (171u8, "s", 'c'), &[1u8, 16][..], (1.5, [i128::MAX]));
}
