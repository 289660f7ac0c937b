//! The table of operations and types: what the verifier accepts is what a second, spelled-out list says; every accepted
//! cell has a meaning in `eval`; and the table in the README is the one that the code gives.

use ir::{
    BinaryOp, CarryOp, Effect, Entity, Extend, FloatCC, Function, InstData, IntCC, LoadKind,
    MemFacts, NarrowWidth, Opcode, OverflowOp, RmwOp, Signature, SlotData, StoreKind, SwitchTable,
    TernaryOp, TrapKind, Type, UnaryOp, Value, ValueList, VarData, VerifyRule, WideOp,
    verify_function,
};

/// An instruction over the parameters `v0`, `v1`, … of the entry block, with types to try.
struct Probe {
    data: InstData,
    /// The types of the operands.
    operands: Vec<Type>,
    results: Vec<Type>,
}

/// Whether the verifier accepts a function of this one instruction.
fn accepted(probe: &Probe) -> bool {
    check(probe).is_ok()
}

/// What the verifier says to a function of this one instruction: the rule that it breaks.
fn check(probe: &Probe) -> Result<(), VerifyRule> {
    let mut func = Function::new("probe", Signature::new(&probe.operands, &[]));
    func.slots.push(SlotData { size: 8, align: 8 });
    func.vars.push(VarData { name: String::new(), ty: Type::I64 });
    func.data.push("data".to_owned());
    let entry = func.append_block();
    for &ty in &probe.operands {
        func.append_block_param(entry, ty);
    }
    let next = func.append_block();
    let mut data = probe.data;
    match &mut data {
        InstData::Branch { then_to, else_to, .. }
        | InstData::Guard { then_to, resume: else_to, .. } => {
            *then_to = func.block_call(next, &[]);
            *else_to = *then_to;
        }
        InstData::Switch { table, .. } => {
            let default = func.block_call(next, &[]);
            *table = func.switches.push(SwitchTable { default, cases: vec![(1, default)] });
        }
        InstData::Return { args } => {
            *args = func.make_list(&[v(0)]);
            func.signature.results = func.signature.params.clone();
        }
        InstData::CallIndirect { signature, .. } | InstData::TailCallIndirect { signature, .. } => {
            *signature = func.import_signature(&Signature::default());
        }
        InstData::FuncAddr { callee } => {
            let signature = Signature::default();
            *callee = func.callees.push(ir::Callee { name: "callee".to_owned(), signature });
        }
        _ => {}
    }
    func.append_inst(entry, data, &probe.results, None);
    if !data.is_terminator() {
        let target = func.block_call(next, &[]);
        func.append_inst(entry, InstData::Jump { target }, &[], None);
    }
    func.append_inst(next, InstData::Trap { kind: TrapKind::Unreachable }, &[], None);
    verify_function(&func).map_err(|error| error.rule)
}

fn v(index: usize) -> Value {
    Value::from_index(index)
}

