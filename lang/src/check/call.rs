//! Calls of functions and methods.

use syn::spanned::Spanned;

use super::syntax::{Generic, call_span, is_closure, is_iterator, method_call_span, turbofish};
use super::{Checker, Expect, Named};
use crate::bounds::Bound;
use crate::diag::{Diagnostic, Place};
use crate::methods::{self, CLAMP, Op, SliceOp};
use crate::tree::{Expr, ExprKind, FnId, UnOp};
use crate::ty::{Ty, TyKind};

impl<'a> Checker<'a> {
    pub(super) fn call(&mut self, call: &syn::ExprCall) -> Expr {
        let place = self.place(call_span(call));
        let args: Vec<&syn::Expr> = call.args.iter().collect();
        let syn::Expr::Path(path) = &*call.func else {
            let callee = self.expr(&call.func, Expect::Nothing);
            return self.call_value(callee, &args, place);
        };
        if path.qself.is_some() {
            return self.unsupported(path.span(), "generic paths");
        }
        let names = self.full_path(&path.path);
        let words: Vec<&str> = names.iter().map(String::as_str).collect();
        if words == ["mem", "size_of"] {
            return self.size_of(&path.path, &args, place);
        }
        let Ok(generic) = turbofish(&path.path) else {
            return self.unsupported(path.span(), "these generic arguments");
        };
        if let [name] = words.as_slice() {
            let named = self.lookup(name);
            if generic.is_some() && !matches!(named, Some(Named::Fn(_))) {
                return self.unsupported(path.span(), "these generic arguments");
            }
            return match named {
                Some(Named::Fn(id)) => self.call_fn(id, generic, &args, Vec::new(), place),
                Some(Named::Struct(id)) if self.types.structs[id.0 as usize].tuple_like => {
                    let fields = self.types.field_types(id);
                    let name = self.types.structs[id.0 as usize].name.clone();
                    let values = self.arguments(&name, &fields, &args, Vec::new(), place);
                    let ty = self.types.make(TyKind::Struct(id));
                    let fields = values.into_iter().enumerate().collect();
                    self.make(ExprKind::Struct { fields, base: None }, ty, place)
                }
                Some(_) => {
                    let callee = self.expr(&call.func, Expect::Nothing);
                    self.call_value(callee, &args, place)
                }
                None if self.cx.captures.iter().any(|other| other == name) => {
                    let callee = self.expr(&call.func, Expect::Nothing);
                    self.call_value(callee, &args, place)
                }
                None => self.unknown_function(name, self.place_of(&call.func)),
            };
        }
        self.path_call(&words, generic, &args, place)
    }

    fn unknown_function(&mut self, name: &str, place: Place) -> Expr {
        if matches!(name, "Some" | "Ok" | "Err" | "Box" | "drop" | "String" | "Vec") {
            return self.error("J0002", place, format!("`{name}` is not supported"));
        }
        let message = format!("cannot find function `{name}` in this scope");
        let diag = Diagnostic::new("E0425", place, message).label("not found in this scope");
        let mut known: Vec<&str> = self
            .values
            .iter()
            .filter(|(_, v)| matches!(v, Named::Fn(_)))
            .map(|(k, _)| k.as_str())
            .collect();
        known.sort_unstable();
        self.report(diag.nearest("a function with a similar name exists", name, known));
        self.error_expr(place)
    }

