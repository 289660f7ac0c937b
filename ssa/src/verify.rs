//! The SSA verifier: every use is dominated by its definition, and no variable is left.

use cfg::{DomTree, FlowGraph};
use ir::{Block, Function, Inst, InstData, SecondaryMap, Value, ValueDef, VerifyError, VerifyRule};

/// Checks what [`ir::verify_function`] checks, that no instruction reads or writes a variable, and that definitions
/// dominate uses. A use in a block that cannot be reached may be of any value of the function.
///
/// # Errors
/// The first rule that is broken.
pub fn verify(func: &Function) -> Result<(), VerifyError> {
    ir::verify_function(func)?;
    for &block in func.layout() {
        for &inst in func.block_insts(block) {
            if let InstData::VarGet { var } | InstData::VarSet { var, .. } = *func.inst(inst) {
                let op = func.inst(inst).opcode();
                return Err(VerifyError {
                    rule: VerifyRule::Variables,
                    function: func.name.clone(),
                    block: Some(block),
                    inst: Some(inst),
                    message: format!("{op} of {var} in SSA form; run `ssa::construct` first"),
                });
            }
        }
    }
    verify_dominance(func)
}

/// Checks that definitions dominate uses, in a function that [`ir::verify_function`] accepts: with variables or without.
/// A use in a block that cannot be reached may be of any value of the function.
///
/// # Errors
/// The first use that breaks the rule.
pub fn verify_dominance(func: &Function) -> Result<(), VerifyError> {
    let graph = FlowGraph::new(func);
    let dom = DomTree::new(&graph);
    // Where each instruction stands; instructions outside of the layout stand nowhere.
    let mut place: SecondaryMap<Inst, Option<(Block, u32)>> = SecondaryMap::with_default(None);
    let mut in_layout: SecondaryMap<Block, bool> = SecondaryMap::with_default(false);
    for &block in func.layout() {
        in_layout[block] = true;
        for (index, &inst) in func.block_insts(block).iter().enumerate() {
            place[inst] = Some((block, index as u32));
        }
    }
    for &block in func.layout() {
        for (index, &inst) in func.block_insts(block).iter().enumerate() {
            let mut broken: Option<(Value, String)> = None;
            func.for_each_operand(inst, |value| {
                let complaint = match func.value_def(value) {
                    ValueDef::Detached => Some("whose definition was removed".to_owned()),
                    ValueDef::Param(home, _) if !in_layout[home] => {
                        Some(format!("of {home}, which is not in the layout"))
                    }
                    ValueDef::Param(home, _) => (graph.is_reachable(block)
                        && !dom.dominates(home, block))
                    .then(|| format!("of {home}, which does not dominate {block}")),
                    ValueDef::Result(def, _) => match place[def] {
                        None => Some("whose definition is in no block".to_owned()),
                        Some((home, at)) if home == block => (at >= index as u32)
                            .then(|| "before the instruction that defines it".to_owned()),
                        Some((home, _)) => (graph.is_reachable(block)
                            && !dom.dominates(home, block))
                        .then(|| format!("of {home}, which does not dominate {block}")),
                    },
                };
                if broken.is_none() {
                    broken = complaint.map(|complaint| (value, complaint));
                }
            });
            if let Some((value, complaint)) = broken {
                let op = func.inst(inst).opcode();
                return Err(VerifyError {
                    rule: VerifyRule::Dominance,
                    function: func.name.clone(),
                    block: Some(block),
                    inst: Some(inst),
                    message: format!("{op} uses {value} {complaint}"),
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::{FunctionBuilder, Type};

    fn message(b: FunctionBuilder) -> String {
        verify(&b.finish().unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn a_use_that_its_definition_does_not_dominate_is_refused() {
        let b = FunctionBuilder::new("f");
        let c = b.param(Type::I8);
        let (left, right) = (b.block("left"), b.block("right"));
        b.branch(c, left, right);
        b.switch_to(left);
        let x = b.add(c, 1);
        b.ret(x);
        b.switch_to(right);
        b.ret(x);
        assert_eq!(
            message(b),
            "@f, block2: ret uses v2 of block1, which does not dominate block2 [V028]"
        );
    }

    #[test]
    fn a_use_before_the_definition_is_refused() {
        let b = FunctionBuilder::new("f");
        let c = b.param(Type::I8);
        let x = b.add(c, c);
        let y = b.add(x, x);
        b.ret(y);
        let mut func = b.finish().unwrap();
        let entry = func.layout()[0];
        let mut insts = func.take_block_insts(entry);
        insts.swap(0, 1);
        func.set_block_insts(entry, insts);
        let error = verify(&func).unwrap_err().to_string();
        assert_eq!(error, "@f, block0: add uses v1 before the instruction that defines it [V028]");
    }

    #[test]
    fn variables_are_refused() {
        let b = FunctionBuilder::new("f");
        let x = b.var("x", Type::I8);
        b.ret(x);
        assert_eq!(
            message(b),
            "@f, block0: get of var0 in SSA form; run `ssa::construct` first [V029]"
        );
    }

    #[test]
    fn blocks_that_cannot_be_reached_may_use_anything() {
        let b = FunctionBuilder::new("f");
        let c = b.param(Type::I8);
        let (left, dead) = (b.block("left"), b.block("dead"));
        b.jump(left);
        b.switch_to(left);
        let x = b.add(c, c);
        b.ret(x);
        b.switch_to(dead);
        b.ret(x);
        verify(&b.finish().unwrap()).unwrap();
    }
}