/// The instruction of an operation on the first parameters, or `None` if it is no matter of operand types. The flag
/// says how many operands have the type of the column.
fn instruction(op: Opcode) -> Option<(InstData, usize)> {
    let none = ir::BlockCall { block: ir::Block::from_index(0), args: ValueList::default() };
    if let Some(op) = UnaryOp::from_opcode(op) {
        return Some((InstData::Unary { op, arg: v(0) }, 1));
    }
    if let Some(op) = BinaryOp::from_opcode(op) {
        return Some((InstData::Binary { op, args: [v(0), v(1)] }, 2));
    }
    if let Some(op) = OverflowOp::from_opcode(op) {
        return Some((InstData::Overflow { op, args: [v(0), v(1)] }, 2));
    }
    if let Some(op) = CarryOp::from_opcode(op) {
        return Some((InstData::Carry { op, args: [v(0), v(1), v(2)] }, 2));
    }
    if let Some(op) = WideOp::from_opcode(op) {
        return Some((InstData::Wide { op, args: [v(0), v(1)] }, 2));
    }
    let facts = MemFacts::NONE;
    let signature = ir::SigRef::from_index(0);
    Some(match op {
        Opcode::Isplit => (InstData::Split { arg: v(0) }, 1),
        Opcode::AtomicLoad => (InstData::AtomicLoad { facts, addr: v(0) }, 0),
        Opcode::AtomicStore => (InstData::AtomicStore { facts, value: v(0), addr: v(1) }, 1),
        Opcode::AtomicRmw => {
            (InstData::AtomicRmw { op: RmwOp::Add, facts, value: v(0), addr: v(1) }, 1)
        }
        Opcode::AtomicCas => {
            (InstData::AtomicCas { facts, expected: v(0), new: v(1), addr: v(2) }, 2)
        }
        Opcode::FuncAddr => (InstData::FuncAddr { callee: ir::FuncRef::from_index(0) }, 0),
        // The column is the type of the address; results are those of the signature.
        Opcode::CallIndirect => {
            (InstData::CallIndirect { callee: v(0), signature, args: ValueList::default() }, 1)
        }
        Opcode::TailCallIndirect => {
            (InstData::TailCallIndirect { callee: v(0), signature, args: ValueList::default() }, 1)
        }
        Opcode::Iconst => (InstData::IntConst { imm: 1 }, 0),
        Opcode::Fconst => (InstData::FloatConst { bits: 1 }, 0),
        Opcode::Select => {
            (InstData::Ternary { op: TernaryOp::Select, args: [v(2), v(0), v(1)] }, 2)
        }
        Opcode::Fma => (InstData::Ternary { op: TernaryOp::Fma, args: [v(0), v(1), v(2)] }, 3),
        Opcode::Icmp => (InstData::IntCompare { cc: IntCC::Eq, args: [v(0), v(1)] }, 2),
        Opcode::Fcmp => (InstData::FloatCompare { cc: FloatCC::Eq, args: [v(0), v(1)] }, 2),
        Opcode::Load => (InstData::Load { kind: LoadKind::Full, facts, addr: v(0), offset: 0 }, 0),
        Opcode::Store => (
            InstData::Store { kind: StoreKind::Full, facts, value: v(0), addr: v(1), offset: 0 },
            1,
        ),
        Opcode::StackAddr => {
            (InstData::StackAddr { slot: ir::StackSlot::from_index(0), offset: 0 }, 0)
        }
        Opcode::DataAddr => (InstData::DataAddr { data: ir::DataRef::from_index(0), offset: 0 }, 0),
        Opcode::SliceAddr => {
            (InstData::SliceAddr { slice: v(0), index: v(1), size: Type::I64.size() }, 1)
        }
        Opcode::TrapIf => (InstData::TrapIf { cond: v(0), kind: TrapKind::Panic }, 1),
        Opcode::Branch => (InstData::Branch { cond: v(0), then_to: none, else_to: none }, 1),
        Opcode::Guard => (InstData::Guard { cond: v(0), then_to: none, resume: none }, 1),
        Opcode::Switch => {
            (InstData::Switch { index: v(0), table: ir::SwitchRef::from_index(0) }, 1)
        }
        Opcode::Return => (InstData::Return { args: ValueList::default() }, 1),
        // Their types are those of a variable or a signature, or there are none.
        _ => return None,
    })
}

/// The results after the first, which the first type of the column does not choose.
fn other_results(op: Opcode) -> &'static [Type] {
    match op {
        Opcode::Isplit => &[Type::I64],
        op if op.result_count() == Some(2) => &[Type::I8],
        _ => &[],
    }
}

/// The operands that follow those of the column's type.
fn other_operands(op: Opcode) -> &'static [Type] {
    match op {
        Opcode::Select => &[Type::I8],
        Opcode::Load | Opcode::Store | Opcode::SliceAddr => &[Type::I64],
        Opcode::AtomicLoad | Opcode::AtomicStore | Opcode::AtomicRmw | Opcode::AtomicCas => {
            &[Type::I64]
        }
        Opcode::UaddCarry | Opcode::UsubBorrow => &[Type::I8],
        _ => &[],
    }
}

