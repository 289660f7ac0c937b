//! Rules that no text can break, because the reader keeps them: one test each. The others are the files of
//! `tests/refused`.

use super::*;
use crate::build::{BuildError, FunctionBuilder};
use crate::inst::BlockCall;
use crate::module::{DataAddress, DataObject, Module};
use crate::opcode::BinaryOp;
use crate::trap::TrapKind;
use crate::words::IntCC;

/// `block0(v0: i64, v1: i64): v3 = add v0, v1; jump block1(v3)`, `block1(v2: i64): ret v2`
fn sample() -> Function {
    let b = FunctionBuilder::new("sample");
    let (x, y) = (b.param(Type::I64), b.param(Type::I64));
    let next = b.block("");
    let param = b.block_param(next, Type::I64);
    let sum = b.add(x, y);
    b.returns(&[Type::I64.into()]);
    b.jump_with(next, sum);
    b.switch_to(next);
    b.ret(param);
    b.finish().unwrap()
}

fn block(index: usize) -> Block {
    Block::from_index(index)
}

fn value(index: usize) -> Value {
    Value::from_index(index)
}

fn refused(func: &Function, rule: VerifyRule, words: &str) {
    let error = verify_function(func).unwrap_err();
    assert_eq!(error.rule, rule, "{error}");
    let error = error.to_string();
    assert!(error.contains(words), "wanted `{words}`, found `{error}`");
    // A broken function can be shown.
    let shown = verify_function(func).unwrap_err().in_context(func);
    assert!(shown.contains(words), "{shown}");
}

#[test]
fn the_sample_is_good() {
    assert_eq!(verify_function(&sample()), Ok(()));
}

#[test]
fn layout_names_blocks_once() {
    let mut func = sample();
    func.set_layout(vec![block(0), block(1), block(1)]);
    refused(&func, VerifyRule::Layout, "the block is in the layout twice");
    func.set_layout(vec![block(0), block(9)]);
    refused(&func, VerifyRule::Layout, "the layout names block9, which does not exist");
}

#[test]
fn branches_go_to_blocks_of_the_layout() {
    let mut func = sample();
    func.set_layout(vec![block(0)]);
    refused(&func, VerifyRule::Entities, "block1 is not a block of this function");
}

#[test]
fn instructions_exist_and_have_one_place() {
    let mut func = sample();
    let mut insts = func.take_block_insts(block(0));
    insts.insert(0, insts[0]);
    func.set_block_insts(block(0), insts);
    refused(&func, VerifyRule::Places, "the add is also in block0");
    func.set_block_insts(block(0), vec![Inst::from_index(99)]);
    refused(&func, VerifyRule::Places, "the block holds inst99, which does not exist");
}

#[test]
fn values_are_of_this_function_and_defined() {
    let mut func = sample();
    let sum = func.block_insts(block(0))[0];
    let data = |a, b| InstData::Binary { op: BinaryOp::Add, args: [value(a), value(b)] };
    func.replace(sum, data(0, 77));
    refused(&func, VerifyRule::Values, "v77 is not a value of this function");
    let detached = func.detached_value(Type::I64);
    func.replace(sum, data(0, detached.index()));
    refused(
        &func,
        VerifyRule::Values,
        "is used, but what defined it is no longer part of the function",
    );
    // The same of a parameter whose block was only taken out of the layout.
    let mut func = sample();
    let insts = func.block_insts(block(0)).to_vec();
    func.replace(insts[0], data(0, 2));
    func.replace(insts[1], InstData::Trap { kind: TrapKind::Unreachable });
    func.set_layout(vec![block(0)]);
    refused(
        &func,
        VerifyRule::Values,
        "v2 is used, but what defined it is no longer part of the function",
    );
    // The same if the instruction was only taken out of its block.
    let mut func = sample();
    let insts = func.take_block_insts(block(0));
    func.set_block_insts(block(0), vec![insts[1]]);
    refused(
        &func,
        VerifyRule::Values,
        "v3 is used, but what defined it is no longer part of the function",
    );
}

#[test]
fn definitions_say_where_they_stand() {
    let mut func = sample();
    func.attach_block_param(block(1), value(0));
    refused(&func, VerifyRule::Params, "v0 is not parameter 0 of the block");
    let mut func = sample();
    let data = InstData::IntConst { imm: 1 };
    let again = func.create_inst_with(data, &[value(3)], None);
    let mut insts = func.take_block_insts(block(0));
    insts.insert(1, again);
    func.set_block_insts(block(0), insts);
    refused(&func, VerifyRule::Results, "v3 is not result 0 of this add");
}

#[test]
fn operations_have_their_number_of_results() {
    let mut func = sample();
    let data = InstData::IntConst { imm: 1 };
    let inst = func.create_inst(data, &[Type::I64, Type::I64], None);
    let mut insts = func.take_block_insts(block(0));
    insts.insert(0, inst);
    func.set_block_insts(block(0), insts.clone());
    refused(&func, VerifyRule::Results, "iconst has 2 results, but its operation has 1");
    insts[0] = func.create_inst(data, &[], None);
    func.set_block_insts(block(0), insts);
    refused(&func, VerifyRule::Results, "iconst has 0 results, but its operation has 1");
}