    /// Calls with a path: `f64::from(x)`, `i32::max(a, b)`, `std::mem::swap(&mut a, &mut b)`, `Point::new(..)`.
    fn path_call(
        &mut self,
        words: &[&str],
        generic: Option<&Generic>,
        args: &[&syn::Expr],
        place: Place,
    ) -> Expr {
        match words {
            ["mem", "swap"] => return self.mem_swap(args, place),
            ["mem", "replace"] => {
                return self.error("J0002", place, "`mem::replace` is not supported");
            }
            ["hint", "black_box"] => {
                let [arg] = args else {
                    return self.wrong_count("black_box", 1, args.len(), place);
                };
                let arg = self.expr(arg, Expect::Nothing);
                let ty = arg.ty;
                if self.cx.in_const {
                    let message = "`black_box` is not allowed in constants and `const fn`";
                    return self.error("E0015", place, message);
                }
                // A block has the value of what is inside, and no lint looks through it.
                return self.make(ExprKind::Block(Vec::new(), Some(Box::new(arg))), ty, place);
            }
            ["cmp", name @ ("min" | "max")] => return self.cmp_call(name, args, place),
            _ => {}
        }
        let Some((ty, name)) = self.assoc_fn(words) else {
            let path = words.join("::");
            return self.error("E0433", place, format!("cannot find `{path}` in this scope"));
        };
        if let TyKind::Struct(_) | TyKind::Enum(_) = self.types.kind(ty) {
            return match self.methods.get(&(ty, name.clone())) {
                Some(method) => {
                    let function = method.function;
                    self.call_fn(function, generic, args, Vec::new(), place)
                }
                None if name == "default" => self.default_value(ty, args, place),
                None => self.no_function(ty, &name, place),
            };
        }
        if let Some(generic) = generic {
            return self.unsupported(generic.span(), "these generic arguments");
        }
        match name.as_str() {
            "from" => return self.conversion(ty, args, place),
            "default" => return self.default_value(ty, args, place),
            "from_bits" if self.types.as_float(ty).is_some() => {
                let Some(float) = self.types.as_float(ty) else { return self.error_expr(place) };
                let bits = methods::bits_type(&mut self.types, float);
                let args = self.arguments("from_bits", &[bits], args, Vec::new(), place);
                return self.make_method(Op::Bits, args, ty, place);
            }
            _ => {}
        }
        match methods::find(&mut self.types, ty, &name) {
            Some(mut found) => {
                if found.by_reference {
                    found.params[0] = self.types.reference(false, ty);
                }
                let mut args = self.arguments(&name, &found.params, args, Vec::new(), place);
                if found.by_reference && !args.is_empty() {
                    let first = args.remove(0);
                    args.insert(0, self.auto_deref(first));
                }
                self.found_method(&found, args, place)
            }
            None => self.no_function(ty, &name, place),
        }
    }

    /// `cmp::min(a, b)`, `cmp::max(a, b)`.
    fn cmp_call(&mut self, name: &str, args: &[&syn::Expr], place: Place) -> Expr {
        let [a, b] = args else { return self.wrong_count(name, 2, args.len(), place) };
        let a = self.expr(a, Expect::Nothing);
        let ty = a.ty;
        let b = self.expr_coerce(b, ty);
        if self.types.is_error(ty) {
            return a;
        }
        if self.types.is_floating(ty) {
            let message = "floats have no total order; use the method `min` or `max`";
            return self.error("E0277", place, message);
        }
        if !self.types.is_integral(ty) && !self.has_bound(ty, Bound::Named("Ord")) {
            let message = "`cmp::min` and `cmp::max` of anything but integers are not supported";
            return self.error("J0002", place, message);
        }
        let op = if name == "min" { Op::Min } else { Op::Max };
        self.make_method(op, vec![a, b], ty, place)
    }

    fn no_function(&mut self, ty: Ty, name: &str, place: Place) -> Expr {
        let shown = self.types.name(ty);
        if let Some(reason) = methods::refusal(name) {
            let message = format!("`{shown}::{name}` is not supported: {reason}");
            return self.error("J0002", place, message);
        }
        self.error("E0599", place, format!("no function or associated item named `{name}` found for type `{shown}` in the current scope"))
    }

    pub(super) fn wrong_count(
        &mut self,
        name: &str,
        expected: usize,
        found: usize,
        place: Place,
    ) -> Expr {
        let plural = if expected == 1 { "" } else { "s" };
        let message = format!(
            "`{name}` takes {expected} argument{plural} but {found} {} supplied",
            if found == 1 { "was" } else { "were" }
        );
        self.error("E0061", place, message)
    }