/// What the verifier says to an operation on a type.
#[derive(PartialEq, Eq, Debug)]
enum Cell {
    /// These are the types that the result may have; none if there is no result to choose.
    Accepted(Vec<Type>),
    /// It refuses it, whatever the result.
    Refused(VerifyRule),
    /// The types come from elsewhere, or there are none.
    Elsewhere,
}

/// What the verifier says to operands of type `ty`, or if there are no operands with a type, to a result of type `ty`.
fn cell(op: Opcode, ty: Type) -> Cell {
    let Some((data, count)) = instruction(op) else { return Cell::Elsewhere };
    let operands = || {
        let mut operands = vec![ty; count];
        operands.extend(other_operands(op));
        operands
    };
    let check = |results| check(&Probe { data, operands: operands(), results });
    if matches!(op.result_count(), None | Some(0)) {
        return check(Vec::new()).map_or_else(Cell::Refused, |()| Cell::Accepted(Vec::new()));
    }
    let tried = if count == 0 { vec![ty] } else { Type::ALL.to_vec() };
    let with = |first: Type| std::iter::once(first).chain(other_results(op).iter().copied());
    let mut results = Vec::new();
    let mut rules = Vec::new();
    for first in tried {
        match check(with(first).collect()) {
            Ok(()) => results.push(first),
            Err(rule) => rules.push(rule),
        }
    }
    if results.is_empty() {
        // One rule, so that the cell can name it.
        rules.dedup();
        assert_eq!(rules.len(), 1, "{op} {ty}");
        return Cell::Refused(rules[0]);
    }
    assert!(rules.iter().all(|&rule| rule == VerifyRule::ResultTypes), "{op} {ty}");
    Cell::Accepted(results)
}

impl Cell {
    /// The types that the result may have, if the operation is accepted.
    fn accepted(self) -> Option<Vec<Type>> {
        match self {
            Cell::Accepted(results) => Some(results),
            Cell::Refused(_) | Cell::Elsewhere => None,
        }
    }
}

/// What a cell should be, spelled out operation by operation.
fn expected(op: Opcode, ty: Type) -> Option<Vec<Type>> {
    use Opcode::*;
    use Type::*;
    let ints = [I8, I16, I32, I64];
    let all_ints = [I8, I16, I32, I64, I128];
    let of = |good: bool, results: Vec<Type>| (good && !results.is_empty()).then_some(results);
    let others = |keep: &dyn Fn(Type) -> bool| all_ints.into_iter().filter(|&t| keep(t)).collect();
    match op {
        Iconst | Neg | Not | Add | Sub | Mul | And | Or | Xor | Shl | Lshr | Ashr => {
            of(all_ints.contains(&ty), vec![ty])
        }
        Abs | Clz | Ctz | Cls | Popcnt | Bswap | Bitrev | Smulhi | Umulhi | Sdiv | Udiv | Srem
        | Urem | Rotl | Rotr | Smin | Smax | Umin | Umax | SaddOverflow | UaddOverflow
        | SsubOverflow | UsubOverflow | SmulOverflow | UmulOverflow | UaddCarry | UsubBorrow
        | AtomicLoad | AtomicRmw | AtomicCas => of(ints.contains(&ty), vec![ty]),
        AtomicStore => ints.contains(&ty).then(Vec::new),
        Iconcat | SmulWide | UmulWide => of(ty == I64, vec![I128]),
        Isplit | SliceAddr => of(ty == I128, vec![I64]),
        CallIndirect | TailCallIndirect => (ty == I64).then(Vec::new),
        Fconst | Fneg | Fabs | Fsqrt | Fceil | Ffloor | Ftrunc | Fnearest | Fround | Fadd
        | Fsub | Fmul | Fdiv | Fmin | Fmax | Fminnum | Fmaxnum | Fcopysign | Fma => {
            of(ty == F32 || ty == F64, vec![ty])
        }
        Sext | Zext => of(all_ints.contains(&ty), others(&|t| t > ty)),
        Trunc => of(all_ints.contains(&ty), others(&|t| t < ty)),
        Fpromote => of(ty == F32, vec![F64]),
        Fdemote => of(ty == F64, vec![F32]),
        SintToFloat | UintToFloat => of(ints.contains(&ty), vec![F32, F64]),
        FloatToSintSat | FloatToUintSat | FloatToSint | FloatToUint => {
            of(ty == F32 || ty == F64, ints.to_vec())
        }
        Bitcast => match ty {
            I32 => Some(vec![F32]),
            I64 => Some(vec![F64]),
            F32 => Some(vec![I32]),
            F64 => Some(vec![I64]),
            _ => None,
        },
        Icmp => of(all_ints.contains(&ty), vec![I8]),
        Fcmp => of(ty == F32 || ty == F64, vec![I8]),
        Select | Load => Some(vec![ty]),
        StackAddr | DataAddr | FuncAddr => of(ty == I64, vec![I64]),
        Store | Return => Some(Vec::new()),
        TrapIf | Branch | Guard | Switch => ints.contains(&ty).then(Vec::new),
        VarGet | VarSet | Call | TailCall | Fence | Jump | Trap => None,
    }
}

