//! Registers to and from memory. What is moved is a row of a table; each way to give the address is written once for
//! all of them.

use crate::cpu::Cpu;
use crate::state::{Core, One, Outcome, Straight, Two};
use crate::stop::Access;
use crate::width::Shift;

/// What a load or store moves, as functions for each way to give the address.
#[derive(Clone, Copy)]
pub(crate) struct Transfer {
    /// The register is `d`, the address `n` and the immediate, which has a sign.
    pub(crate) at_offset: fn(&mut Core, &Straight) -> Outcome,
    /// The register is `d`, the address `n` and `m` as the immediate, a packed [`Shift`], says.
    pub(crate) at_register: fn(&mut Core, &Straight) -> Outcome,
    /// The same where that is a shift to the left, by the immediate.
    pub(crate) at_index: fn(&mut Core, &Straight) -> Outcome,
    pub(crate) one: One,
    pub(crate) two: Two,
    /// Bytes in memory, of one.
    pub(crate) size: u8,
    pub(crate) access: Access,
}

/// A row of the table.
trait Move {
    const SIZE: u8;
    const ACCESS: Access;
    /// If memory is the host's at this address, and that is all there is to it.
    fn direct(core: &mut Core, r: u8, address: u64) -> Option<()>;
    /// In any case.
    fn any(core: &mut Core, r: u8, address: u64) -> Outcome;
}

/// The address at an offset from register `n`.
#[inline(always)]
pub(crate) fn at_offset(core: &Core, n: u8, offset: i32) -> u64 {
    core.cpu.x[usize::from(n)].wrapping_add(i64::from(offset) as u64)
}

#[inline(always)]
fn one<M: Move>(core: &mut Core, r: u8, address: u64) -> Outcome {
    // Apart and from the beginning, so that the direct way is short.
    #[cold]
    #[inline(never)]
    fn slow<M: Move>(core: &mut Core, r: u8, address: u64) -> Outcome {
        M::any(core, r, address)
    }
    match M::direct(core, r, address) {
        Some(()) => Ok(()),
        None => slow::<M>(core, r, address),
    }
}

/// Nothing moves if one of them cannot.
fn two<M: Move>(core: &mut Core, t: u8, u: u8, address: u64) -> Outcome {
    #[cold]
    #[inline(never)]
    fn slow<M: Move>(core: &mut Core, t: u8, u: u8, address: u64) -> Outcome {
        let second = address.wrapping_add(M::SIZE.into());
        core.mem.place(address, M::SIZE.into(), M::ACCESS)?;
        core.mem.place(second, M::SIZE.into(), M::ACCESS)?;
        M::any(core, t, address)?;
        M::any(core, u, second)
    }
    let second = address.wrapping_add(M::SIZE.into());
    // Asked first, so that the second moves if the first does.
    let direct = core.mem.reaches(second, M::ACCESS)
        && M::direct(core, t, address).is_some()
        && M::direct(core, u, second).is_some();
    if direct { Ok(()) } else { slow::<M>(core, t, u, address) }
}

fn transfer<M: Move>() -> Transfer {
    Transfer {
        at_offset: |core, op| one::<M>(core, op.d, at_offset(core, op.n, op.imm as i32)),
        at_register: |core, op| {
            let offset = Shift::apply_packed(core.cpu.x[usize::from(op.m)], op.imm);
            one::<M>(core, op.d, core.cpu.x[usize::from(op.n)].wrapping_add(offset))
        },
        at_index: |core, op| {
            let offset = core.cpu.x[usize::from(op.m)] << (op.imm & 63);
            one::<M>(core, op.d, core.cpu.x[usize::from(op.n)].wrapping_add(offset))
        },
        one: |core, r, address| one::<M>(core, r, address),
        two: two::<M>,
        size: M::SIZE,
        access: M::ACCESS,
    }
}