#[test]
fn what_is_named_exists() {
    use crate::entity::{DataRef, FuncRef, SigRef, StackSlot, Var};
    let wrong = |data: InstData, results: &[Type], words: &str| {
        let mut func = sample();
        let inst = func.create_inst(data, results, None);
        let mut insts = func.take_block_insts(block(0));
        insts.insert(0, inst);
        func.set_block_insts(block(0), insts);
        refused(&func, VerifyRule::Entities, words);
    };
    let slot = StackSlot::from_index(5);
    wrong(InstData::StackAddr { slot, offset: 0 }, &[Type::I64], "slot5 does not exist");
    let data = DataRef::from_index(5);
    wrong(InstData::DataAddr { data, offset: 0 }, &[Type::I64], "data5 does not exist");
    let var = Var::from_index(5);
    wrong(InstData::VarGet { var }, &[Type::I64], "var5 does not exist");
    wrong(InstData::VarSet { var, value: value(0) }, &[], "var5 does not exist");
    let (callee, args) = (FuncRef::from_index(5), ValueList::default());
    wrong(InstData::Call { callee, args }, &[], "fn5 does not exist");
    wrong(InstData::FuncAddr { callee }, &[Type::I64], "fn5 does not exist");
    let (callee, signature) = (value(0), SigRef::from_index(5));
    let call = InstData::CallIndirect { callee, signature, args };
    wrong(call, &[], "the signature of the call does not exist");

    let mut func = sample();
    let jump = func.block_insts(block(0))[1];
    let table = SwitchRef::from_index(5);
    func.replace(jump, InstData::Switch { index: value(0), table });
    refused(&func, VerifyRule::Entities, "switch5 does not exist");
}

#[test]
fn lists_are_of_this_function() {
    let mut other = Function::new("other", Signature::default());
    let list = other.make_list(&[value(0); 500]);
    let mut func = sample();
    let jump = func.block_insts(block(0))[1];
    func.replace(jump, InstData::Jump { target: BlockCall { block: block(1), args: list } });
    refused(&func, VerifyRule::Values, "a list of values belongs to another function");
}

#[test]
fn constants_fit_their_type() {
    let wrong = |data, ty: Type, words: &str| {
        let mut func = sample();
        let inst = func.create_inst(data, &[ty], None);
        let mut insts = func.take_block_insts(block(0));
        insts.insert(0, inst);
        func.set_block_insts(block(0), insts);
        refused(&func, VerifyRule::Constants, words);
    };
    wrong(InstData::IntConst { imm: 255 }, Type::I8, "255 is not a sign-extended i8");
    wrong(InstData::IntConst { imm: 1 << 40 }, Type::I32, "is not a sign-extended i32");
    wrong(InstData::IntConst { imm: 0 }, Type::F32, "iconst gives an integer, not f32");
    wrong(InstData::FloatConst { bits: 1 << 32 }, Type::F32, "more than f32 has");
    wrong(InstData::FloatConst { bits: 0 }, Type::I64, "fconst gives a float, not i64");
    // Through the builder: the low bits of a constant may be written unsigned, more may not.
    let b = FunctionBuilder::new("constant");
    b.ret(b.iconst(Type::I8, 255));
    assert!(b.finish().is_ok());
    let b = FunctionBuilder::new("constant");
    b.ret(b.iconst(Type::I8, 256));
    assert!(b.finish().unwrap_err().to_string().contains("256 is not a sign-extended i8"));
}

#[test]
fn a_switch_has_its_own_table() {
    let b = FunctionBuilder::new("two_switches");
    let x = b.param(Type::I64);
    let (one, two) = (b.block("one"), b.block("two"));
    b.switch(x, one, &[(1, two)]);
    b.switch_to(one);
    b.switch(x, two, &[]);
    b.switch_to(two);
    b.ret(());
    let mut func = b.finish().unwrap();
    let second = func.block_insts(block(1))[0];
    let InstData::Switch { index, .. } = *func.inst(second) else { panic!("{func}") };
    func.replace(second, InstData::Switch { index, table: SwitchRef::from_index(0) });
    refused(&func, VerifyRule::Switch, "switch0 belongs to another switch too");
}

/// The rule that what was built breaks, and the words of the message.
fn broken(b: FunctionBuilder) -> (VerifyRule, String) {
    match b.finish().unwrap_err() {
        BuildError::Invalid(error) => (error.rule, error.to_string()),
        other => panic!("{other}"),
    }
}

#[test]
fn a_name_is_called_with_one_signature() {
    let refused = |rule: VerifyRule, b: FunctionBuilder, words: &str| {
        let (found, error) = broken(b);
        assert_eq!(found, rule, "{error}");
        assert!(error.contains(words), "wanted `{words}`, found `{error}`");
    };
    let b = FunctionBuilder::new("caller");
    let x = b.param(Type::I64);
    b.call(b.import("f", Signature::new(&[Type::I64], &[])), x);
    b.call(b.import("f", Signature::new(&[], &[])), ());
    b.ret(());
    refused(VerifyRule::Names, b, "@f is called as (i64) and as ()");

    let b = FunctionBuilder::new("itself");
    b.call(b.import("itself", Signature::new(&[], &[Type::I8])), ());
    b.ret(());
    refused(VerifyRule::Names, b, "a name has one signature");

    let b = FunctionBuilder::new("both");
    b.data_addr("both", 0);
    b.ret(());
    refused(VerifyRule::Names, b, "@both is both a function and data");
}

