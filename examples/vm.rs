//! A virtual machine with a stack: a loop around a large `match`.

const PUSH: u8 = 0;
const LOAD: u8 = 1;
const STORE: u8 = 2;
const ADD: u8 = 3;
const MUL: u8 = 4;
const REM: u8 = 5;
const LESS: u8 = 6;
const NOT: u8 = 7;
const OR: u8 = 8;
const JUMP: u8 = 9;
const JUMP_IF: u8 = 10;
const PRINT: u8 = 11;
const HALT: u8 = 12;
const NOP: u8 = 13;

// The variables of the program below.
const SUM: u8 = 0;
const I: u8 = 1;
const LIMIT: u8 = 2;

/// Sums the squares of the numbers below a limit that 3 or 5 divides.
static PROGRAM: [u8; 47] = [
    JUMP, 36, // 0: to the condition
    LOAD, I, PUSH, 3, REM, NOT, // 2: i % 3 == 0
    LOAD, I, PUSH, 5, REM, NOT, // 8: i % 5 == 0
    OR, NOT, JUMP_IF, 29, // 14: neither: to the next number
    LOAD, SUM, LOAD, I, LOAD, I, MUL, ADD, STORE, SUM, NOP, // 18: sum += i * i
    LOAD, I, PUSH, 1, ADD, STORE, I, // 29: i += 1
    LOAD, I, LOAD, LIMIT, LESS, JUMP_IF, 2, // 36: while i < limit
    LOAD, SUM, PRINT, HALT, // 43
];

struct Machine {
    stack: [i64; 32],
    depth: usize,
    variables: [i64; 8],
    steps: u64,
}

impl Machine {
    fn new() -> Machine {
        Machine { stack: [0; 32], depth: 0, variables: [0; 8], steps: 0 }
    }

    fn push(&mut self, value: i64) {
        self.stack[self.depth] = value;
        self.depth += 1;
    }

    fn pop(&mut self) -> i64 {
        self.depth -= 1;
        self.stack[self.depth]
    }

    fn run(&mut self, code: &[u8]) {
        let mut pc = 0;
        loop {
            let opcode = code[pc];
            pc += 1;
            self.steps += 1;
            match opcode {
                PUSH => {
                    self.push(i64::from(code[pc]));
                    pc += 1;
                }
                LOAD => {
                    self.push(self.variables[code[pc] as usize]);
                    pc += 1;
                }
                STORE => {
                    let value = self.pop();
                    self.variables[code[pc] as usize] = value;
                    pc += 1;
                }
                ADD | MUL | REM | LESS | OR => {
                    let right = self.pop();
                    let left = self.pop();
                    self.push(match opcode {
                        ADD => left.wrapping_add(right),
                        MUL => left.wrapping_mul(right),
                        REM => left % right,
                        LESS => i64::from(left < right),
                        _ => left | right,
                    });
                }
                NOT => {
                    let value = self.pop();
                    self.push(i64::from(value == 0));
                }
                JUMP => pc = code[pc] as usize,
                JUMP_IF => {
                    let target = code[pc] as usize;
                    pc = if self.pop() != 0 { target } else { pc + 1 };
                }
                PRINT => {
                    let value = self.pop();
                    println!("{value}");
                }
                NOP => {}
                HALT => return,
                unknown => panic!("unknown opcode {unknown} at {}", pc - 1),
            }
        }
    }
}

/// Runs the program and returns how many instructions that took.
fn run(limit: i64) -> u64 {
    let mut machine = Machine::new();
    machine.variables[LIMIT as usize] = limit;
    machine.run(&PROGRAM);
    machine.steps
}

fn main() {
    println!("{} instructions", run(10));
    println!("{} instructions", run(5_000));
}