/// A row: how the bytes that were read come into register `r`.
macro_rules! load {
    (|$cpu:ident, $r:ident, $v:ident: $t:ty| $put:expr) => {{
        struct Row;
        #[inline(always)]
        fn put($cpu: &mut Cpu, $r: usize, $v: $t) {
            $put
        }
        impl Move for Row {
            const SIZE: u8 = size_of::<$t>() as u8;
            const ACCESS: Access = Access::Read;
            #[inline(always)]
            fn direct(core: &mut Core, r: u8, address: u64) -> Option<()> {
                let v = core.mem.read_direct(address)?;
                Some(put(&mut core.cpu, r.into(), v))
            }
            fn any(core: &mut Core, r: u8, address: u64) -> Outcome {
                let v = core.mem.read(address)?;
                Ok(put(&mut core.cpu, r.into(), v))
            }
        }
        transfer::<Row>()
    }};
}

/// A row: what of register `r` is written.
macro_rules! store {
    ($t:ty: |$cpu:ident, $r:ident| $v:expr) => {{
        struct Row;
        #[inline(always)]
        fn get($cpu: &Cpu, $r: usize) -> $t {
            $v as $t
        }
        impl Move for Row {
            const SIZE: u8 = size_of::<$t>() as u8;
            const ACCESS: Access = Access::Write;
            #[inline(always)]
            fn direct(core: &mut Core, r: u8, address: u64) -> Option<()> {
                core.mem.write_direct(address, get(&core.cpu, r.into()))
            }
            fn any(core: &mut Core, r: u8, address: u64) -> Outcome {
                core.mem.write(address, get(&core.cpu, r.into()))
            }
        }
        transfer::<Row>()
    }};
}

/// What `size` and `opc` of the single-register forms mean for a general register.
pub(crate) fn general(size: u32, opc: u32) -> Option<Transfer> {
    Some(match (size, opc) {
        (0, 0) => store!(u8: |cpu, r| cpu.x[r]),
        (1, 0) => store!(u16: |cpu, r| cpu.x[r]),
        (2, 0) => store!(u32: |cpu, r| cpu.x[r]),
        (3, 0) => store!(u64: |cpu, r| cpu.x[r]),
        (0, 1) => load!(|cpu, r, v: u8| cpu.x[r] = v.into()),
        (1, 1) => load!(|cpu, r, v: u16| cpu.x[r] = v.into()),
        (2, 1) => load!(|cpu, r, v: u32| cpu.x[r] = v.into()),
        (3, 1) => load!(|cpu, r, v: u64| cpu.x[r] = v),
        // With the sign: to 64 bits, and to 32.
        (0, 2) => load!(|cpu, r, v: u8| cpu.x[r] = v as i8 as u64),
        (1, 2) => load!(|cpu, r, v: u16| cpu.x[r] = v as i16 as u64),
        (2, 2) => load!(|cpu, r, v: u32| cpu.x[r] = v as i32 as u64),
        (0, 3) => load!(|cpu, r, v: u8| cpu.x[r] = u64::from(v as i8 as u32)),
        (1, 3) => load!(|cpu, r, v: u16| cpu.x[r] = u64::from(v as i16 as u32)),
        _ => return None,
    })
}

/// The same for a vector register, whose upper bits a load makes zero.
pub(crate) fn vector(size: u32, opc: u32) -> Option<Transfer> {
    Some(match (size, opc) {
        (0, 0) => store!(u8: |cpu, r| cpu.lo[r]),
        (1, 0) => store!(u16: |cpu, r| cpu.lo[r]),
        (2, 0) => store!(u32: |cpu, r| cpu.lo[r]),
        (3, 0) => store!(u64: |cpu, r| cpu.lo[r]),
        (0, 2) => store!(u128: |cpu, r| cpu.v(r as u32)),
        (0, 1) => load!(|cpu, r, v: u8| (cpu.lo[r], cpu.hi[r]) = (v.into(), 0)),
        (1, 1) => load!(|cpu, r, v: u16| (cpu.lo[r], cpu.hi[r]) = (v.into(), 0)),
        (2, 1) => load!(|cpu, r, v: u32| (cpu.lo[r], cpu.hi[r]) = (v.into(), 0)),
        (3, 1) => load!(|cpu, r, v: u64| (cpu.lo[r], cpu.hi[r]) = (v, 0)),
        (0, 3) => load!(|cpu, r, v: u128| (cpu.lo[r], cpu.hi[r]) = (v as u64, (v >> 64) as u64)),
        _ => return None,
    })
}