    /// Arguments after `first`, coerced to the types of the parameters.
    pub(super) fn arguments(
        &mut self,
        name: &str,
        params: &[Ty],
        args: &[&syn::Expr],
        first: Vec<Expr>,
        place: Place,
    ) -> Vec<Expr> {
        let mut values = first;
        let taken = values.len();
        if args.len() + taken != params.len() {
            self.wrong_count(name, params.len().saturating_sub(taken), args.len(), place);
            self.check_all(args);
            return Vec::new();
        }
        // Closures come last, when the other arguments have determined the types of their parameters.
        let mut checked: Vec<Option<Expr>> = args.iter().map(|_| None).collect();
        for closures in [false, true] {
            for (index, (arg, &ty)) in args.iter().zip(&params[taken..]).enumerate() {
                if is_closure(arg) == closures {
                    checked[index] = Some(self.expr_coerce(arg, ty));
                }
            }
        }
        values.extend(checked.into_iter().flatten());
        values
    }

    pub(super) fn call_fn(
        &mut self,
        id: FnId,
        generic: Option<&Generic>,
        args: &[&syn::Expr],
        first: Vec<Expr>,
        place: Place,
    ) -> Expr {
        let (name, params, result, needs_unsafe, is_const) = {
            let info = &self.fns[id.0 as usize];
            (info.name.clone(), info.params.clone(), info.result, info.needs_unsafe, info.is_const)
        };
        if needs_unsafe && self.cx.unsafe_depth == 0 {
            self.error("E0133", place, format!("call to unsafe function `{name}` is unsafe and requires unsafe function or block"));
        }
        if self.cx.in_const && !is_const {
            let message = format!("cannot call non-const function `{name}` in constants");
            self.error("E0015", place, message);
        }
        let generics = self.generic_args(id, generic, place);
        if generics.is_empty() {
            let args = self.arguments(&name, &params, args, first, place);
            return self.make(ExprKind::Call(id, generics, args), result, place);
        }
        if self.cx.in_const {
            let message = "calls of generic functions in constants are not supported";
            return self.error("J0002", place, message);
        }
        let pairs = self.generic_pairs(id, &generics);
        let params: Vec<Ty> =
            params.into_iter().map(|ty| self.types.substitute(ty, &pairs)).collect();
        let result = self.types.substitute(result, &pairs);
        let callables = self.cx.callables.len();
        self.expect_callables(&pairs);
        let args = self.arguments(&name, &params, args, first, place);
        self.cx.callables.truncate(callables);
        self.unify_callables(&pairs, place);
        self.make(ExprKind::Call(id, generics, args), result, place)
    }

    // ---- Methods ----

    pub(super) fn method_call(&mut self, call: &syn::ExprMethodCall) -> Expr {
        let place = self.place(method_call_span(call));
        let name = call.method.to_string();
        if matches!(name.as_str(), "sum" | "product" | "count") && is_iterator(&call.receiver) {
            return self.fold(call, place);
        }
        let args: Vec<&syn::Expr> = call.args.iter().collect();
        if let syn::Expr::Paren(paren) = &*call.receiver
            && let syn::Expr::Range(range) = &*paren.expr
            && name == "contains"
        {
            return self.range_contains(range, &args, place);
        }
        let receiver = self.expr(&call.receiver, Expect::Nothing);
        let at = self.place(call.method.span());
        if self.types.is_error(receiver.ty) {
            self.check_all(&args);
            return self.error_expr(place);
        }
        let base = self.auto_deref(receiver);
        match self.types.kind(base.ty).clone() {
            TyKind::Infer(_) => self.literal_method(base, &name, &args, (at, place)),
            TyKind::Struct(_) | TyKind::Enum(_) => {
                self.struct_method(base, &name, call.turbofish.as_ref(), &args, (at, place))
            }
            _ if call.turbofish.is_some() => {
                self.unsupported(call.turbofish.span(), "these generic arguments")
            }
            TyKind::Param(_) => self.param_method(base, &name, &args, at, place),
            TyKind::Array(item, _) | TyKind::Slice(item) => {
                self.slice_method(base, item, &name, &args, (at, place))
            }
            TyKind::Str => self.str_method(base, &name, &args, (at, place)),
            _ => match methods::find(&mut self.types, base.ty, &name) {
                Some(found) => {
                    let args = self.arguments(&name, &found.params, &args, vec![base], place);
                    self.found_method(&found, args, place)
                }
                None => self.no_method(base.ty, &name, at),
            },
        }
    }

