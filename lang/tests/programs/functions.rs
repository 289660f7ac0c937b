//! Functions as values: pointers, items, closures without capture, bounds that are called.

fn add(a: i32, b: i32) -> i32 {
    a + b
}
fn sub(a: i32, b: i32) -> i32 {
    a - b
}
fn first(a: i32, _: i32) -> i32 {
    a
}

static OPS: [fn(i32, i32) -> i32; 3] = [add, sub, |a, b| a * b];
const PICK: fn(i32, i32) -> i32 = first;

struct Rule {
    name: char,
    apply: fn(i32, i32) -> i32,
}

impl Rule {
    fn run(&self, x: i32) -> i32 {
        (self.apply)(x, 3)
    }
    fn twice(x: i32) -> i32 {
        2 * x
    }
    fn halved(&self, x: i32) -> i32 {
        x / 2
    }
}

fn fold(items: &[i32], start: i32, f: fn(i32, i32) -> i32) -> i32 {
    let mut total = start;
    for &x in items {
        total = f(total, x);
    }
    total
}

fn apply<F: Fn(i32) -> i32>(f: F, x: i32) -> i32 {
    f(f(x))
}

fn map<T: Copy, U: Copy + Default, F, const N: usize>(a: [T; N], f: F) -> [U; N]
where
    F: Fn(T) -> U,
{
    let mut out = [U::default(); N];
    for i in 0..N {
        out[i] = f(a[i]);
    }
    out
}

fn compose<A, B, C>(f: fn(A) -> B, g: fn(B) -> C, x: A) -> C {
    g(f(x))
}

fn identity<T>(x: T) -> T {
    x
}

fn pick(n: usize) -> fn(i32, i32) -> i32 {
    match n {
        0 => add,
        1 => sub,
        _ => |a, _| a,
    }
}

fn generic_closure<T: Copy + std::ops::Add<Output = T>>(x: T) -> T {
    let double = |y: T| y + y;
    double(double(x))
}

fn sort_by<T: Copy, F: Fn(T, T) -> bool>(a: &mut [T], less: F) {
    for i in 1..a.len() {
        let mut j = i;
        while j > 0 && less(a[j], a[j - 1]) {
            a.swap(j, j - 1);
            j -= 1;
        }
    }
}

fn newton(f: fn(f64) -> f64, df: fn(f64) -> f64, mut x: f64) -> f64 {
    for _ in 0..20 {
        x -= f(x) / df(x);
    }
    x
}

fn large(f: fn([i32; 20]) -> [i32; 20], a: [i32; 20]) -> i32 {
    f(a)[19]
}

fn absolute(x: f64) -> f64 {
    if x < 0.0 { -x } else { x }
}

fn apply_n<T>(n: u32, f: impl Fn(T) -> T, x: T) -> T {
    let mut x = x;
    for _ in 0..n {
        x = f(x);
    }
    x
}

fn describe(x: impl Into<f64> + Copy, scale: impl Fn(f64) -> f64) -> f64 {
    let same = |y| same(y, y);
    scale(same(x).into())
}

fn same<T>(x: T, _: T) -> T {
    x
}

fn main() {
    println!("{} {}", apply_n(3, |x| x * 2, 5), apply_n::<f64>(2, |x| x / 2.0, 3.0));
    println!("{} {}", describe(3u8, |x| x + 0.5), describe(-2.5f32, absolute));
    for f in OPS {
        print!("{} ", f(7, 2));
    }
    println!("{} {}", OPS[1](5, 9), PICK(4, 5));
    let rules = [Rule { name: 'a', apply: add }, Rule { name: 'm', apply: |x, y| x % y }];
    for rule in &rules {
        println!("{} {} {}", rule.name, rule.run(11), rule.halved(9));
    }
    let items = [1, 2, 3, 4];
    println!("{} {}", fold(&items, 0, add), fold(&items, 1, |a, b| a * b));
    println!("{} {}", apply(Rule::twice, 5), apply(|x| x - 1, 5));
    let p: fn(i32) -> i32 = identity;
    println!("{} {}", apply(p, 5), apply(identity, 6));
    println!("{:?}", map([1, 2, 3], |x| x as f64 / 2.0));
    println!("{:?}", map(['a', 'b'], |c: char| c as u32));
    println!("{}", compose(|x: i32| x as f64, |y| y * 1.5, 3));
    println!("{} {} {}", pick(0)(3, 4), pick(1)(3, 4), pick(2)(3, 4));
    println!("{} {}", generic_closure(3), generic_closure(0.25));
    let mut v = [3, 1, 2];
    sort_by(&mut v, |a, b| a > b);
    println!("{:?}", v);
    sort_by(&mut v, |a, b| {
        if a % 2 != b % 2 {
            return a % 2 == 0;
        }
        a < b
    });
    println!("{:?}", v);
    println!("{:.9}", newton(|x| x * x - 2.0, |x| 2.0 * x, 1.0));
    let add_one = |x: u8| x + 1;
    let nothing = || ();
    nothing();
    println!("{}", add_one(4u8));
    let method = Rule::run;
    println!("{}", method(&rules[0], 1));
    let mut f: fn(i32, i32) -> i32 = add;
    let mut total = 0;
    for i in 0..4 {
        total = f(total, i);
        f = if i % 2 == 0 { sub } else { add };
    }
    println!("{total}");
    println!(
        "{}",
        large(
            |mut a| {
                a[19] += a[0];
                a
            },
            [7; 20]
        )
    );
    let tuple = (add as fn(i32, i32) -> i32, 5);
    println!("{}", (tuple.0)(tuple.1, 1));
    println!("{}", (|x: i32, (y, z): (i32, i32)| x + y * z)(1, (2, 3)));
    let nested = |x: i32| {
        let inner = |y: i32| y * 10;
        inner(x) + 1
    };
    println!("{}", nested(4));
}
