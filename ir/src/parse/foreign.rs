//! Names that other intermediate representations have for operations, so that whoever comes from one finds ours.

/// What to write instead of an operation of LLVM's, Cranelift's, QBE's or WebAssembly's text form.
pub(super) fn instead(word: &str) -> Option<String> {
    // A type as a suffix, such as `iconst.i64`: here it stands after the result.
    if let Some((name, suffix)) = word.split_once('.')
        && crate::Type::ALL.iter().any(|ty| ty.name() == suffix)
    {
        let name = ours(name).unwrap_or(name);
        return Some(format!("the type stands after the result: `v0: {suffix} = {name} …`"));
    }
    match word {
        "phi" => Some("values meet in parameters of blocks: `block1(v1: i64):`".to_owned()),
        "alloca" | "stack_slot" | "alloc4" | "alloc8" | "alloc16" => Some(
            "declare a slot before the blocks, `slot0: size 8, align 8`, and take its `stack_addr`"
                .to_owned(),
        ),
        "getelementptr" => {
            Some("addresses are i64: `add`, `mul` and the offset of a load".to_owned())
        }
        "copy" | "mov" | "move" => Some("use the value itself".to_owned()),
        "nop" => Some("leave the line out".to_owned()),
        _ => ours(word).map(|op| format!("here it is `{op}`")),
    }
}

fn ours(word: &str) -> Option<&'static str> {
    FOREIGN.iter().find(|(names, _)| names.contains(&word)).map(|&(_, op)| op)
}

const FOREIGN: &[(&[&str], &str)] = &[
    (&["br", "brif", "brnz", "brz", "cbr", "jnz", "br_if"], "branch"),
    (&["jmp", "goto"], "jump"),
    (&["br_table", "jump_table"], "switch"),
    (&["return"], "ret"),
    (&["return_call"], "tail_call"),
    (&["return_call_indirect"], "tail_call_indirect"),
    (&["trapnz"], "trap_if"),
    (&["const"], "iconst"),
    (&["f32const", "f64const"], "fconst"),
    (&["iadd", "iadd_imm"], "add"),
    (&["isub"], "sub"),
    (&["imul", "imul_imm"], "mul"),
    (&["ineg"], "neg"),
    (&["iabs"], "abs"),
    (&["div", "div_s"], "sdiv"),
    (&["div_u"], "udiv"),
    (&["rem", "mod", "rem_s"], "srem"),
    (&["rem_u"], "urem"),
    (&["band"], "and"),
    (&["bor"], "or"),
    (&["bxor"], "xor"),
    (&["bnot"], "not"),
    (&["ishl", "lsl"], "shl"),
    (&["ushr", "shr", "shr_u", "lsr"], "lshr"),
    (&["sshr", "sar", "shr_s", "asr"], "ashr"),
    (&["ror"], "rotr"),
    (&["rol"], "rotl"),
    (&["cmp", "icmp_imm"], "icmp"),
    (&["sextend", "sign_extend", "extsw"], "sext"),
    (&["uextend", "zero_extend", "extuw"], "zext"),
    (&["ireduce", "wrap"], "trunc"),
    (&["ctlz"], "clz"),
    (&["cttz"], "ctz"),
    (&["ctpop"], "popcnt"),
    (&["bitreverse"], "bitrev"),
    (&["sqrt"], "fsqrt"),
    (&["ceil"], "fceil"),
    (&["floor"], "ffloor"),
    (&["nearest"], "fnearest"),
    (&["fpext"], "fpromote"),
    (&["fptrunc"], "fdemote"),
    (&["sitofp", "fcvt_from_sint", "swtof", "sltof"], "sint_to_float"),
    (&["uitofp", "fcvt_from_uint", "uwtof", "ultof"], "uint_to_float"),
    (&["fptosi", "fcvt_to_sint", "stosi", "dtosi"], "float_to_sint"),
    (&["fptoui", "fcvt_to_uint", "stoui", "dtoui"], "float_to_uint"),
    (&["fcvt_to_sint_sat"], "float_to_sint_sat"),
    (&["fcvt_to_uint_sat"], "float_to_uint_sat"),
    (&["cmpxchg", "atomicrmw_cas"], "atomic_cas"),
    (&["atomicrmw"], "atomic_rmw"),
    (&["symbol_value", "global_value"], "data_addr"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Opcode;

    #[test]
    fn what_is_named_exists_and_what_is_foreign_does_not() {
        for (names, op) in FOREIGN {
            assert!(Opcode::from_name(op).is_some(), "{op}");
            assert!(names.iter().all(|name| Opcode::from_name(name).is_none()), "{names:?}");
        }
        let counted: std::collections::HashSet<_> =
            FOREIGN.iter().flat_map(|(names, _)| *names).collect();
        assert_eq!(counted.len(), FOREIGN.iter().map(|(names, _)| names.len()).sum::<usize>());
    }

    #[test]
    fn a_suffix_of_a_type_is_told() {
        let told = instead("iconst.i64").unwrap();
        assert_eq!(told, "the type stands after the result: `v0: i64 = iconst …`");
        assert_eq!(instead("ishl").unwrap(), "here it is `shl`");
        assert_eq!(instead("frobnicate"), None);
    }
}
