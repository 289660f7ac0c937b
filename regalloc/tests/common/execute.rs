//! Executes a program and its allocation side by side. Every definition that is executed makes a token that there was
//! never before; a read must find in its place the token that the value has. Ways are chosen at random.

use std::collections::HashMap;

use regalloc::{
    Allocation, Edit, Function, Inst, Loc, MachineEnv, OperandPos, ProgPoint, RegClass, VReg,
};
use testkit::Random;

/// What one execution knows.
struct Machine<'a, F> {
    function: &'a F,
    env: &'a MachineEnv,
    allocation: &'a Allocation,
    values: HashMap<VReg, u64>,
    places: HashMap<Loc, u64>,
    last: u64,
}

/// Follows a random way for at most so many instructions.
pub(crate) fn execute<F: Function>(
    function: &F,
    env: &MachineEnv,
    allocation: &Allocation,
    random: &mut Random,
    mut fuel: usize,
) -> Result<(), String> {
    let (values, places) = (HashMap::new(), HashMap::new());
    let mut machine = Machine { function, env, allocation, values, places, last: 1 << 32 };
    let mut block = function.entry();
    loop {
        for inst in function.block_insts(block).iter() {
            machine.edits(ProgPoint::before(inst));
            machine.inst(inst)?;
            machine.edits(ProgPoint::after(inst));
            fuel = fuel.saturating_sub(1);
        }
        let succs = function.block_succs(block);
        if succs.is_empty() || fuel == 0 {
            return Ok(());
        }
        let nth = random.below(succs.len());
        let args: Vec<Option<u64>> = function
            .branch_args(block, nth)
            .iter()
            .map(|arg| machine.values.get(arg).copied())
            .collect();
        block = succs[nth];
        for (param, token) in function.block_params(block).iter().zip(args) {
            let token = token.ok_or_else(|| format!("{param} gets nothing"))?;
            machine.values.insert(*param, token);
        }
    }
}

impl<F: Function> Machine<'_, F> {
    fn fresh(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn edits(&mut self, at: ProgPoint) {
        let edits = self.allocation.edits();
        let first = edits.partition_point(|(point, _)| *point < at);
        for (_, edit) in edits[first..].iter().take_while(|(point, _)| *point == at) {
            match *edit {
                Edit::Move { from, to, .. } => {
                    let token = self.places.get(&from).copied().unwrap_or(0);
                    self.places.insert(to, token);
                }
                Edit::Remat { inst, to } => {
                    self.places.insert(Loc::Reg(to), inst.index() as u64 + 1);
                }
            }
        }
        for class in RegClass::ALL {
            self.places.remove(&Loc::Reg(self.env.scratch(class)));
        }
    }

    fn inst(&mut self, inst: Inst) -> Result<(), String> {
        let operands = self.function.inst_operands(inst);
        let placed: Vec<_> =
            operands.iter().copied().zip(self.allocation.inst_locs(inst).to_vec()).collect();
        let mut written = Vec::new();
        for pos in [OperandPos::Early, OperandPos::Late] {
            for (operand, loc) in placed.iter().filter(|(op, _)| !op.is_def() && op.pos() == pos) {
                let wanted = self.values.get(&operand.vreg());
                if wanted.is_none() || wanted != self.places.get(loc) {
                    return Err(format!(
                        "{inst} reads {} from {loc}, where it is not",
                        operand.vreg()
                    ));
                }
            }
            for (operand, loc) in placed.iter().filter(|(op, _)| op.is_def() && op.pos() == pos) {
                let again = self.function.remat(operand.vreg()) == Some(inst);
                let token = if again { inst.index() as u64 + 1 } else { self.fresh() };
                self.values.insert(operand.vreg(), token);
                self.places.insert(*loc, token);
                written.push((*loc, token));
            }
            if pos == OperandPos::Early {
                for reg in self.function.inst_clobbers(inst).iter() {
                    let token = self.fresh();
                    self.places.insert(Loc::Reg(reg), token);
                }
            }
        }
        match written.iter().find(|(loc, token)| self.places.get(loc) != Some(token)) {
            Some((loc, _)) => Err(format!("{inst} writes {loc} twice")),
            None => Ok(()),
        }
    }
}