#[test]
fn the_verifier_accepts_what_the_list_says() {
    let mut cells = 0;
    for &op in Opcode::ALL {
        for ty in Type::ALL {
            assert_eq!(cell(op, ty).accepted(), expected(op, ty), "{op} {ty}");
            cells += 1;
        }
    }
    assert_eq!(cells, Opcode::ALL.len() * Type::ALL.len());
}

/// An instruction as the cell that it is a use of: operation with its variant, column, result.
type Use = (String, Option<Type>, Option<Type>);

/// What the cells of an operation are called, one name for each condition, operation on memory or width.
fn variants(op: Opcode, ty: Type) -> Vec<String> {
    let words = |words: Vec<&str>| words.iter().map(|word| format!("{op} {word}")).collect();
    let widths = [NarrowWidth::W8, NarrowWidth::W16, NarrowWidth::W32];
    let narrow = widths.into_iter().filter(|w| ty.is_word_int() && w.as_type().bits() < ty.bits());
    match op {
        Opcode::Icmp => words(IntCC::ALL.iter().map(|cc| cc.name()).collect()),
        Opcode::Fcmp => words(FloatCC::ALL.iter().map(|cc| cc.name()).collect()),
        Opcode::AtomicRmw => words(RmwOp::ALL.iter().map(|op| op.name()).collect()),
        Opcode::Load => narrow
            .flat_map(|w| [Extend::Zero, Extend::Sign].map(|e| LoadKind::Narrow(w, e)))
            .chain([LoadKind::Full])
            .map(|kind| format!("{op}{kind}"))
            .collect(),
        Opcode::Store => narrow
            .map(StoreKind::Narrow)
            .chain([StoreKind::Full])
            .map(|kind| format!("{op}{kind}"))
            .collect(),
        _ => vec![op.to_string()],
    }
}

