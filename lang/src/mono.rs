//! Monomorphisation: a copy of a generic function for each list of types that it is called with, so that the lowering
//! meets only functions whose types are known. Checked bodies are copied with the types replaced; nothing is checked
//! again, because what a parameter can do is known from its bounds.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::diag::Diagnostic;
use crate::program::FnInfo;
use crate::tree::{Body, Expr, ExprKind, FnId, Stmt};
use crate::ty::{ParamId, Ty, TyKind, Types};
use crate::value::{MAX_VARIABLES, layout};

/// The depth to which instances may need new instances: rustc's limit.
const MAX_DEPTH: usize = 128;

/// The most instances that a program may have.
const MAX_INSTANCES: usize = 10_000;

/// The largest type argument of an instance, in types that it is made of.
const MAX_WEIGHT: u32 = 1 << 12;

/// An instance whose body is still to be made.
struct Waiting {
    id: FnId,
    /// The generic function and its type arguments.
    generic: FnId,
    args: Vec<(ParamId, Ty)>,
    depth: usize,
}

struct Mono<'t> {
    types: &'t mut Types,
    fns: &'t mut Vec<FnInfo>,
    instances: HashMap<(FnId, Vec<Ty>), FnId>,
    names: HashSet<String>,
    waiting: Vec<Waiting>,
    error: Option<Box<Diagnostic>>,
}

/// Replaces generic functions by their instances.
///
/// # Errors
/// A limit on instances.
pub(crate) fn instantiate(types: &mut Types, fns: &mut Vec<FnInfo>) -> Result<(), Box<Diagnostic>> {
    if fns.iter().all(|info| info.generics.is_empty()) {
        return Ok(());
    }
    let mut mono = Mono {
        types,
        fns,
        instances: HashMap::new(),
        names: HashSet::new(),
        waiting: Vec::new(),
        error: None,
    };
    let plain: Vec<FnId> = (0u32..)
        .take(mono.fns.len())
        .map(FnId)
        .filter(|id| mono.fns[id.0 as usize].generics.is_empty())
        .collect();
    for id in plain {
        let Some(body) = mono.fns[id.0 as usize].body.take() else { continue };
        let mut body = Rc::try_unwrap(body).unwrap_or_else(|shared| (*shared).clone());
        mono.expr(&mut body.value, &[], 0);
        mono.fns[id.0 as usize].body = Some(Rc::new(body));
    }
    while let Some(Waiting { id, generic, args, depth }) = mono.waiting.pop() {
        let Some(body) = mono.fns[generic.0 as usize].body.clone() else { continue };
        let body = mono.body(&body, &args, depth);
        let frame = body.locals.iter().map(|local| layout(mono.types, local.ty).0);
        if frame.fold(0, u64::saturating_add) > MAX_VARIABLES {
            mono.fail(generic, "needs too much memory for its variables");
        }
        mono.fns[id.0 as usize].body = Some(Rc::new(body));
        if let Some(error) = mono.error {
            return Err(error);
        }
    }
    if let Some(error) = mono.error {
        return Err(error);
    }
    for info in fns.iter_mut().filter(|info| !info.generics.is_empty()) {
        info.body = None;
    }
    Ok(())
}

