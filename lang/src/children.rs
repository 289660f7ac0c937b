//! Walks through the typed tree: the expressions directly inside another, in the order of the source, to read or to
//! change. Both walks are made from one list.

use crate::ids::LocalId;
use crate::tree::{Adapter, Arm, Expr, ExprKind, Format, Iter, IterBase, Pat, PatKind, Stmt};

/// The arms of both walks: `$kind` is a reference to an [`ExprKind`], shared or not; bindings are references alike.
macro_rules! walk_expr {
    ($kind:expr, $f:ident, $iter:path, $args:expr) => {
        match $kind {
            ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Value(_)
            | ExprKind::Local(_)
            | ExprKind::Const(_)
            | ExprKind::Static(_)
            | ExprKind::Continue(_)
            | ExprKind::ConstParam(_)
            | ExprKind::Zero
            | ExprKind::FnItem
            | ExprKind::Error => {}
            ExprKind::Unary(_, e)
            | ExprKind::Cast(e)
            | ExprKind::Convert(e)
            | ExprKind::Discard(e)
            | ExprKind::Field(e, _)
            | ExprKind::Deref(e)
            | ExprKind::Ref { place: e, .. }
            | ExprKind::Unsize(e)
            | ExprKind::Reify(e)
            | ExprKind::Repeat(e)
            | ExprKind::Loop { body: e, .. }
            | ExprKind::NeverTo(e) => $f(e),
            ExprKind::Binary(_, a, b)
            | ExprKind::And(a, b)
            | ExprKind::Or(a, b)
            | ExprKind::Assign(a, b)
            | ExprKind::Index(a, b)
            | ExprKind::AssignOp { place: a, value: b, .. }
            | ExprKind::While { cond: a, body: b, .. } => {
                $f(a);
                $f(b);
            }
            ExprKind::If { cond, then, otherwise } => {
                $f(cond);
                $f(then);
                if let Some(e) = otherwise {
                    $f(e);
                }
            }
            ExprKind::Match { value, arms } => {
                $f(value);
                for Arm { guard, body, .. } in arms {
                    if let Some(e) = guard {
                        $f(e);
                    }
                    $f(body);
                }
            }
            ExprKind::For { iter, body, .. } => {
                $iter(iter, $f);
                $f(body);
            }
            ExprKind::Break(_, value) | ExprKind::Return(value) => {
                if let Some(e) = value {
                    $f(e);
                }
            }
            ExprKind::Block(stmts, tail) => {
                for stmt in stmts {
                    match stmt {
                        Stmt::Let { init, otherwise, .. } => {
                            if let Some(e) = init {
                                $f(e);
                            }
                            if let Some(e) = otherwise {
                                $f(e);
                            }
                        }
                        Stmt::Expr(e) => $f(e),
                    }
                }
                if let Some(e) = tail {
                    $f(e);
                }
            }
            ExprKind::CallValue(callee, args) => {
                $f(callee);
                for e in args {
                    $f(e);
                }
            }
            ExprKind::Call(_, _, args)
            | ExprKind::Method(_, args)
            | ExprKind::Tuple(args)
            | ExprKind::Array(args) => {
                for e in args {
                    $f(e);
                }
            }
            ExprKind::SliceRange { base, lo, hi, .. } => {
                $f(base);
                if let Some(e) = lo {
                    $f(e);
                }
                if let Some(e) = hi {
                    $f(e);
                }
            }
            ExprKind::Struct { fields, base } => {
                for (_, e) in fields {
                    $f(e);
                }
                if let Some(e) = base {
                    $f(e);
                }
            }
            ExprKind::Print(format) => {
                for e in $args(format) {
                    $f(e);
                }
            }
            ExprKind::Panic(_, format) => {
                if let Some(format) = format {
                    for e in $args(format) {
                        $f(e);
                    }
                }
            }
        }
    };
}

macro_rules! walk_iter {
    ($base:expr, $adapters:expr, $f:ident) => {
        match $base {
            IterBase::Range { start, end, .. } => {
                $f(start);
                $f(end);
            }
            IterBase::Slice(e) | IterBase::Array(e) => $f(e),
        }
        for adapter in $adapters {
            match adapter {
                Adapter::Rev => {}
                Adapter::StepBy(e) | Adapter::Take(e) | Adapter::Skip(e) => $f(e),
            }
        }
    };
}

impl Expr {
    /// Calls `f` with each expression directly inside, in the order of the source.
    pub(crate) fn children<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        walk_expr!(&self.kind, f, Iter::children, |format: &'a Format| &format.args);
    }

    /// The same, to change them.
    pub(crate) fn children_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        fn args(format: &mut Format) -> &mut Vec<Expr> {
            &mut format.args
        }
        walk_expr!(&mut self.kind, f, Iter::children_mut, args);
    }
}

impl Iter {
    fn children<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        walk_iter!(&self.base, &self.adapters, f);
    }

    fn children_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        walk_iter!(&mut self.base, &mut self.adapters, f);
    }
}

/// The patterns inside of one, after itself.
macro_rules! walk_pat {
    ($kind:expr, $f:ident, $walk:path) => {
        match $kind {
            PatKind::Wild | PatKind::Range(..) | PatKind::BindRef(_) | PatKind::Bind(_, None) => {}
            PatKind::Or(pats) => {
                for pat in pats {
                    $walk(pat, $f);
                }
            }
            PatKind::Parts(pats) => {
                for (_, pat) in pats {
                    $walk(pat, $f);
                }
            }
            PatKind::Deref(pat) | PatKind::Bind(_, Some(pat)) => $walk(pat, $f),
        }
    };
}

impl Pat {
    /// Calls `f` with the pattern and each inside of it.
    pub(crate) fn walk<'a>(&'a self, f: &mut dyn FnMut(&'a Pat)) {
        f(self);
        walk_pat!(&self.kind, f, Pat::walk);
    }

    /// The same, to change them.
    pub(crate) fn walk_mut(&mut self, f: &mut dyn FnMut(&mut Pat)) {
        f(self);
        walk_pat!(&mut self.kind, f, Pat::walk_mut);
    }

    /// The locals that it binds.
    pub(crate) fn bindings(&self) -> Vec<LocalId> {
        let mut found = Vec::new();
        self.walk(&mut |pat| {
            if let PatKind::Bind(id, _) | PatKind::BindRef(id) = pat.kind {
                found.push(id);
            }
        });
        found
    }
}
