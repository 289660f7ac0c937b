//! Definite initialisation: a variable declared by `let x;` is written before it is read, and once if it is not
//! `mut`. One walk over the body carries the knowledge about each variable. A branch keeps what it changes in a layer of
//! its own, so that where branches meet, only their changes are looked at.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Checker;
use crate::diag::{Diagnostic, Place};
use crate::tree::{Body, Expr, ExprKind, LocalId, LoopId, PatKind, Stmt};

/// The knowledge about a variable at a point of the program.
#[derive(Clone, Copy, Default)]
struct Known {
    /// Certainly written.
    sure: bool,
    /// Maybe written.
    maybe: bool,
}

impl Known {
    /// Either way may have been taken.
    fn and(&mut self, other: Known) {
        self.sure &= other.sure;
        self.maybe |= other.maybe;
    }
}

/// What is new since a branch or loop began.
#[derive(Clone, Default)]
struct Layer {
    /// This point is never reached, so anything holds.
    dead: bool,
    changed: BTreeMap<LocalId, Known>,
}

/// A loop or labelled block.
#[derive(Default)]
struct Loop {
    /// The number of layers around it.
    start: usize,
    /// The changes since then at each of its exits.
    exits: Vec<Layer>,
    /// The same wherever it runs again.
    again: Vec<Layer>,
}

struct Walk {
    /// From the whole body to the innermost branch.
    layers: Vec<Layer>,
    /// The enclosing loops.
    loops: HashMap<LoopId, Loop>,
    /// Variables whose declarations have been met.
    declared: Vec<LocalId>,
    /// The place of the latest assignment to each.
    assigned: HashMap<LocalId, Place>,
    /// Variables declared without a value, with whether they are `mut`.
    deferred: HashMap<LocalId, bool>,
    errors: Vec<Diagnostic>,
    names: Vec<String>,
}

impl<'a> Checker<'a> {
    pub(super) fn check_init(&mut self, body: &Body) {
        let locals = body.locals.iter().enumerate().filter(|(_, local)| local.deferred);
        let deferred: HashMap<LocalId, bool> =
            locals.map(|(index, local)| (LocalId(index as u32), local.mutable)).collect();
        if deferred.is_empty() {
            return;
        }
        let names = body.locals.iter().map(|local| local.name.clone()).collect();
        let mut walk = Walk {
            layers: vec![Layer::default()],
            loops: HashMap::new(),
            declared: Vec::new(),
            assigned: HashMap::new(),
            deferred,
            errors: Vec::new(),
            names,
        };
        walk.expr(&body.value);
        walk.errors.into_iter().for_each(|error| self.report(error));
    }
}

impl Walk {
    fn top(&mut self) -> &mut Layer {
        self.layers.last_mut().unwrap_or_else(|| unreachable!("the layer of the body stays"))
    }

    fn known(&self, id: LocalId) -> Known {
        let mut layers = self.layers.iter().rev();
        layers.find_map(|layer| layer.changed.get(&id).copied()).unwrap_or_default()
    }

    fn is_dead(&self) -> bool {
        self.layers.last().is_some_and(|layer| layer.dead)
    }

    fn read(&mut self, id: LocalId, place: Place) {
        if self.deferred.contains_key(&id) && !self.is_dead() && !self.known(id).sure {
            let name = &self.names[id.0 as usize];
            let message = format!("used binding `{name}` isn't initialized");
            self.errors.push(Diagnostic::new("E0381", place, message));
        }
    }

    fn write(&mut self, id: LocalId, place: Place) {
        if !self.deferred.contains_key(&id) {
            return;
        }
        if !self.is_dead() {
            self.assigned.insert(id, place);
            if self.known(id).maybe {
                self.written_twice(id);
            }
        }
        self.top().changed.insert(id, Known { sure: true, maybe: true });
    }

    /// Reports the latest assignment to a variable, unless it is `mut`.
    fn written_twice(&mut self, id: LocalId) {
        if let (Some(false), Some(&place)) = (self.deferred.get(&id), self.assigned.get(&id)) {
            let name = &self.names[id.0 as usize];
            let message = format!("cannot assign twice to immutable variable `{name}`");
            self.errors.push(Diagnostic::new("E0384", place, message));
        }
    }

    /// The changes that a branch makes, which are not made yet.
    fn branch(&mut self, run: impl FnOnce(&mut Self)) -> Layer {
        let dead = self.is_dead();
        self.layers.push(Layer { dead, ..Layer::default() });
        run(self);
        self.layers.pop().unwrap_or_else(|| unreachable!("each branch takes its own layer"))
    }

    /// Makes the changes of branches that meet here.
    fn join(&mut self, mut branches: Vec<Layer>) {
        branches.retain(|branch| !branch.dead);
        if branches.is_empty() {
            self.top().dead = true;
        }
        let mut met: BTreeMap<LocalId, (usize, Known)> = BTreeMap::new();
        for (&id, known) in branches.iter().flat_map(|branch| &branch.changed) {
            let (count, all) = met.entry(id).or_insert((0, Known { sure: true, maybe: false }));
            *count += 1;
            all.and(*known);
        }
        for (id, (count, mut all)) in met {
            if count < branches.len() {
                // A branch that does not change it.
                all.and(self.known(id));
            }
            self.top().changed.insert(id, all);
        }
    }