/// The cells that an instruction uses.
fn uses(func: &Function, inst: ir::Inst) -> Vec<Use> {
    let data = *func.inst(inst);
    let op = data.opcode();
    let result = func.result(inst).map(|value| func.value_type(value));
    let column = match data {
        InstData::Unary { arg, .. }
        | InstData::Split { arg }
        | InstData::SliceAddr { slice: arg, .. } => Some(arg),
        InstData::Binary { args: [a, _], .. }
        | InstData::Overflow { args: [a, _], .. }
        | InstData::Wide { args: [a, _], .. }
        | InstData::Carry { args: [a, _, _], .. }
        | InstData::IntCompare { args: [a, _], .. }
        | InstData::FloatCompare { args: [a, _], .. }
        | InstData::Ternary { op: TernaryOp::Select, args: [_, a, _] }
        | InstData::Ternary { op: TernaryOp::Fma, args: [a, _, _] } => Some(a),
        InstData::Store { value, .. }
        | InstData::AtomicStore { value, .. }
        | InstData::AtomicRmw { value, .. }
        | InstData::AtomicCas { new: value, .. } => Some(value),
        InstData::CallIndirect { callee, .. } | InstData::TailCallIndirect { callee, .. } => {
            return vec![(op.to_string(), Some(func.value_type(callee)), None)];
        }
        InstData::TrapIf { cond, .. }
        | InstData::Branch { cond, .. }
        | InstData::Guard { cond, .. } => Some(cond),
        InstData::Switch { index, .. } => Some(index),
        InstData::Return { args } => {
            let types = func.list(args).iter().map(|&value| func.value_type(value));
            return types.map(|ty| (op.to_string(), Some(ty), None)).collect();
        }
        _ => None,
    };
    let column = column.map(|value| func.value_type(value));
    match data {
        InstData::IntCompare { cc, .. } => vec![(format!("{op} {cc}"), column, result)],
        InstData::FloatCompare { cc, .. } => vec![(format!("{op} {cc}"), column, result)],
        InstData::AtomicRmw { op: rmw, .. } => vec![(format!("{op} {rmw}"), column, result)],
        InstData::Load { kind, .. } => vec![(format!("{op}{kind}"), result, result)],
        InstData::Store { kind, .. } => vec![(format!("{op}{kind}"), column, result)],
        _ if instruction(op).is_none() => vec![(op.to_string(), None, None)],
        // Without operands, the column is that of the result.
        _ => vec![(op.to_string(), column.or(result), result)],
    }
}

/// What the functions use that the run lines of a text call, and those that they name in turn.
fn uses_of_run_lines(text: &str) -> Vec<Use> {
    let module = ir::parse::module(text).unwrap();
    let calls = text.lines().filter_map(|line| line.strip_prefix("; run: @")?.split_once('('));
    let mut names: Vec<&str> = calls.map(|(name, _)| name).collect();
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    while let Some(name) = names.pop() {
        let Some(func) = module.functions.get(name).filter(|_| seen.insert(name)) else { continue };
        for &inst in func.layout().iter().flat_map(|&block| func.block_insts(block)) {
            found.extend(uses(func, inst));
            let named = func.inst(inst).names_function();
            names.extend(named.map(|callee| func.callees[callee].name.as_str()));
        }
    }
    found
}

/// Every accepted cell is in a function that a run line of `testkit::matrix` calls, which is checked on every engine.
#[test]
fn every_accepted_cell_is_run() {
    let mut used = std::collections::BTreeSet::new();
    let mut lines = 0;
    for file in testkit::matrix::files() {
        lines += file.text.matches("; run: @").count();
        used.extend(uses_of_run_lines(&file.text));
    }
    let (mut accepted, mut refused, mut wanted) = (0, 0, std::collections::BTreeSet::new());
    for &op in Opcode::ALL {
        for ty in Type::ALL {
            let results = match cell(op, ty) {
                Cell::Accepted(results) => results,
                Cell::Refused(_) => {
                    refused += 1;
                    continue;
                }
                Cell::Elsewhere => {
                    wanted.insert((op.to_string(), None, None));
                    continue;
                }
            };
            accepted += 1;
            for name in variants(op, ty) {
                let results = results.iter().copied().map(Some);
                let results = if results.len() == 0 { vec![None] } else { results.collect() };
                wanted.extend(results.into_iter().map(|result| (name.clone(), Some(ty), result)));
            }
        }
    }
    println!(
        "{accepted} cells accepted, {refused} refused; with conditions, widths and results {} cells, which {lines} run lines use",
        wanted.len()
    );
    let missing: Vec<_> = wanted.difference(&used).collect();
    assert!(missing.is_empty(), "{} cells without a run line: {missing:?}", missing.len());
    assert!(lines >= 1500);
}

/// Operands of different types are refused, whatever the result.
#[test]
fn operands_of_different_types_are_refused() {
    for &op in Opcode::ALL {
        let Some((data, count @ 2..)) = instruction(op) else { continue };
        for first in Type::ALL {
            for second in Type::ALL.into_iter().filter(|&ty| ty != first) {
                for wrong in 0..count {
                    let mut operands = vec![first; count];
                    operands[wrong] = second;
                    operands.extend(other_operands(op));
                    for result in Type::ALL {
                        let mut results = vec![result];
                        results.extend(other_results(op));
                        let probe = Probe { data, operands: operands.clone(), results };
                        assert!(!accepted(&probe), "{op} {:?} {result}", probe.operands);
                    }
                }
            }
        }
    }
}

