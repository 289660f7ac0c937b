//! Branches and loops.

use ir::{Block, Type, Value};

use super::{Addr, Flow, LoopTarget, Lower, Unreachable};
use crate::tree::{Expr, ExprKind, LoopId, UnOp};
use crate::ty::{Ty, TyKind};

impl<'m, 'p> Lower<'m, 'p> {
    /// The block where the branches that compute a value of this type join.
    pub(super) fn join_block(&mut self, ty: Ty, dest: Option<Addr>) -> (Block, Vec<Value>) {
        let block = self.b.block("join");
        let params = match dest {
            Some(_) => Vec::new(),
            None => {
                let leaves = self.scalars(ty);
                leaves.into_iter().map(|leaf| self.b.block_param(block, leaf)).collect()
            }
        };
        (block, params)
    }

    /// Branches on a condition. If it diverges, nothing gets to the two blocks, and they end here.
    pub(super) fn branch(&mut self, cond: &'p Expr, then: Block, otherwise: Block) -> Flow<()> {
        let reached = self.branch_on(cond, then, otherwise);
        if reached.is_err() {
            self.end(then);
            self.end(otherwise);
        }
        reached
    }

    /// Ends a block that nothing gets to.
    fn end(&mut self, block: Block) {
        self.b.switch_to(block);
        self.b.trap(ir::TrapKind::Unreachable);
    }

    /// Branches on a condition without making a truth value of it.
    pub(super) fn branch_on(&mut self, cond: &'p Expr, then: Block, otherwise: Block) -> Flow<()> {
        if let Some(value) = cond.as_bool() {
            self.b.jump(if value { then } else { otherwise });
            return Ok(());
        }
        match &cond.kind {
            ExprKind::And(a, b) | ExprKind::Or(a, b) => {
                let is_and = matches!(cond.kind, ExprKind::And(..));
                let middle = self.b.block(if is_and { "and" } else { "or" });
                let left = if is_and {
                    self.branch_on(a, middle, otherwise)
                } else {
                    self.branch_on(a, then, middle)
                };
                self.b.switch_to(middle);
                if left.is_err() {
                    // The right side is never reached, but its block must end.
                    return self.trap(ir::TrapKind::Unreachable);
                }
                // If the right side diverges, the blocks after it are still reached from the left.
                let _ = self.branch_on(b, then, otherwise);
                Ok(())
            }
            ExprKind::Unary(UnOp::Not, inner)
                if matches!(self.types.kind(inner.ty), TyKind::Bool) =>
            {
                self.branch_on(inner, otherwise, then)
            }
            _ => {
                let value = self.scalar(cond)?;
                self.at(cond.place);
                self.b.branch(value, then, otherwise);
                Ok(())
            }
        }
    }

    pub(super) fn short_circuit(&mut self, expr: &'p Expr) -> Flow<Vec<Value>> {
        let (yes, no) = (self.b.block("true"), self.b.block("false"));
        self.branch(expr, yes, no)?;
        let join = self.b.block("join");
        let result = self.b.block_param(join, Type::I8);
        for (block, value) in [(yes, 1), (no, 0)] {
            self.b.switch_to(block);
            let value = self.b.iconst(Type::I8, value);
            self.b.jump_with(join, value);
        }
        self.b.switch_to(join);
        Ok(vec![result])
    }

    pub(super) fn if_expr(
        &mut self,
        expr: &'p Expr,
        cond: &'p Expr,
        then: &'p Expr,
        otherwise: Option<&'p Expr>,
        dest: Option<Addr>,
    ) -> Flow<Vec<Value>> {
        // A failed assertion without a message needs no block; a panic in a branch has one around it.
        if let (ExprKind::NeverTo(panic), None) = (&then.kind, otherwise)
            && let ExprKind::Panic(kind, None) = panic.kind
        {
            let failed = self.scalar(cond)?;
            self.at(expr.place);
            self.b.trap_if(failed, kind.trap());
            return Ok(Vec::new());
        }
        if let Some(value) = cond.as_bool() {
            return match (value, otherwise) {
                (true, _) => self.generate(then, dest),
                (false, Some(otherwise)) => self.generate(otherwise, dest),
                (false, None) => Ok(Vec::new()),
            };
        }
        let then_block = self.b.block("then");
        if is_panic(then) {
            self.b.cold(then_block);
        }
        let Some(otherwise) = otherwise else {
            let join = self.b.block("join");
            self.branch(cond, then_block, join)?;
            self.b.switch_to(then_block);
            if self.generate(then, None).is_ok() {
                self.b.jump(join);
            }
            self.b.switch_to(join);
            return Ok(Vec::new());
        };
        let else_block = self.b.block("else");
        self.branch(cond, then_block, else_block)?;
        let mut join = None;
        for (block, value) in [(then_block, then), (else_block, otherwise)] {
            self.b.switch_to(block);
            self.generate_branch(&mut join, expr.ty, value, dest);
        }
        self.joined(join)
    }

    /// Computes the value of a branch, and jumps to where the branches meet.
    pub(super) fn generate_branch(
        &mut self,
        join: &mut Option<(Block, Vec<Value>)>,
        ty: Ty,
        value: &'p Expr,
        dest: Option<Addr>,
    ) {
        if let Ok(values) = self.generate(value, dest) {
            self.join(join, ty, dest, &values);
        }
    }

