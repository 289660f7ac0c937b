//! Registers to and from memory. What is moved is a row of a table; each way to give the address is written once for
//! all of them.

use crate::cpu::Cpu;
use crate::state::{Core, One, Outcome, Straight, Two};
use crate::stop::{Access, Stop};
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

const fn transfer<M: Move>() -> Transfer {
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

macro_rules! loads {
    ($(|$cpu:ident, $r:ident, $v:ident| $($name:ident: $t:ty => $put:expr;)*)*) => { $($(
        struct $name;
        impl $name {
            #[inline(always)]
            fn put($cpu: &mut Cpu, $r: usize, $v: $t) {
                $put
            }
        }
        impl Move for $name {
            const SIZE: u8 = size_of::<$t>() as u8;
            const ACCESS: Access = Access::Read;
            #[inline(always)]
            fn direct(core: &mut Core, r: u8, address: u64) -> Option<()> {
                let v = core.mem.read_direct(address)?;
                Some($name::put(&mut core.cpu, r.into(), v))
            }
            fn any(core: &mut Core, r: u8, address: u64) -> Outcome {
                let v = core.mem.read(address)?;
                Ok($name::put(&mut core.cpu, r.into(), v))
            }
        }
    )*)* };
}

loads! { |cpu, r, v|
    LoadB: u8 => cpu.x[r] = v.into();
    LoadH: u16 => cpu.x[r] = v.into();
    LoadW: u32 => cpu.x[r] = v.into();
    LoadX: u64 => cpu.x[r] = v;
    LoadSignedBx: u8 => cpu.x[r] = v as i8 as u64;
    LoadSignedHx: u16 => cpu.x[r] = v as i16 as u64;
    LoadSignedWx: u32 => cpu.x[r] = v as i32 as u64;
    LoadSignedBw: u8 => cpu.x[r] = u64::from(v as i8 as u32);
    LoadSignedHw: u16 => cpu.x[r] = u64::from(v as i16 as u32);
    // The upper bits of a vector register become zero.
    LoadVectorB: u8 => (cpu.lo[r], cpu.hi[r]) = (v.into(), 0);
    LoadVectorH: u16 => (cpu.lo[r], cpu.hi[r]) = (v.into(), 0);
    LoadVectorS: u32 => (cpu.lo[r], cpu.hi[r]) = (v.into(), 0);
    LoadVectorD: u64 => (cpu.lo[r], cpu.hi[r]) = (v, 0);
    LoadVectorQ: u128 => (cpu.lo[r], cpu.hi[r]) = (v as u64, (v >> 64) as u64);
}

macro_rules! stores {
    ($(|$cpu:ident, $r:ident| $($name:ident: $t:ty = $v:expr;)*)*) => { $($(
        struct $name;
        impl $name {
            #[inline(always)]
            fn get($cpu: &Cpu, $r: usize) -> $t {
                $v as $t
            }
        }
        impl Move for $name {
            const SIZE: u8 = size_of::<$t>() as u8;
            const ACCESS: Access = Access::Write;
            #[inline(always)]
            fn direct(core: &mut Core, r: u8, address: u64) -> Option<()> {
                core.mem.write_direct(address, $name::get(&core.cpu, r.into()))
            }
            fn any(core: &mut Core, r: u8, address: u64) -> Outcome {
                core.mem.write(address, $name::get(&core.cpu, r.into()))
            }
        }
    )*)* };
}

stores! { |cpu, r|
    StoreB: u8 = cpu.x[r];
    StoreH: u16 = cpu.x[r];
    StoreW: u32 = cpu.x[r];
    StoreX: u64 = cpu.x[r];
    StoreVectorB: u8 = cpu.lo[r];
    StoreVectorH: u16 = cpu.lo[r];
    StoreVectorS: u32 = cpu.lo[r];
    StoreVectorD: u64 = cpu.lo[r];
    StoreVectorQ: u128 = cpu.v(r as u32);
}

/// What `size` and `opc` of the single-register forms mean for a general register.
pub(crate) const fn general(size: u32, opc: u32) -> Option<Transfer> {
    Some(match (size, opc) {
        (0, 0) => transfer::<StoreB>(),
        (1, 0) => transfer::<StoreH>(),
        (2, 0) => transfer::<StoreW>(),
        (3, 0) => transfer::<StoreX>(),
        (0, 1) => transfer::<LoadB>(),
        (1, 1) => transfer::<LoadH>(),
        (2, 1) => transfer::<LoadW>(),
        (3, 1) => transfer::<LoadX>(),
        (0, 2) => transfer::<LoadSignedBx>(),
        (1, 2) => transfer::<LoadSignedHx>(),
        (2, 2) => transfer::<LoadSignedWx>(),
        (0, 3) => transfer::<LoadSignedBw>(),
        (1, 3) => transfer::<LoadSignedHw>(),
        _ => return None,
    })
}

/// What `size` and `opc` of the single-register forms mean for a vector register.
pub(crate) const fn vector(size: u32, opc: u32) -> Option<Transfer> {
    Some(match (size, opc) {
        (0, 0) => transfer::<StoreVectorB>(),
        (1, 0) => transfer::<StoreVectorH>(),
        (2, 0) => transfer::<StoreVectorS>(),
        (3, 0) => transfer::<StoreVectorD>(),
        (0, 1) => transfer::<LoadVectorB>(),
        (1, 1) => transfer::<LoadVectorH>(),
        (2, 1) => transfer::<LoadVectorS>(),
        (3, 1) => transfer::<LoadVectorD>(),
        (0, 2) => transfer::<StoreVectorQ>(),
        (0, 3) => transfer::<LoadVectorQ>(),
        _ => return None,
    })
}

/// The loads that literals have, by `V` and `opc`.
pub(crate) const LITERALS: [One; 8] = {
    const fn of(transfer: Option<Transfer>) -> One {
        match transfer {
            Some(transfer) => transfer.one,
            None => |_, _, _| Err(Box::new(Stop::Undefined)),
        }
    }
    [
        of(general(2, 1)),
        of(general(3, 1)),
        of(general(2, 2)),
        of(None),
        of(vector(2, 1)),
        of(vector(3, 1)),
        of(vector(0, 3)),
        of(None),
    ]
};