/// Addresses are `i64`, the condition of `select` is any integer, narrow accesses are narrower than an integer.
#[test]
fn the_other_operands_have_their_types() {
    let select = InstData::Ternary { op: TernaryOp::Select, args: [v(0), v(1), v(1)] };
    let facts = MemFacts::NONE;
    for ty in Type::ALL {
        let probe = Probe { data: select, operands: vec![ty, Type::F32], results: vec![Type::F32] };
        assert_eq!(accepted(&probe), ty.is_word_int());
        let data = InstData::Load { kind: LoadKind::Full, facts, addr: v(0), offset: 0 };
        let probe = Probe { data, operands: vec![ty], results: vec![Type::I8] };
        assert_eq!(accepted(&probe), ty == Type::I64);
        for width in [NarrowWidth::W8, NarrowWidth::W16, NarrowWidth::W32] {
            let narrower = match width {
                NarrowWidth::W8 => matches!(ty, Type::I16 | Type::I32 | Type::I64),
                NarrowWidth::W16 => matches!(ty, Type::I32 | Type::I64),
                NarrowWidth::W32 => ty == Type::I64,
            };
            for extend in [Extend::Sign, Extend::Zero] {
                let kind = LoadKind::Narrow(width, extend);
                let data = InstData::Load { kind, facts, addr: v(0), offset: 0 };
                let probe = Probe { data, operands: vec![Type::I64], results: vec![ty] };
                assert_eq!(accepted(&probe), narrower, "{kind:?} {ty}");
            }
            let kind = StoreKind::Narrow(width);
            let data = InstData::Store { kind, facts, value: v(1), addr: v(0), offset: 0 };
            let probe = Probe { data, operands: vec![Type::I64, ty], results: Vec::new() };
            assert_eq!(accepted(&probe), narrower, "{kind:?} {ty}");
        }
    }
}

/// The bits of the results of an operation that has an `i128` among its types.
fn wide_meaning(data: &InstData, operand: Type, result: Type, words: &[u128]) -> Option<u128> {
    use ir::eval::wide;
    match (*data, words) {
        (InstData::IntConst { imm }, _) => Some(wide::constant(imm)),
        (InstData::Unary { op, .. }, &[a]) if operand != Type::I128 => {
            wide::widen(op, operand, a as u64)
        }
        (InstData::Unary { op: UnaryOp::Trunc, .. }, &[a]) => Some(wide::narrow(result, a).into()),
        (InstData::Unary { op, .. }, &[a]) => wide::unary(op, a),
        (InstData::Binary { op, .. }, &[a, b]) => wide::binary(op, a, b),
        (InstData::IntCompare { cc, .. }, &[a, b]) => Some(wide::icmp(cc, a, b).into()),
        (InstData::Ternary { op: TernaryOp::Select, .. }, &[c, a, b]) => {
            Some(if c != 0 { a } else { b })
        }
        (InstData::Wide { op, .. }, &[a, b]) => Some(wide::double(op, a as u64, b as u64)),
        (InstData::Split { .. }, &[a]) => Some(wide::split(a).0.into()),
        _ => None,
    }
}