impl Mono<'_> {
    fn fail(&mut self, generic: FnId, what: &str) {
        let info = &self.fns[generic.0 as usize];
        let message = format!("an instance of the generic function `{}` {what}", info.name);
        self.error.get_or_insert_with(|| Box::new(Diagnostic::new("J0003", info.place, message)));
    }

    /// The instance of a generic function for these types.
    fn instance(&mut self, generic: FnId, args: Vec<Ty>, depth: usize) -> FnId {
        if let Some(&id) = self.instances.get(&(generic, args.clone())) {
            return id;
        }
        if depth > MAX_DEPTH || args.iter().any(|&arg| self.types.weight(arg) > MAX_WEIGHT) {
            self.fail(generic, "needs ever more instances: the recursion limit is reached");
            return generic;
        }
        if self.instances.len() >= MAX_INSTANCES {
            self.fail(generic, "is one too many");
            return generic;
        }
        let id = FnId(self.fns.len() as u32);
        let info = &self.fns[generic.0 as usize];
        let ids: Vec<ParamId> = info
            .generics
            .iter()
            .filter_map(|&param| match self.types.kind(param) {
                TyKind::Param(id) => Some(*id),
                _ => None,
            })
            .collect();
        let pairs: Vec<(ParamId, Ty)> = ids.into_iter().zip(args.iter().copied()).collect();
        let names: Vec<String> = args.iter().map(|&arg| self.types.name(arg)).collect();
        let full = format!("{}::<{}>", info.name, names.join(", "));
        // Closures all look the same.
        let mut name = full.clone();
        while !self.names.insert(name.clone()) {
            name = format!("{full}#{}", self.fns.len());
        }
        let (params, result) = (info.params.clone(), info.result);
        let params = params.into_iter().map(|ty| self.types.substitute(ty, &pairs)).collect();
        let result = self.types.substitute(result, &pairs);
        let info = &self.fns[generic.0 as usize];
        let instance = FnInfo { name, params, result, generics: Vec::new(), body: None, ..*info };
        self.fns.push(instance);
        self.instances.insert((generic, args), id);
        self.waiting.push(Waiting { id, generic, args: pairs, depth });
        id
    }

    fn body(&mut self, body: &Body, args: &[(ParamId, Ty)], depth: usize) -> Body {
        let mut body = body.clone();
        for local in &mut body.locals {
            local.ty = self.ty(local.ty, args, depth);
        }
        self.expr(&mut body.value, args, depth);
        body
    }

    fn expr(&mut self, expr: &mut Expr, args: &[(ParamId, Ty)], depth: usize) {
        expr.ty = self.ty(expr.ty, args, depth);
        match &mut expr.kind {
            ExprKind::Call(id, generics, _) if !generics.is_empty() => {
                let generics = std::mem::take(generics);
                *id = self.callee(*id, generics, args, depth);
            }
            ExprKind::ConstParam(len) => {
                let len = self.types.substitute(*len, args);
                expr.kind = ExprKind::Int(self.types.len_value(len).unwrap_or(0).into());
            }
            ExprKind::Block(stmts, _) => {
                for stmt in stmts {
                    if let Stmt::Let { pat, .. } = stmt {
                        pat.walk_mut(&mut |pat| pat.ty = self.ty(pat.ty, args, depth));
                    }
                }
            }
            ExprKind::Match { arms, .. } => {
                for arm in arms {
                    arm.pat.walk_mut(&mut |pat| pat.ty = self.ty(pat.ty, args, depth));
                }
            }
            ExprKind::For { iter, pat, .. } => {
                iter.item = self.ty(iter.item, args, depth);
                pat.walk_mut(&mut |pat| pat.ty = self.ty(pat.ty, args, depth));
            }
            _ => {}
        }
        expr.children_mut(&mut |child| self.expr(child, args, depth));
    }

    fn callee(
        &mut self,
        id: FnId,
        generics: Vec<Ty>,
        args: &[(ParamId, Ty)],
        depth: usize,
    ) -> FnId {
        let generics = generics.into_iter().map(|ty| self.ty(ty, args, depth)).collect();
        self.instance(id, generics, depth + 1)
    }

    /// The type for these arguments, with the instances of the functions that it mentions.
    fn ty(&mut self, ty: Ty, args: &[(ParamId, Ty)], depth: usize) -> Ty {
        let ty = self.types.substitute(ty, args);
        let ty = self.types.resolve(ty);
        self.settle(ty, depth)
    }

    fn settle(&mut self, ty: Ty, depth: usize) -> Ty {
        let kind = self.types.kind(ty).clone();
        let settled = kind.map(&mut |ty| self.settle(ty, depth));
        match settled {
            Some(TyKind::FnItem(id, generics)) if !generics.is_empty() => {
                let instance = self.instance(id, generics, depth + 1);
                self.types.make(TyKind::FnItem(instance, Vec::new()))
            }
            Some(kind) => self.types.make(kind),
            None => ty,
        }
    }
}
