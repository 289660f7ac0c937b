//! Definite initialisation: a variable declared by `let x;` is written before it is read, and once if it is not
//! `mut`. One walk over the body carries two sets: what is certainly written, and what may have been.

use std::collections::{BTreeSet, HashMap};

use super::Checker;
use crate::diag::Diagnostic;
use crate::tree::{Body, Expr, ExprKind, LocalId, LoopId, PatKind, Stmt};

/// The knowledge at a point of the program.
#[derive(Clone, Default)]
struct State {
    /// This point is never reached, so anything holds.
    dead: bool,
    /// Certainly written.
    sure: BTreeSet<LocalId>,
    /// Maybe written.
    maybe: BTreeSet<LocalId>,
}

impl State {
    const DEAD: State = State { dead: true, sure: BTreeSet::new(), maybe: BTreeSet::new() };

    /// The state where two ways meet.
    fn join(&mut self, other: State) {
        if other.dead {
            return;
        }
        if self.dead {
            *self = other;
            return;
        }
        self.sure = self.sure.intersection(&other.sure).copied().collect();
        self.maybe.extend(other.maybe);
    }
}

struct Walk {
    state: State,
    /// The states at the exits of the enclosing loops.
    exits: HashMap<LoopId, State>,
    /// Variables declared without a value, with whether they are `mut`.
    deferred: HashMap<LocalId, bool>,
    errors: Vec<Diagnostic>,
    names: Vec<String>,
}

impl<'a> Checker<'a> {
    pub(super) fn check_init(&mut self, body: &Body) {
        let deferred: HashMap<LocalId, bool> = body
            .locals
            .iter()
            .enumerate()
            .filter(|(_, local)| local.deferred)
            .map(|(index, local)| (LocalId(index as u32), local.mutable))
            .collect();
        if deferred.is_empty() {
            return;
        }
        let names = body.locals.iter().map(|local| local.name.clone()).collect();
        let mut walk = Walk {
            state: State::default(),
            exits: HashMap::new(),
            deferred,
            errors: Vec::new(),
            names,
        };
        walk.expr(&body.value);
        walk.errors.into_iter().for_each(|error| self.report(error));
    }
}

impl Walk {
    fn dead(&mut self) {
        self.state = State::DEAD;
    }

    /// Runs a loop or labelled block: after it, what holds at its exits may hold, too.
    fn looped(&mut self, id: LoopId, run: impl FnOnce(&mut Self)) {
        self.exits.insert(id, State::DEAD);
        run(self);
        if let Some(exit) = self.exits.remove(&id) {
            self.state.join(exit);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Let { pat, init: None, .. } => {
                if let PatKind::Bind(id, _) = pat.kind {
                    self.state.sure.remove(&id);
                    self.state.maybe.remove(&id);
                }
            }
            Stmt::Let { init, otherwise, .. } => {
                init.iter().for_each(|init| self.expr(init));
                if let Some(otherwise) = otherwise {
                    let before = self.state.clone();
                    self.expr(otherwise);
                    self.state = before;
                }
            }
            Stmt::Expr(expr) => self.expr(expr),
        }
    }

    fn read(&mut self, id: LocalId, place: crate::diag::Place) {
        if self.deferred.contains_key(&id) && !self.state.dead && !self.state.sure.contains(&id) {
            let name = &self.names[id.0 as usize];
            let message = format!("used binding `{name}` isn't initialized");
            self.errors.push(Diagnostic::new("E0381", place, message));
        }
    }

    fn write(&mut self, id: LocalId, place: crate::diag::Place) {
        let Some(&mutable) = self.deferred.get(&id) else { return };
        if !mutable && !self.state.dead && self.state.maybe.contains(&id) {
            let name = &self.names[id.0 as usize];
            let message = format!("cannot assign twice to immutable variable `{name}`");
            self.errors.push(Diagnostic::new("E0384", place, message));
        }
        self.state.sure.insert(id);
        self.state.maybe.insert(id);
    }