    /// A method of a value whose type is still to be inferred: of a literal, if any.
    fn literal_method(
        &mut self,
        base: Expr,
        name: &str,
        args: &[&syn::Expr],
        (at, place): (Place, Place),
    ) -> Expr {
        match (self.types.literal_var(base.ty), name) {
            (None, _) => self.needs_annotation(base.place),
            // Methods of the trait `Ord` find their integer type later; rustc looks for inherent ones at once.
            (Some(true), "min" | "max" | "clamp") => self.ord_method(base, name, args, place),
            (Some(is_int), _) => {
                let (kind, typed) =
                    if is_int { ("{integer}", "1_i32") } else { ("{float}", "1.0_f64") };
                let message =
                    format!("can't call method `{name}` on ambiguous numeric type `{kind}`");
                let diag = Diagnostic::new("E0689", at, message);
                self.report(diag.note(format!("give it a type, like `{typed}`")));
                self.error_expr(place)
            }
        }
    }

    /// `min`, `max` or `clamp` of a type that is not known yet.
    pub(super) fn ord_method(
        &mut self,
        base: Expr,
        name: &str,
        args: &[&syn::Expr],
        place: Place,
    ) -> Expr {
        let (ty, count) = (base.ty, if name == "clamp" { 3 } else { 2 });
        let args = self.arguments(name, &vec![ty; count], args, vec![base], place);
        match name {
            "min" => self.make_method(Op::Min, args, ty, place),
            "max" => self.make_method(Op::Max, args, ty, place),
            _ if self.cx.in_const => self.not_const(place),
            _ => self.expand(CLAMP, args, place),
        }
    }

    fn str_method(
        &mut self,
        base: Expr,
        name: &str,
        args: &[&syn::Expr],
        (at, place): (Place, Place),
    ) -> Expr {
        let (op, ty) = match name {
            "len" => (SliceOp::Len, Ty::USIZE),
            "is_empty" => (SliceOp::IsEmpty, Ty::BOOL),
            "as_bytes" => {
                let slice = self.types.make(TyKind::Slice(Ty::U8));
                (SliceOp::AsBytes, self.types.reference(false, slice))
            }
            _ => {
                let message = format!("the method `{name}` of `str` is not supported");
                return self.error("J0002", at, message);
            }
        };
        if !args.is_empty() {
            return self.wrong_count(name, 0, args.len(), place);
        }
        let base = self.borrow(false, base, place);
        self.make_method(Op::Slice(op), vec![base], ty, place)
    }

    fn no_method(&mut self, ty: Ty, name: &str, at: Place) -> Expr {
        let shown = self.types.name(ty);
        if let Some(reason) = methods::refusal(name) {
            let message = format!("the method `{name}` is not supported: {reason}");
            return self.error("J0002", at, message);
        }
        let message =
            format!("no method named `{name}` found for type `{shown}` in the current scope");
        let diag = Diagnostic::new("E0599", at, message);
        let known = methods::names(&self.types, ty);
        self.report(diag.nearest("there is a method with a similar name", name, known));
        self.error_expr(at)
    }

