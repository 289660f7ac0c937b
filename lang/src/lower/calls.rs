//! Calls of functions, by name and by address.

use ir::Value;

use super::{Addr, Flow, Lower, one};
use crate::tree::{Expr, FnId};
use crate::ty::{Ty, TyKind};

impl<'m, 'p> Lower<'m, 'p> {
    pub(super) fn call(
        &mut self,
        expr: &'p Expr,
        id: FnId,
        args: &'p [Expr],
        dest: Option<Addr>,
    ) -> Flow<Vec<Value>> {
        let result = self.shared.program.fns[id.0 as usize].result;
        let values = self.arguments(expr, result, args, dest)?;
        let callee = self.import(id);
        Ok(self.b.call(callee, &values[..]))
    }

    /// A call of a function item, which is direct, or of a pointer.
    pub(super) fn call_value(
        &mut self,
        expr: &'p Expr,
        callee: &'p Expr,
        args: &'p [Expr],
        dest: Option<Addr>,
    ) -> Flow<Vec<Value>> {
        let address = self.generate(callee, None)?;
        match self.types.kind(callee.ty) {
            TyKind::FnItem(id, _) => self.call(expr, *id, args, dest),
            TyKind::Fn(params, result) => {
                let values = self.arguments(expr, *result, args, dest)?;
                let signature = self.signature(params, *result);
                Ok(self.b.call_indirect(one(&address), &signature, &values[..]))
            }
            kind => unreachable!("{kind:?} cannot be called"),
        }
    }

    /// The address of the function that a value's type says.
    pub(super) fn reify(&mut self, item: &'p Expr) -> Flow<Vec<Value>> {
        self.generate(item, None)?;
        match self.types.kind(item.ty) {
            TyKind::FnItem(id, _) => {
                let callee = self.import(*id);
                Ok(vec![self.b.func_addr(callee)])
            }
            kind => unreachable!("{kind:?} is no function item"),
        }
    }

    /// The arguments of a call, after the address for a large result.
    fn arguments(
        &mut self,
        expr: &'p Expr,
        result: Ty,
        args: &'p [Expr],
        dest: Option<Addr>,
    ) -> Flow<Vec<Value>> {
        let mut values = Vec::new();
        if self.leaves(result).is_none() {
            let to = dest.unwrap_or_else(|| self.temp(expr.ty));
            values.push(self.offset(to));
        }
        for arg in args {
            self.argument(arg, &mut values)?;
        }
        self.at(expr.place);
        Ok(values)
    }

    /// An argument, as the scalars or the address that the callee takes.
    fn argument(&mut self, arg: &'p Expr, values: &mut Vec<Value>) -> Flow<()> {
        if self.leaves(arg.ty).is_some() {
            values.extend(self.generate(arg, None)?);
        } else {
            // The callee owns its parameter, so it gets a copy.
            let temp = self.temp(arg.ty);
            self.generate(arg, Some(temp))?;
            values.push(self.offset(temp));
        }
        Ok(())
    }
}