    /// Runs `body` as something that may run again: whatever it writes may have been written when it begins.
    fn repeated(&mut self, body: &Expr, mut run: impl FnMut(&mut Self)) {
        let mut written = Vec::new();
        writes(body, &mut written);
        let written: Vec<LocalId> =
            written.into_iter().filter(|id| self.deferred.contains_key(id)).collect();
        // Variables declared inside begin anew each time.
        self.state.maybe.extend(written);
        run(self);
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Local(id) => self.read(*id, expr.place),
            ExprKind::Assign(target, value) => {
                self.expr(value);
                match &target.kind {
                    ExprKind::Local(id) => self.write(*id, expr.place),
                    _ => self.expr(target),
                }
            }
            ExprKind::Block(stmts, tail) => {
                stmts.iter().for_each(|stmt| self.stmt(stmt));
                tail.iter().for_each(|tail| self.expr(tail));
            }
            ExprKind::And(a, b) | ExprKind::Or(a, b) => {
                self.expr(a);
                let skipped = self.state.clone();
                self.expr(b);
                self.state.join(skipped);
            }
            ExprKind::If { cond, then, otherwise } => {
                self.expr(cond);
                let before = self.state.clone();
                self.expr(then);
                let after = std::mem::replace(&mut self.state, before);
                otherwise.iter().for_each(|otherwise| self.expr(otherwise));
                self.state.join(after);
            }
            ExprKind::Match { value, arms } => {
                self.expr(value);
                let before = self.state.clone();
                self.dead();
                let mut after = self.state.clone();
                for arm in arms {
                    self.state = before.clone();
                    arm.guard.iter().for_each(|guard| self.expr(guard));
                    self.expr(&arm.body);
                    after.join(std::mem::take(&mut self.state));
                }
                self.state = after;
            }
            ExprKind::Loop { id, body, repeats } => self.looped(*id, |walk| {
                if *repeats && !ends_every_time(body, *id) {
                    walk.repeated(body, |walk| walk.expr(body));
                } else {
                    walk.expr(body);
                }
                if *repeats {
                    walk.dead();
                }
            }),
            ExprKind::While { id, cond, body } => self.looped(*id, |walk| {
                let mut after = State::default();
                walk.repeated(body, |walk| {
                    walk.expr(cond);
                    after = walk.state.clone();
                    walk.expr(body);
                });
                walk.state = after;
            }),
            ExprKind::For { id, body, .. } => {
                let mut children = Vec::new();
                expr.children(&mut |child| children.push(child));
                children.pop();
                children.into_iter().for_each(|child| self.expr(child));
                self.looped(*id, |walk| {
                    let mut after = State::default();
                    walk.repeated(body, |walk| {
                        after = walk.state.clone();
                        walk.expr(body);
                    });
                    walk.state = after;
                });
            }
            ExprKind::Break(id, value) => {
                value.iter().for_each(|value| self.expr(value));
                let state = std::mem::take(&mut self.state);
                if let Some(exit) = self.exits.get_mut(id) {
                    exit.join(state);
                }
                self.dead();
            }
            ExprKind::Continue(_) => self.dead(),
            ExprKind::Return(value) => {
                value.iter().for_each(|value| self.expr(value));
                self.dead();
            }
            ExprKind::Panic(..) | ExprKind::NeverTo(_) => {
                expr.children(&mut |child| self.expr(child));
                self.dead();
            }
            _ => expr.children(&mut |child| self.expr(child)),
        }
    }
}

/// Whether a loop's body never gets back to its start.
fn ends_every_time(body: &Expr, id: LoopId) -> bool {
    fn continues(expr: &Expr, id: LoopId) -> bool {
        let mut found = matches!(expr.kind, ExprKind::Continue(to) if to == id);
        expr.children(&mut |child| found = found || continues(child, id));
        found
    }
    matches!(body.kind, ExprKind::NeverTo(_)) && !continues(body, id)
}

/// The variables that an expression assigns.
fn writes(expr: &Expr, found: &mut Vec<LocalId>) {
    if let ExprKind::Assign(target, _) = &expr.kind
        && let ExprKind::Local(id) = target.kind
    {
        found.push(id);
    }
    expr.children(&mut |child| writes(child, found));
}