    fn struct_method(
        &mut self,
        base: Expr,
        name: &str,
        generic: Option<&Generic>,
        args: &[&syn::Expr],
        (at, place): (Place, Place),
    ) -> Expr {
        if name == "clone"
            && args.is_empty()
            && self.implements(base.ty, "Clone")
            && self.implements(base.ty, "Copy")
        {
            return base;
        }
        let ty = self.types.shallow(base.ty);
        let Some(method) = self.methods.get(&(ty, name.to_owned())) else {
            let fields = match self.types.kind(ty) {
                TyKind::Struct(id) => self.types.structs[id.0 as usize].fields.as_slice(),
                _ => &[],
            };
            let field = fields.iter().find(|(other, _)| other == name).map(|&(_, ty)| ty);
            if field.is_some_and(|ty| matches!(self.types.kind(ty), TyKind::Fn(..))) {
                let shown = self.types.name(base.ty);
                let message = format!(
                    "no method named `{name}` found for type `{shown}` in the current scope"
                );
                let note = format!("to call the function in the field, write `(value.{name})(..)`");
                self.report(Diagnostic::new("E0599", at, message).note(note));
                return self.error_expr(place);
            }
            return self.no_method(base.ty, name, at);
        };
        let (function, has_self) = (method.function, method.has_self);
        if !has_self {
            let message =
                format!("`{name}` is an associated function, not a method; call it with `::`");
            return self.error("E0599", at, message);
        }
        let wanted = self.fns[function.0 as usize].params.first().copied();
        let receiver = match wanted.and_then(|ty| self.types.as_ref(ty)) {
            Some((mutable, _)) => self.borrow(mutable, base, place),
            None => base,
        };
        self.call_fn(function, generic, args, vec![receiver], place)
    }

    fn slice_method(
        &mut self,
        base: Expr,
        item: Ty,
        name: &str,
        args: &[&syn::Expr],
        (at, place): (Place, Place),
    ) -> Expr {
        let slice = self.types.make(TyKind::Slice(item));
        let (op, mutable, params, ty) = match name {
            "len" => (SliceOp::Len, false, vec![], Ty::USIZE),
            "is_empty" => (SliceOp::IsEmpty, false, vec![], Ty::BOOL),
            "swap" => (SliceOp::Swap, true, vec![Ty::USIZE, Ty::USIZE], Ty::UNIT),
            "reverse" => (SliceOp::Reverse, true, vec![], Ty::UNIT),
            "fill" => (SliceOp::Fill, true, vec![item], Ty::UNIT),
            "copy_from_slice" => {
                (SliceOp::CopyFromSlice, true, vec![self.types.reference(false, slice)], Ty::UNIT)
            }
            "split_at_mut" | "split_at" => {
                let mutable = name == "split_at_mut";
                let half = self.types.reference(mutable, slice);
                (
                    SliceOp::SplitAt,
                    mutable,
                    vec![Ty::USIZE],
                    self.types.make(TyKind::Tuple(vec![half, half])),
                )
            }
            "as_slice" | "as_mut_slice"
                if matches!(self.types.kind(base.ty), TyKind::Array(..)) =>
            {
                let mutable = name == "as_mut_slice";
                let base = self.borrow(mutable, base, place);
                let ty = self.types.reference(mutable, slice);
                return self.coerce(base, ty);
            }
            "clone"
                if args.is_empty()
                    && self.implements(base.ty, "Copy")
                    && matches!(self.types.kind(base.ty), TyKind::Array(..)) =>
            {
                return base;
            }
            "iter" | "iter_mut" | "chunks" | "windows" | "into_iter" | "map" => {
                let message = format!("`{name}` is only supported as what a `for` loop steps over");
                return self.error("J0002", at, message);
            }
            _ => {
                if methods::refusal(name).is_some() {
                    return self.no_method(base.ty, name, at);
                }
                let message = format!("the method `{name}` of slices is not supported");
                return self.error("J0002", at, message);
            }
        };
        let needs_copy = matches!(op, SliceOp::Fill | SliceOp::CopyFromSlice);
        if needs_copy && self.types.is_known(item) && !self.implements(item, "Copy") {
            let name = self.types.name(item);
            self.error("E0277", at, format!("`{name}` is not `Copy`"));
        }
        let base = self.borrow(mutable, base, place);
        let target = self.types.reference(mutable, slice);
        let base = self.coerce(base, target);
        let mut all = vec![target];
        all.extend(params);
        let args = self.arguments(name, &all, args, vec![base], place);
        self.make_method(Op::Slice(op), args, ty, place)
    }

    /// `!x`, for the checker's own use.
    pub(super) fn not(&mut self, expr: Expr) -> Expr {
        let (ty, place) = (expr.ty, expr.place);
        self.make(ExprKind::Unary(UnOp::Not, Box::new(expr)), ty, place)
    }
}