    /// Jumps to the join block, which is made when the first branch reaches it.
    pub(super) fn join(
        &mut self,
        join: &mut Option<(Block, Vec<Value>)>,
        ty: Ty,
        dest: Option<Addr>,
        values: &[Value],
    ) {
        let (block, params) = match join {
            Some(found) => found,
            None => join.insert(self.join_block(ty, dest)),
        };
        debug_assert_eq!(params.len(), values.len(), "of one type");
        self.b.jump_with(*block, values);
    }

    /// Continues at the join block, if any branch reaches it.
    pub(super) fn joined(&mut self, join: Option<(Block, Vec<Value>)>) -> Flow<Vec<Value>> {
        let (block, params) = join.ok_or(Unreachable)?;
        self.b.switch_to(block);
        Ok(params)
    }

    // ---- Loops ----

    pub(super) fn enter_loop(&mut self, id: LoopId, ty: Ty, dest: Option<Addr>) {
        self.loops.insert(id, LoopTarget { exit: None, again: None, ty, dest });
    }

    /// The block after the loop and what `continue` jumps to, if anything jumps to them.
    pub(super) fn leave_loop(
        &mut self,
        id: LoopId,
    ) -> (Option<(Block, Vec<Value>)>, Option<Block>) {
        let target = self.loops.remove(&id);
        let target = target.unwrap_or_else(|| unreachable!("a loop is left once"));
        (target.exit, target.again)
    }

    /// The targets of `break` and `continue` of a loop around this point.
    pub(super) fn target(&mut self, id: LoopId) -> &mut LoopTarget {
        let target = self.loops.get_mut(&id);
        target.unwrap_or_else(|| unreachable!("the loop of a jump is around it"))
    }

    pub(super) fn loop_expr(
        &mut self,
        expr: &'p Expr,
        id: LoopId,
        body: &'p Expr,
        repeats: bool,
        dest: Option<Addr>,
    ) -> Flow<Vec<Value>> {
        self.enter_loop(id, expr.ty, dest);
        if !repeats {
            let values = self.generate(body, dest);
            let (exit, _) = self.leave_loop(id);
            return match (exit, values) {
                (None, values) => values,
                (Some((exit, params)), values) => {
                    if let Ok(values) = values {
                        self.b.jump_with(exit, &values[..]);
                    }
                    self.b.switch_to(exit);
                    Ok(params)
                }
            };
        }
        let head = self.b.block("loop");
        self.b.jump(head);
        self.b.switch_to(head);
        self.target(id).again = Some(head);
        if self.generate(body, None).is_ok() {
            self.b.jump(head);
        }
        let (exit, _) = self.leave_loop(id);
        self.joined(exit)
    }

    pub(super) fn while_expr(
        &mut self,
        id: LoopId,
        cond: &'p Expr,
        body: &'p Expr,
    ) -> Flow<Vec<Value>> {
        let (head, inside, exit) =
            (self.b.block("while"), self.b.block("body"), self.b.block("done"));
        self.enter_loop(id, Ty::UNIT, None);
        let target = self.target(id);
        target.exit = Some((exit, Vec::new()));
        target.again = Some(head);
        self.b.jump(head);
        self.b.switch_to(head);
        if self.branch_on(cond, inside, exit).is_err() {
            self.end(inside);
            if !breaks(cond, id) {
                self.end(exit);
                return Err(Unreachable);
            }
        } else {
            self.b.switch_to(inside);
            if self.generate(body, None).is_ok() {
                self.b.jump(head);
            }
        }
        self.leave_loop(id);
        self.b.switch_to(exit);
        Ok(Vec::new())
    }

    pub(super) fn continue_expr(&mut self, id: LoopId) -> Flow<Vec<Value>> {
        let block = self.target(id).again.unwrap_or_else(|| self.b.block("next"));
        self.target(id).again = Some(block);
        self.b.jump(block);
        Err(Unreachable)
    }

    pub(super) fn break_expr(&mut self, id: LoopId, value: Option<&'p Expr>) -> Flow<Vec<Value>> {
        let dest = self.target(id).dest;
        let values = match value {
            Some(value) => self.generate(value, dest)?,
            None => Vec::new(),
        };
        let target = self.target(id);
        let (mut exit, ty) = (target.exit.take(), target.ty);
        self.join(&mut exit, ty, dest, &values);
        self.target(id).exit = exit;
        Err(Unreachable)
    }
}

/// Returns `true` if an expression has a `break` out of this loop.
fn breaks(expr: &Expr, id: LoopId) -> bool {
    let mut found = matches!(expr.kind, ExprKind::Break(to, _) if to == id);
    expr.children(&mut |child| found = found || breaks(child, id));
    found
}

/// Returns `true` if an expression does nothing but panic.
fn is_panic(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Panic(..) => true,
        ExprKind::NeverTo(inner) => is_panic(inner),
        ExprKind::Block(stmts, tail) => match (stmts.as_slice(), tail) {
            ([], Some(tail)) => is_panic(tail),
            ([crate::tree::Stmt::Expr(only)], None) => is_panic(only),
            _ => false,
        },
        _ => false,
    }
}
