//! Enums without values in their variants.

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Op {
    Push,
    Add,
    Mul,
    Jump,
    Halt,
}

#[derive(Clone, Copy)]
#[repr(u8)]
enum Code {
    A = 10,
    B,
    C = 200,
    D = BASE + 1,
}

const BASE: u8 = 99;

enum Level {
    Low = -5,
    Middle = 3,
    High = Code::B as isize * 2,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Only {
    One,
}

struct Step {
    op: Op,
    argument: i64,
}

impl Op {
    const FIRST: Op = Op::Push;
    const ALL: [Op; 5] = [Op::Push, Op::Add, Op::Mul, Op::Jump, Op::Halt];

    fn pops(self) -> usize {
        match self {
            Op::Push | Op::Halt => 0,
            Self::Add | Self::Mul => 2,
            Op::Jump => 1,
        }
    }

    fn next(&self) -> Op {
        Op::ALL[(*self as usize + 1) % Op::ALL.len()]
    }
}

const fn weight(level: Level) -> i32 {
    match level {
        Level::Low => 1,
        Level::Middle => 20,
        Level::High => 300,
    }
}

static WEIGHTS: [i32; Op::Halt as usize] =
    [weight(Level::Low), weight(Level::Middle), weight(Level::High), Level::High as i32];

fn run(program: &[Step]) -> i64 {
    let mut stack = [0i64; 16];
    let mut top = 0;
    let mut at = 0;
    loop {
        let Step { op, argument } = &program[at];
        at += 1;
        match *op {
            Op::Push => {
                stack[top] = *argument;
                top += 1;
            }
            Op::Add => {
                top -= 1;
                stack[top - 1] += stack[top];
            }
            Op::Mul => {
                top -= 1;
                stack[top - 1] *= stack[top];
            }
            Op::Jump => {
                top -= 1;
                if stack[top] > 0 {
                    at = *argument as usize;
                }
            }
            Op::Halt => return stack[top - 1],
        }
    }
}

fn same<T: PartialEq>(a: T, b: T) -> bool {
    a == b
}

fn pair(a: Op, b: Only) -> u8 {
    match (a, b) {
        (Op::Push, Only::One) => 1,
        (Op::Add, _) => 2,
        (_, Only::One) => 3,
    }
}

fn pick(n: i32) -> Op {
    if n < 0 {
        Op::Halt
    } else if let 0..=3 = n {
        Op::ALL[n as usize]
    } else {
        Op::FIRST
    }
}

fn main() {
    let program = [
        Step { op: Op::Push, argument: 6 },
        Step { op: Op::Push, argument: 7 },
        Step { op: Op::Mul, argument: 0 },
        Step { op: Op::Push, argument: 0 },
        Step { op: Op::Jump, argument: 0 },
        Step { op: Op::Push, argument: 8 },
        Step { op: Op::Add, argument: 0 },
        Step { op: Op::Halt, argument: 0 },
    ];
    println!("{}", run(&program));
    for op in Op::ALL {
        println!("{:?} {} {} {:?} {}", op, op as i32, op.pops(), op.next(), op == Op::Mul);
    }
    for code in [Code::A, Code::B, Code::C, Code::D] {
        println!("{} {} {} {}", code as u8, code as i8, code as i64, code as u128);
    }
    println!("{} {} {}", Level::Low as i32, Level::Middle as u8, Level::High as i16);
    println!("{} {}", Level::Low as u64, Level::Low as i128);
    println!("{:?} {}", WEIGHTS, same(Op::Add, Op::FIRST.next()));
    println!(
        "{} {} {}",
        pair(Op::Push, Only::One),
        pair(Op::Add, Only::One),
        pair(Op::Halt, Only::One)
    );
    for n in [-1, 0, 2, 9] {
        println!("{:?} {}", pick(n), matches!(pick(n), Op::Push | Op::Mul));
    }
    println!("{:?} {:?}", [Op::Halt, Op::Add], (Only::One, Op::Jump));
    let mut ops = [Op::Push; 3];
    ops[1] = Op::Halt;
    ops.swap(0, 1);
    println!("{:?} {}", ops, ops == [Op::Halt, Op::Push, Op::Push]);
}