/// Every accepted cell of an operation without side effects has a meaning, whose result stays within its type.
#[test]
fn every_accepted_cell_has_a_meaning() {
    let mut random = testkit::Random::new(7);
    let mut cells = 0;
    for &op in Opcode::ALL {
        if !matches!(op.info().effect, Effect::Pure | Effect::MayTrap)
            || matches!(
                op,
                Opcode::StackAddr
                    | Opcode::DataAddr
                    | Opcode::SliceAddr
                    | Opcode::FuncAddr
                    | Opcode::TrapIf
            )
        {
            continue;
        }
        let (data, count) = instruction(op).unwrap();
        for ty in Type::ALL {
            for result in cell(op, ty).accepted().unwrap_or_default() {
                cells += 1;
                for _ in 0..50 {
                    let mut words: Vec<u64> = (0..count).map(|_| random.word(ty)).collect();
                    if op == Opcode::Select {
                        words.insert(0, random.word(Type::I8));
                    }
                    let fits = |word: u64| {
                        assert_eq!(word & !result.mask(), 0, "{op} {ty} {result}");
                    };
                    match (data, ir::eval::inst(&data, ty, result, &words)) {
                        (InstData::Overflow { op, .. }, _) => {
                            fits(ir::eval::overflow(op, ty, words[0], words[1]).0);
                        }
                        (InstData::Carry { op, .. }, _) => {
                            for carry in [false, true] {
                                fits(ir::eval::carry(op, ty, words[0], words[1], carry).0);
                            }
                        }
                        (_, Some(Ok(word))) => fits(word),
                        (_, Some(Err(_))) => {
                            assert_eq!(op.info().effect, Effect::MayTrap, "{op}");
                        }
                        (_, None) => {
                            assert!(ty == Type::I128 || result == Type::I128, "{op} {ty}");
                            let words: Vec<u128> = words.into_iter().map(u128::from).collect();
                            let meaning = wide_meaning(&data, ty, result, &words);
                            assert!(meaning.is_some(), "{op} {ty} has no meaning");
                        }
                    }
                }
            }
        }
    }
    assert_eq!(cells, 308, "cells of the matrix; change the number with the table");
}

/// The table of the README.
fn table() -> String {
    let mut text =
        String::from("| operation | i8 | i16 | i32 | i64 | i128 | f32 | f64 | meaning |\n");
    text.push_str("|---|---|---|---|---|---|---|---|---|\n");
    for &op in Opcode::ALL {
        text.push_str(&format!("| `{op}` |"));
        for ty in Type::ALL {
            let shown = match cell(op, ty) {
                Cell::Elsewhere => String::new(),
                Cell::Refused(rule) => format!(" {rule}"),
                Cell::Accepted(results) if results.is_empty() || results == [ty] => " ✓".to_owned(),
                Cell::Accepted(results) => results.iter().map(|ty| format!(" {ty}")).collect(),
            };
            text.push_str(&format!("{shown} |"));
        }
        text.push_str(&format!(" {} |\n", op.info().doc));
    }
    let cells = || Opcode::ALL.iter().flat_map(|&op| Type::ALL.map(|ty| cell(op, ty)));
    let accepted = cells().filter(|cell| matches!(cell, Cell::Accepted(_))).count();
    let refused = cells().filter(|cell| matches!(cell, Cell::Refused(_))).count();
    text.push_str(&format!("\n{accepted} cells are accepted, {refused} refused.\n"));
    text
}

#[test]
fn the_readme_has_the_table() {
    const START: &str = "<!-- table: start -->\n";
    const END: &str = "<!-- table: end -->";
    let readme = std::fs::read_to_string("README.md").unwrap();
    let (before, rest) = readme.split_once(START).unwrap();
    let (old, after) = rest.split_once(END).unwrap();
    let new = table();
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write("README.md", format!("{before}{START}{new}{END}{after}")).unwrap();
        return;
    }
    assert!(old == new, "the table is old; run UPDATE_README=1 cargo test -p ir --test matrix");
}

/// The README names every code of the reader and the verifier, and its example is a good module.
#[test]
fn the_readme_is_true() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    for code in ir::ParseCode::ALL {
        let row = format!("| `{code}` | {} |", code.doc());
        assert!(readme.contains(&row), "missing: {row}");
    }
    for rule in ir::VerifyRule::ALL {
        let row = format!("| `{rule}` | {} |", rule.doc());
        assert!(readme.contains(&row), "missing: {row}");
    }
    let mut examples = 0;
    for part in readme.split("```text\n").skip(1) {
        let (example, _) = part.split_once("```").unwrap();
        if !example.contains("fn @") {
            continue;
        }
        let module = ir::parse::module(example).unwrap();
        ir::verify_module(&module).unwrap();
        examples += 1;
    }
    assert_eq!(examples, 1);
}
