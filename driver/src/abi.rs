//! Where arguments and results of a call into machine code are (AAPCS64): eight integer registers, eight float
//! registers, then the stack.

use codegen::CallConv;
use ir::{Signature, Type};

/// Registers that carry arguments and results, of either class.
pub(crate) const PARAM_REGS: usize = 8;
/// What an argument takes on the stack, and what `sp` is counted in.
const WORD: usize = 8;

/// The arguments of a call, by place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub(crate) ints: [u64; PARAM_REGS],
    pub(crate) floats: [u64; PARAM_REGS],
    pub(crate) stack: Vec<u64>,
}

/// Puts arguments where the callee looks for them, extended as the signature says.
pub(crate) fn place(signature: &Signature, bits: &[u64], conv: CallConv) -> Places {
    let mut places = Places::default();
    let (mut ints, mut floats) = (0, 0);
    let mut stack: Vec<u8> = Vec::new();
    for (param, &bits) in signature.params.iter().zip(bits) {
        let ty = param.ty;
        let bits = bits & ty.mask();
        let bits = param.extend.map_or(bits, |extend| ir::eval::extended(extend, ty, bits));
        let (used, registers) = if ty.is_float() {
            (&mut floats, &mut places.floats)
        } else {
            (&mut ints, &mut places.ints)
        };
        if *used < PARAM_REGS {
            registers[*used] = bits;
            *used += 1;
        } else {
            let size = match conv {
                CallConv::Apple => ty.bytes() as usize,
                _ => WORD,
            };
            stack.resize(stack.len().next_multiple_of(size), 0);
            stack.extend_from_slice(&bits.to_le_bytes()[..size]);
        }
    }
    stack.resize(stack.len().next_multiple_of(WORD), 0);
    for word in stack.chunks_exact(WORD) {
        let mut bytes = [0; WORD];
        bytes.copy_from_slice(word);
        places.stack.push(u64::from_le_bytes(bytes));
    }
    places
}

/// The results, in order; bits above each type are zero.
pub(crate) fn results(
    types: impl Iterator<Item = Type>,
    ints: &[u64],
    floats: &[u64],
    results: &mut Vec<u64>,
) {
    let (mut ints, mut floats) = (ints.iter(), floats.iter());
    for ty in types {
        let registers = if ty.is_float() { &mut floats } else { &mut ints };
        // The compiler refuses functions with more results than there are registers.
        results.push(registers.next().copied().unwrap_or_default() & ty.mask());
    }
}

/// The arguments of a call from machine code, gathered: the reverse of [`place`] for the plain standard, which is what
/// simulated code follows. `int`, `float` and `stack` read the numbered register or stack word.
pub(crate) fn gather(
    signature: &Signature,
    int: impl Fn(usize) -> u64,
    float: impl Fn(usize) -> u64,
    stack: impl Fn(usize) -> u64,
) -> Vec<u64> {
    let (mut ints, mut floats, mut words) = (0, 0, 0);
    let mut next = |used: &mut usize, register: &dyn Fn(usize) -> u64| {
        *used += 1;
        if *used <= PARAM_REGS {
            register(*used - 1)
        } else {
            words += 1;
            stack(words - 1)
        }
    };
    signature
        .param_types()
        .map(|ty| {
            let bits =
                if ty.is_float() { next(&mut floats, &float) } else { next(&mut ints, &int) };
            bits & ty.mask()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_beyond_the_registers_go_to_the_stack_in_order() {
        let mut types = vec![Type::I64; 9];
        types.extend([Type::F64; 9]);
        types.extend([Type::I8, Type::I8]);
        let signature = Signature::new(&types, &[]);
        let bits: Vec<u64> = (1..=20).collect();
        let places = place(&signature, &bits, CallConv::Aapcs64);
        assert_eq!(places.ints, [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(places.floats, [10, 11, 12, 13, 14, 15, 16, 17]);
        assert_eq!(places.stack, [9, 18, 19, 20]);
        let back =
            gather(&signature, |n| places.ints[n], |n| places.floats[n], |n| places.stack[n]);
        assert_eq!(back, bits);
        let apple = place(&signature, &bits, CallConv::Apple);
        assert_eq!(apple.stack, [9, 18, 20 << 8 | 19]);
    }
}