    /// Runs a loop or labelled block, which says how it ends by itself; it may end at its exits, too.
    fn looped(&mut self, id: LoopId, run: impl FnOnce(&mut Self) -> Layer) {
        let (start, declared) = (self.layers.len(), self.declared.len());
        self.loops.insert(id, Loop { start, ..Loop::default() });
        let mut end = Layer::default();
        self.branch(|walk| end = run(walk));
        let Loop { mut exits, again, .. } = self.loops.remove(&id).unwrap_or_default();
        exits.push(end);
        // Whatever may have been written when the loop runs again is written a second time then, unless it is
        // declared inside, and so begins anew.
        let written = again.iter().filter(|layer| !layer.dead).flat_map(|layer| &layer.changed);
        let written: BTreeSet<LocalId> =
            written.filter(|(_, known)| known.maybe).map(|(id, _)| *id).collect();
        let inside: BTreeSet<LocalId> = self.declared[declared..].iter().copied().collect();
        for &id in written.difference(&inside) {
            if !self.known(id).maybe {
                self.written_twice(id);
            }
        }
        self.join(exits);
    }

    /// The body of a loop, after which it runs again.
    fn round(&mut self, id: LoopId, body: &Expr) {
        self.expr(body);
        self.jump(id, |looped| &mut looped.again);
    }

    /// A jump to the end of a loop or to its start: the changes since it began hold there, and nothing comes after it
    /// here.
    fn jump(&mut self, id: LoopId, to: impl FnOnce(&mut Loop) -> &mut Vec<Layer>) {
        let dead = self.is_dead();
        if let Some(looped) = self.loops.get_mut(&id) {
            let changed = self.layers[looped.start..].iter().flat_map(|layer| &layer.changed);
            let changed = changed.map(|(id, known)| (*id, *known)).collect();
            to(looped).push(Layer { dead, changed });
        }
        self.top().dead = true;
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Let { pat, init: None, .. } => {
                if let PatKind::Bind(id, _) = pat.kind {
                    self.declared.push(id);
                    self.top().changed.insert(id, Known::default());
                }
            }
            Stmt::Let { init, otherwise, .. } => {
                init.iter().for_each(|init| self.expr(init));
                if let Some(otherwise) = otherwise {
                    // It diverges.
                    self.branch(|walk| walk.expr(otherwise));
                }
            }
            Stmt::Expr(expr) => self.expr(expr),
        }
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
                let branches = vec![self.branch(|walk| walk.expr(b)), self.branch(|_| {})];
                self.join(branches);
            }
            ExprKind::If { cond, then, otherwise } => {
                self.expr(cond);
                let then = self.branch(|walk| walk.expr(then));
                let otherwise =
                    self.branch(|walk| otherwise.iter().for_each(|branch| walk.expr(branch)));
                self.join(vec![then, otherwise]);
            }
            ExprKind::Match { value, arms } => {
                self.expr(value);
                let arms = arms.iter().map(|arm| {
                    self.branch(|walk| {
                        arm.guard.iter().for_each(|guard| walk.expr(guard));
                        walk.expr(&arm.body);
                    })
                });
                let arms = arms.collect();
                self.join(arms);
            }
            ExprKind::Loop { id, body, repeats: true } => self.looped(*id, |walk| {
                walk.round(*id, body);
                walk.top().clone()
            }),
            ExprKind::Loop { id, body, repeats: false } => self.looped(*id, |walk| {
                walk.expr(body);
                walk.top().clone()
            }),
            ExprKind::While { id, cond, body } => self.looped(*id, |walk| {
                walk.expr(cond);
                let end = walk.top().clone();
                walk.round(*id, body);
                end
            }),
            ExprKind::For { id, body, .. } => {
                let mut children = Vec::new();
                expr.children(&mut |child| children.push(child));
                children.pop();
                children.into_iter().for_each(|child| self.expr(child));
                self.looped(*id, |walk| {
                    let end = walk.top().clone();
                    walk.round(*id, body);
                    end
                });
            }
            ExprKind::Break(id, value) => {
                value.iter().for_each(|value| self.expr(value));
                self.jump(*id, |looped| &mut looped.exits);
            }
            ExprKind::Continue(id) => self.jump(*id, |looped| &mut looped.again),
            ExprKind::Return(value) => {
                value.iter().for_each(|value| self.expr(value));
                self.top().dead = true;
            }
            ExprKind::Panic(..) | ExprKind::NeverTo(_) => {
                expr.children(&mut |child| self.expr(child));
                self.top().dead = true;
            }
            _ => expr.children(&mut |child| self.expr(child)),
        }
    }
}
