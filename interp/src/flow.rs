//! Predecoding of calls, returns and `switch`.

use std::sync::Arc;

use ir::{Block, BlockCall, Function, SigRef, Type, Value};

use crate::code::{Bound, CallSite, SwitchTargets};
use crate::emit::{Home, WINDOW_REGISTERS};
use crate::error::LoadError;
use crate::exec;
use crate::load::Loader;
use crate::op::Op;
use crate::program::{Bindings, Program, Target, same_types};

/// What a call calls.
#[derive(Clone, Debug)]
pub(crate) enum Called {
    Named(Bound),
    /// The function of this signature at an address.
    At(Value, SigRef),
}

/// What each name of a function stands for.
///
/// # Errors
/// If something is not there, or has another signature.
pub(crate) fn bind(
    func: &Function,
    bindings: &Bindings<'_>,
    program: &Program,
) -> Result<Vec<Bound>, LoadError> {
    let unknown = |callee: &str| LoadError::UnknownCallee {
        function: func.name.clone(),
        callee: callee.to_owned(),
    };
    if let Some(data) = func.data.values().nth(bindings.data.len()) {
        return Err(LoadError::UnknownData { function: func.name.clone(), data: data.clone() });
    }
    let mut bound = Vec::with_capacity(func.callees.len());
    for (index, callee) in func.callees.values().enumerate() {
        let target = *bindings.callees.get(index).ok_or_else(|| unknown(&callee.name))?;
        let (target, has) = match target {
            Target::Function(id) => {
                let slot = program.share(id).ok_or_else(|| unknown(&callee.name))?;
                let has = Arc::clone(&slot.signature);
                (Bound::Function(slot), has)
            }
            Target::Host(id) => {
                let host = program.host(id).ok_or_else(|| unknown(&callee.name))?;
                (Bound::Host(id), Arc::clone(&host.signature))
            }
        };
        if !same_types(&has, &callee.signature) {
            return Err(LoadError::CalleeSignature {
                function: func.name.clone(),
                callee: callee.name.clone(),
                called_as: callee.signature.to_string(),
                has: has.to_string(),
            });
        }
        bound.push(target);
    }
    Ok(bound)
}

impl Loader<'_> {
    /// A call with these results or, without any, in the place of the function.
    pub(crate) fn call(&mut self, called: Called, args: &[Value], results: Option<&[Value]>) {
        let args = self.all_places(args);
        let tail = results.is_none();
        let results = self.result_places(results.unwrap_or_default());
        let (target, shape, address) = match called {
            Called::Named(target) => (Some(target), 0, None),
            Called::At(address, signature) => {
                let signature = &self.func.signatures[signature];
                let shape = self.program.shape(signature);
                (None, shape, Some(self.reg(address)))
            }
        };
        let site = self.code.sites.len() as u32;
        let near = args.iter().all(|&place| place < WINDOW_REGISTERS)
            && args.len() < WINDOW_REGISTERS as usize;
        self.code.sites.push(CallSite { target, shape, args, results, near });
        let handler = match (address, tail) {
            (None, false) => exec::call(),
            (None, true) => exec::tail_call(),
            (Some(_), false) => exec::call_indirect(),
            (Some(_), true) => exec::tail_call_indirect(),
        };
        self.push_wide(handler, address.unwrap_or_default(), 0, site);
    }

    /// The end of the call with the values in these registers.
    pub(crate) fn return_places(&mut self, places: Box<[u32]>) {
        let op = match *places {
            [one] if let Home::Near(d) = Home::of(one) => Op::new(exec::return_one(), d, 0, 0, 0),
            _ => {
                let list = self.code.returns.len() as u32;
                self.code.returns.push(places);
                Op::with_wide(exec::return_list(), 0, 0, list)
            }
        };
        self.push(op);
    }

    pub(crate) fn switch(
        &mut self,
        block: Block,
        index: Value,
        table: ir::SwitchRef,
    ) -> Result<(), LoadError> {
        let ty = self.func.value_type(index);
        let d = self.reg(index);
        let switch = &self.func.switches[table];
        let number = self.code.tables.len() as u32;
        self.push_wide(exec::switch(), d, 0, number);
        // Each edge gets its copies and a jump.
        let mut edges: Vec<(i64, u32)> = Vec::with_capacity(switch.cases.len());
        let default = self.edge_start(block, switch.default)?;
        for &(value, call) in &switch.cases {
            edges.push((value, self.edge_start(block, call)?));
        }
        self.code.tables.push(targets(edges, default, ty));
        Ok(())
    }

    /// Code for an edge of a `switch`; its place.
    fn edge_start(&mut self, from: Block, call: BlockCall) -> Result<u32, LoadError> {
        let start = self.here()?;
        self.goto(from, call, None);
        Ok(start)
    }
}

/// A table by value if the cases are dense, else a list in order.
fn targets(mut edges: Vec<(i64, u32)>, default: u32, ty: Type) -> SwitchTargets {
    edges.sort_by_key(|&(value, _)| value);
    let mask = ty.mask();
    let (Some(&(first, _)), Some(&(last, _))) = (edges.first(), edges.last()) else {
        return SwitchTargets::Dense { first: 0, mask, targets: Vec::new(), default };
    };
    let span = usize::try_from(last.wrapping_sub(first) as u64).unwrap_or(usize::MAX);
    if span / 4 <= edges.len() + 4 {
        let mut targets = vec![default; span + 1];
        for &(value, target) in &edges {
            targets[value.wrapping_sub(first) as usize] = target;
        }
        SwitchTargets::Dense { first: first as u64, mask, targets, default }
    } else {
        let mut sparse: Vec<(u64, u32)> =
            edges.iter().map(|&(value, target)| (value as u64 & mask, target)).collect();
        sparse.sort_unstable();
        let (values, targets) = sparse.into_iter().unzip();
        SwitchTargets::Sparse { values, targets, default }
    }
}