#[test]
fn limits_are_kept() {
    let types = vec![Type::I8; MAX_SIGNATURE + 1];
    let mut func = Function::new("wide", Signature::new(&types, &[]));
    let entry = func.append_block();
    for &ty in &types {
        func.append_block_param(entry, ty);
    }
    refused(&func, VerifyRule::Limits, "a signature has 1001 parameters, more than 1000");
    // An i128 counts twice, also in the signature of a callee.
    let half = Signature::new(&[Type::I128; MAX_SIGNATURE / 2 + 1], &[]);
    let mut func = sample();
    func.import_signature(&half);
    refused(&func, VerifyRule::Limits, "a signature has 1002 parameters, more than 1000");
    let half = Signature::new(&[], &[Type::I128; MAX_SIGNATURE / 2 + 1]);
    let mut func = sample();
    func.callees.push(crate::func::Callee { name: "f".into(), signature: half });
    refused(&func, VerifyRule::Limits, "a signature has 1002 results, more than 1000");
    // A function that large would take too much memory for a test.
    assert_eq!(too_many([MAX_ENTITIES; 3]), None);
    let message = too_many([1, MAX_ENTITIES + 1, 1]).unwrap();
    assert!(message.contains("16777217 blocks, more than 16777216"), "{message}");
}

#[test]
fn modules_resolve_names() {
    let caller = |signature: Signature| {
        let b = FunctionBuilder::new("caller");
        let callee = b.import("callee", signature);
        b.call(callee, ());
        b.data_addr("table", 0);
        b.ret(());
        b.finish().unwrap()
    };
    let refused = |rule: VerifyRule, module: &Module, words: &str| {
        let error = verify_module(module).unwrap_err();
        assert_eq!(error.rule, rule, "{error}");
        let error = error.to_string();
        assert!(error.contains(words), "wanted `{words}`, found `{error}`");
    };
    let data = DataObject { bytes: vec![1], align: 1, ..DataObject::default() };
    let mut module = Module::new();
    module.add_function(caller(Signature::default())).unwrap();
    refused(VerifyRule::Callees, &module, "there is no function @callee");
    module.add_extern("callee", Signature::default()).unwrap();
    refused(VerifyRule::Data, &module, "there is no data object @table");
    module.add_data("table", data.clone()).unwrap();
    assert_eq!(verify_module(&module), Ok(()));
    module.externs.insert("callee".into(), Signature::new(&[], &[Type::I8]));
    refused(VerifyRule::Callees, &module, "@callee is () -> i8, but this function takes it for ()");
    module.externs.insert("callee".into(), Signature::default());
    module.externs.insert("table".into(), Signature::default());
    refused(VerifyRule::UniqueNames, &module, "the name is both data and a function");
    module.externs.shift_remove("table");
    module.externs.insert("caller".into(), Signature::default());
    refused(VerifyRule::UniqueNames, &module, "the host is to give it, but it has a body too");
    module.externs.shift_remove("caller");
    let renamed = module.functions.shift_remove("caller").unwrap();
    module.functions.insert("other".into(), renamed);
    refused(VerifyRule::UniqueNames, &module, "the module lists it as @other");
}

#[test]
fn errors_stand_under_their_instruction() {
    let mut func = sample();
    let sum = func.block_insts(block(0))[0];
    let cc = IntCC::Eq;
    func.replace(sum, InstData::IntCompare { cc, args: [value(0), value(1)] });
    let shown = verify_function(&func).unwrap_err().in_context(&func);
    insta::assert_snapshot!(shown);
}

#[test]
fn addresses_in_data_lie_inside_and_apart() {
    let refused = |places: &[usize], rule: VerifyRule, words: &str| {
        let mut data = DataObject { bytes: vec![0; 24], ..DataObject::default() };
        data.addresses = places
            .iter()
            .map(|&place| DataAddress { place, name: "table".to_owned(), offset: 4 })
            .collect();
        let mut module = Module::new();
        module.add_data("table", data).unwrap();
        let error = crate::verify_module(&module).unwrap_err();
        assert!(error.rule == rule && error.to_string().contains(words), "{error}");
        // It can be shown all the same.
        assert!(module.to_string().contains("@table"));
    };
    refused(
        &[17],
        VerifyRule::Addresses,
        "byte 17 does not lie behind byte 0 and inside of 24 bytes",
    );
    refused(&[usize::MAX], VerifyRule::Addresses, "inside of 24 bytes");
    refused(&[0, 7], VerifyRule::Addresses, "byte 7 does not lie behind byte 8");
    refused(&[8, 0], VerifyRule::Addresses, "byte 0 does not lie behind byte 16");
}
