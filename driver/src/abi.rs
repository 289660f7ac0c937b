//! Arguments and results of a call into machine code, in the places that `codegen` gives them (AAPCS64), for simulators.

use codegen::{ArgAssigner, ArgPlace, CallConv};
use ir::{AbiParam, Signature, Type};
use regalloc::{PReg, RegClass};

use crate::value::Words;

/// Registers that carry arguments and results, of either class.
pub(crate) const PARAM_REGS: usize = 8;
/// Bytes of a word of the stack.
pub(crate) const WORD: usize = 8;

/// The arguments of a call, by place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub(crate) ints: [u64; PARAM_REGS],
    pub(crate) floats: [u64; PARAM_REGS],
    pub(crate) stack: Vec<u64>,
}

impl Places {
    fn register(&mut self, reg: PReg) -> &mut u64 {
        let registers = match reg.class() {
            RegClass::Int => &mut self.ints,
            RegClass::Float => &mut self.floats,
        };
        &mut registers[usize::from(reg.index())]
    }
}

/// The bits of a value as a register holds them, extended as the signature says.
pub(crate) fn extended(param: AbiParam, bits: u64) -> u64 {
    let bits = bits & param.ty.mask();
    param.extend.map_or(bits, |extend| ir::eval::extended(extend, param.ty, bits))
}

/// The words of values, each alone: of an `i128` both, of the others one.
pub(crate) fn flat(signature: &Signature, values: &[Words]) -> Vec<u64> {
    let words = |(ty, &[low, high]): (Type, &Words)| {
        std::iter::once(low).chain((ty == Type::I128).then_some(high))
    };
    signature.param_types().zip(values).flat_map(words).collect()
}

/// Puts words where a simulated callee looks for them, extended as its signature, which has no `i128`, says.
pub(crate) fn place(signature: &Signature, bits: &[u64]) -> Places {
    let mut places = Places::default();
    let mut assigner = ArgAssigner::new(CallConv::Aapcs64);
    for (&param, &bits) in signature.params.iter().zip(bits) {
        let bits = extended(param, bits);
        match assigner.next(param.ty) {
            ArgPlace::Reg(reg) => *places.register(reg) = bits,
            // Each has a word of its own.
            ArgPlace::Stack(_) => places.stack.push(bits),
        }
    }
    places
}

/// The results, from the registers and the memory that a call leaves.
pub(crate) fn results(
    signature: &Signature,
    ints: &[u64],
    floats: &[u64],
    memory: &[u64],
    results: &mut [Words],
) {
    let mut assigner = ArgAssigner::new(CallConv::Aapcs64);
    let mut next = |ty: Type| {
        let word = match assigner.next(ty) {
            ArgPlace::Reg(reg) => {
                let registers = if ty.is_float() { floats } else { ints };
                registers[usize::from(reg.index())]
            }
            ArgPlace::Stack(offset) => memory[offset as usize / WORD],
        };
        word & ty.mask()
    };
    for (ty, words) in signature.result_types().zip(results) {
        *words = match ty {
            Type::I128 => [next(Type::I64), next(Type::I64)],
            ty => [next(ty), 0],
        };
    }
}

/// Words of memory that the results of a signature, which has no `i128`, take beyond the registers.
pub(crate) fn result_words(signature: &Signature) -> usize {
    let mut assigner = ArgAssigner::new(CallConv::Aapcs64);
    for ty in signature.result_types() {
        assigner.next(ty);
    }
    assigner.used_bytes() as usize / WORD
}

/// The arguments of a call from simulated code, gathered with `read`: the reverse of [`place`] for the plain standard.
///
/// # Errors
/// Those of `read`.
pub(crate) fn gather<E>(
    signature: &Signature,
    mut read: impl FnMut(ArgPlace) -> Result<u64, E>,
) -> Result<Vec<u64>, E> {
    let mut assigner = ArgAssigner::new(CallConv::Aapcs64);
    signature.param_types().map(|ty| Ok(read(assigner.next(ty))? & ty.mask())).collect()
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
        let places = place(&signature, &bits);
        assert_eq!(places.ints, [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(places.floats, [10, 11, 12, 13, 14, 15, 16, 17]);
        assert_eq!(places.stack, [9, 18, 19, 20]);
        let back: Result<_, ()> = gather(&signature, |place| {
            Ok(match place {
                ArgPlace::Reg(reg) => *places.clone().register(reg),
                ArgPlace::Stack(offset) => places.stack[offset as usize / WORD],
            })
        });
        assert_eq!(back, Ok(bits.clone()));
    }

    #[test]
    fn narrow_values_are_extended_and_cut() {
        use ir::Extend;
        let dirty = 0xabcd_ef01_89ab_cdef;
        let check = |ty: Type, extend, passed: u64, taken: u64| {
            let param = AbiParam { extend, ..AbiParam::from(ty) };
            let signature = Signature { params: vec![param], results: vec![param] };
            assert_eq!(place(&signature, &[dirty]).ints[0], passed, "{param}");
            // Nobody else has cut what comes out of a register.
            let mut out = [[0; 2]];
            results(&signature, &[dirty; PARAM_REGS], &[0; PARAM_REGS], &[], &mut out);
            assert_eq!(out, [[taken, 0]], "{param}");
            assert_eq!(gather(&signature, |_| Ok::<_, ()>(dirty)), Ok(vec![taken]), "{param}");
        };
        check(Type::I8, None, 0xef, 0xef);
        check(Type::I8, Some(Extend::Zero), 0xef, 0xef);
        // To the whole register, of which C looks at half.
        check(Type::I8, Some(Extend::Sign), 0xffff_ffff_ffff_ffef, 0xef);
        check(Type::I16, Some(Extend::Sign), 0xffff_ffff_ffff_cdef, 0xcdef);
        check(Type::I16, Some(Extend::Zero), 0xcdef, 0xcdef);
        check(Type::I32, Some(Extend::Sign), 0xffff_ffff_89ab_cdef, 0x89ab_cdef);
        check(Type::I64, None, dirty, dirty);
    }
}
