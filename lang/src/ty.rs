//! The types of the source language, interned so that a type is a number, and inference by unification.

use std::collections::HashMap;

use crate::bounds::Bound;
use crate::ids::FnId;
pub(crate) use crate::ids::{EnumId, ParamId, StructId, Ty};
pub(crate) use crate::number::{FloatTy, IntTy};

/// The types that every program has; `make` numbers them in this order.
const COMMON: [TyKind; 11] = [
    TyKind::Error,
    TyKind::Tuple(Vec::new()),
    TyKind::Never,
    TyKind::Bool,
    TyKind::Char,
    TyKind::Str,
    TyKind::Int(IntTy::I32),
    TyKind::Int(IntTy::U8),
    TyKind::Int(IntTy::U32),
    TyKind::Int(IntTy::Usize),
    TyKind::Float(FloatTy::F64),
];

/// The variants of an `enum`, each with its number.
#[derive(Clone, Debug)]
pub(crate) struct EnumInfo {
    pub(crate) name: String,
    pub(crate) variants: Vec<(String, i128)>,
    pub(crate) derives: Vec<String>,
    pub(crate) place: crate::diag::Place,
}

/// The name of a generic parameter, and its bounds.
#[derive(Clone, Debug)]
pub(crate) struct ParamInfo {
    pub(crate) name: String,
    pub(crate) bounds: Vec<Bound>,
    /// `const N: usize`
    pub(crate) is_const: bool,
    /// `impl Fn(A) -> B` as the type of a function's parameter.
    pub(crate) anonymous: bool,
}

/// The kinds of types.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum TyKind {
    Int(IntTy),
    Float(FloatTy),
    Bool,
    Char,
    Str,
    Never,
    /// `()` is the empty one.
    Tuple(Vec<Ty>),
    /// The element and the length, a [`TyKind::Len`] once it is known.
    Array(Ty, Ty),
    /// The length of an array, or the value of a constant parameter.
    Len(u64),
    Slice(Ty),
    Ref {
        mutable: bool,
        to: Ty,
    },
    Struct(StructId),
    Enum(EnumId),
    /// A pointer to a function, by parameters and result.
    Fn(Vec<Ty>, Ty),
    /// One function, with the types for its parameters; it takes no memory.
    FnItem(FnId, Vec<Ty>),
    /// A parameter of a generic function.
    Param(ParamId),
    /// To be inferred.
    Infer(u32),
    /// The type of something that has been reported already; it agrees with everything.
    Error,
}

impl TyKind {
    /// The types that it is made of.
    pub(crate) fn inside(&self) -> impl Iterator<Item = Ty> {
        let (items, others): (&[Ty], [Option<Ty>; 2]) = match self {
            TyKind::Tuple(items) | TyKind::FnItem(_, items) => (items, [None, None]),
            TyKind::Fn(params, result) => (params, [Some(*result), None]),
            TyKind::Array(item, len) => (&[], [Some(*item), Some(*len)]),
            TyKind::Slice(item) | TyKind::Ref { to: item, .. } => (&[], [Some(*item), None]),
            _ => (&[], [None, None]),
        };
        items.iter().copied().chain(others.into_iter().flatten())
    }

    /// The same of other types, if it is made of any.
    pub(crate) fn map(&self, f: &mut dyn FnMut(Ty) -> Ty) -> Option<TyKind> {
        Some(match self {
            TyKind::Tuple(items) => TyKind::Tuple(items.iter().map(|&ty| f(ty)).collect()),
            TyKind::FnItem(id, items) => {
                TyKind::FnItem(*id, items.iter().map(|&ty| f(ty)).collect())
            }
            TyKind::Fn(params, result) => {
                let params = params.iter().map(|&ty| f(ty)).collect();
                TyKind::Fn(params, f(*result))
            }
            TyKind::Array(item, len) => TyKind::Array(f(*item), f(*len)),
            TyKind::Slice(item) => TyKind::Slice(f(*item)),
            TyKind::Ref { mutable, to } => TyKind::Ref { mutable: *mutable, to: f(*to) },
            _ => return None,
        })
    }
}

/// The knowledge about a type that is to be inferred.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Var {
    Any,
    Int,
    Float,
    Is(Ty),
}

/// The field names and types of a `struct`.
#[derive(Clone, Debug)]
pub(crate) struct StructInfo {
    pub(crate) name: String,
    pub(crate) fields: Vec<(String, Ty)>,
    /// `struct P(f64, f64);`
    pub(crate) tuple_like: bool,
    /// `#[derive(...)]`, as written.
    pub(crate) derives: Vec<String>,
    pub(crate) place: crate::diag::Place,
}

/// The interner and the table of inference variables.
#[derive(Debug)]
pub(crate) struct Types {
    kinds: Vec<TyKind>,
    /// The number of types that each is made of, itself included and repetitions counted.
    weights: Vec<u32>,
    known: HashMap<TyKind, Ty>,
    vars: Vec<Var>,
    pub(crate) structs: Vec<StructInfo>,
    pub(crate) enums: Vec<EnumInfo>,
    pub(crate) params: Vec<ParamInfo>,
    /// The names of functions in messages.
    pub(crate) fn_names: HashMap<FnId, String>,
}

impl Types {
    pub(crate) fn new() -> Self {
        let mut types = Self {
            kinds: Vec::new(),
            weights: Vec::new(),
            known: HashMap::new(),
            vars: Vec::new(),
            structs: Vec::new(),
            enums: Vec::new(),
            params: Vec::new(),
            fn_names: HashMap::new(),
        };
        for kind in COMMON {
            types.make(kind);
        }
        types
    }

    pub(crate) fn make(&mut self, kind: TyKind) -> Ty {
        if let Some(&ty) = self.known.get(&kind) {
            return ty;
        }
        let ty = Ty(self.kinds.len() as u32);
        self.weights.push(self.weigh(&kind));
        self.kinds.push(kind.clone());
        self.known.insert(kind, ty);
        ty
    }

    fn weigh(&self, kind: &TyKind) -> u32 {
        let inside = kind.inside().map(|ty| self.weight(ty));
        inside.fold(1, u32::saturating_add)
    }

    /// The number of types that it is made of: walking through it takes as many steps.
    pub(crate) fn weight(&self, ty: Ty) -> u32 {
        self.weights[ty.0 as usize]
    }

    pub(crate) fn array(&mut self, item: Ty, len: u64) -> Ty {
        let len = self.make(TyKind::Len(len));
        self.make(TyKind::Array(item, len))
    }

    /// The value of a length, if it is known.
    pub(crate) fn len_value(&self, len: Ty) -> Option<u64> {
        match self.kind(len) {
            TyKind::Len(len) => Some(*len),
            _ => None,
        }
    }

    /// The length of an array whose type is known.
    pub(crate) fn array_len(&self, ty: Ty) -> Option<u64> {
        match self.kind(ty) {
            TyKind::Array(_, len) => self.len_value(*len),
            _ => None,
        }
    }

    /// The type with the parameters replaced that `args` has a pair for.
    pub(crate) fn substitute(&mut self, ty: Ty, args: &[(ParamId, Ty)]) -> Ty {
        if args.is_empty() {
            return ty;
        }
        if let TyKind::Param(id) = *self.kind(ty) {
            let found = args.iter().find(|(param, _)| *param == id);
            return found.map_or(ty, |&(_, arg)| arg);
        }
        self.rebuild(ty, &mut |types, ty| types.substitute(ty, args))
    }

    /// The same type made of other types.
    fn rebuild(&mut self, ty: Ty, f: &mut dyn FnMut(&mut Self, Ty) -> Ty) -> Ty {
        match self.kind(ty).clone().map(&mut |ty| f(self, ty)) {
            Some(kind) => self.make(kind),
            None => self.shallow(ty),
        }
    }

    pub(crate) fn int(&mut self, int: IntTy) -> Ty {
        self.make(TyKind::Int(int))
    }

    pub(crate) fn float(&mut self, float: FloatTy) -> Ty {
        self.make(TyKind::Float(float))
    }

    pub(crate) fn reference(&mut self, mutable: bool, to: Ty) -> Ty {
        self.make(TyKind::Ref { mutable, to })
    }

    fn new_var(&mut self, var: Var) -> Ty {
        let index = self.vars.len() as u32;
        self.vars.push(var);
        self.make(TyKind::Infer(index))
    }

    /// A type of which nothing is known yet.
    pub(crate) fn fresh(&mut self) -> Ty {
        self.new_var(Var::Any)
    }

    /// The type of an integer literal without a suffix.
    pub(crate) fn fresh_int(&mut self) -> Ty {
        self.new_var(Var::Int)
    }

    /// The type of a float literal without a suffix.
    pub(crate) fn fresh_float(&mut self) -> Ty {
        self.new_var(Var::Float)
    }

    /// The type itself, if it has been inferred; the types inside are as they are.
    pub(crate) fn shallow(&self, mut ty: Ty) -> Ty {
        while let TyKind::Infer(var) = self.kinds[ty.0 as usize] {
            match self.vars[var as usize] {
                Var::Is(to) => ty = to,
                _ => break,
            }
        }
        ty
    }

    /// The kind of a type, as far as it has been inferred.
    pub(crate) fn kind(&self, ty: Ty) -> &TyKind {
        &self.kinds[self.shallow(ty).0 as usize]
    }

    /// The type with everything inside replaced by what has been inferred.
    pub(crate) fn resolve(&mut self, ty: Ty) -> Ty {
        self.rebuild(ty, &mut Self::resolve)
    }

    /// Whether a test holds for a type or any inside it.
    pub(crate) fn any(&self, ty: Ty, test: &dyn Fn(&TyKind) -> bool) -> bool {
        let kind = self.kind(ty);
        test(kind) || kind.inside().any(|ty| self.any(ty, test))
    }

    /// Returns `true` if nothing inside is still to be inferred.
    pub(crate) fn is_known(&self, ty: Ty) -> bool {
        !self.any(ty, &|kind| matches!(kind, TyKind::Infer(_)))
    }

    /// Whether it is unknown but for being an integer (`Some(true)`) or float (`Some(false)`) literal's.
    pub(crate) fn literal_var(&self, ty: Ty) -> Option<bool> {
        match self.kind(ty) {
            TyKind::Infer(var) => match self.vars[*var as usize] {
                Var::Int => Some(true),
                Var::Float => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    pub(crate) fn is_unknown(&self, ty: Ty) -> bool {
        matches!(self.kind(ty), TyKind::Infer(_)) && self.literal_var(ty).is_none()
    }

    /// Makes two types equal, if they can be.
    pub(crate) fn unify(&mut self, a: Ty, b: Ty) -> bool {
        let (a, b) = (self.shallow(a), self.shallow(b));
        if a == b {
            return true;
        }
        match (self.kinds[a.0 as usize].clone(), self.kinds[b.0 as usize].clone()) {
            (TyKind::Error, _) | (_, TyKind::Error) => true,
            (TyKind::Infer(x), TyKind::Infer(y)) => {
                match (self.vars[x as usize], self.vars[y as usize]) {
                    (Var::Any, _) => self.vars[x as usize] = Var::Is(b),
                    (_, Var::Any) => self.vars[y as usize] = Var::Is(a),
                    (kind, other) if kind == other => self.vars[x as usize] = Var::Is(b),
                    _ => return false,
                }
                true
            }
            (TyKind::Infer(var), kind) => self.bind(var, &kind, b),
            (kind, TyKind::Infer(var)) => self.bind(var, &kind, a),
            (TyKind::Tuple(xs), TyKind::Tuple(ys)) => {
                xs.len() == ys.len() && xs.into_iter().zip(ys).all(|(x, y)| self.unify(x, y))
            }
            (TyKind::FnItem(f, xs), TyKind::FnItem(g, ys)) => {
                f == g && xs.into_iter().zip(ys).all(|(x, y)| self.unify(x, y))
            }
            (TyKind::Fn(xs, x), TyKind::Fn(ys, y)) => {
                xs.len() == ys.len()
                    && xs.into_iter().zip(ys).all(|(x, y)| self.unify(x, y))
                    && self.unify(x, y)
            }
            (TyKind::Array(x, n), TyKind::Array(y, m)) => self.unify(n, m) && self.unify(x, y),
            (TyKind::Slice(x), TyKind::Slice(y)) => self.unify(x, y),
            (TyKind::Ref { mutable: m, to: x }, TyKind::Ref { mutable: n, to: y }) => {
                m == n && self.unify(x, y)
            }
            _ => false,
        }
    }

    fn bind(&mut self, var: u32, kind: &TyKind, ty: Ty) -> bool {
        let fits = match self.vars[var as usize] {
            Var::Int => matches!(kind, TyKind::Int(_)),
            Var::Float => matches!(kind, TyKind::Float(_)),
            // A type that contains itself would be infinite.
            _ => !self.any(ty, &|kind| *kind == TyKind::Infer(var)),
        };
        if fits {
            self.vars[var as usize] = Var::Is(ty);
        }
        fits
    }

    /// Gives literals whose type nothing tells the types `i32` and `f64`. `from` is the number of variables before
    /// the function that ends.
    pub(crate) fn default_literals(&mut self, from: usize) {
        for index in from..self.vars.len() {
            match self.vars[index] {
                Var::Int => self.vars[index] = Var::Is(Ty::I32),
                Var::Float => self.vars[index] = Var::Is(Ty::F64),
                _ => {}
            }
        }
    }

    pub(crate) fn var_count(&self) -> usize {
        self.vars.len()
    }

    pub(crate) fn as_int(&self, ty: Ty) -> Option<IntTy> {
        match self.kind(ty) {
            TyKind::Int(int) => Some(*int),
            _ => None,
        }
    }

    pub(crate) fn as_float(&self, ty: Ty) -> Option<FloatTy> {
        match self.kind(ty) {
            TyKind::Float(float) => Some(*float),
            _ => None,
        }
    }

    /// The types of the fields of a struct.
    pub(crate) fn field_types(&self, id: StructId) -> Vec<Ty> {
        self.structs[id.0 as usize].fields.iter().map(|field| field.1).collect()
    }

    /// Returns `true` if only references to it have a known size.
    pub(crate) fn is_unsized(&self, ty: Ty) -> bool {
        matches!(self.kind(ty), TyKind::Slice(_) | TyKind::Str)
    }

    pub(crate) fn is_error(&self, ty: Ty) -> bool {
        matches!(self.kind(ty), TyKind::Error)
    }

    pub(crate) fn is_never(&self, ty: Ty) -> bool {
        matches!(self.kind(ty), TyKind::Never)
    }

    pub(crate) fn is_unit(&self, ty: Ty) -> bool {
        matches!(self.kind(ty), TyKind::Tuple(items) if items.is_empty())
    }

    /// Returns `true` if it is an integer, or a literal that will be one.
    pub(crate) fn is_integral(&self, ty: Ty) -> bool {
        matches!(self.kind(ty), TyKind::Int(_)) || self.literal_var(ty) == Some(true)
    }

    /// Returns `true` if it is a float, or a literal that will be one.
    pub(crate) fn is_floating(&self, ty: Ty) -> bool {
        matches!(self.kind(ty), TyKind::Float(_)) || self.literal_var(ty) == Some(false)
    }

    pub(crate) fn is_numeric(&self, ty: Ty) -> bool {
        self.is_integral(ty) || self.is_floating(ty)
    }

    /// Whether a reference is `&mut`, and the type that it refers to.
    pub(crate) fn as_ref(&self, ty: Ty) -> Option<(bool, Ty)> {
        match self.kind(ty) {
            TyKind::Ref { mutable, to } => Some((*mutable, *to)),
            _ => None,
        }
    }

    /// As rustc writes it.
    pub(crate) fn name(&self, ty: Ty) -> String {
        match self.kind(ty) {
            TyKind::Int(int) => int.name().to_owned(),
            TyKind::Float(float) => float.name().to_owned(),
            TyKind::Bool => "bool".to_owned(),
            TyKind::Char => "char".to_owned(),
            TyKind::Str => "str".to_owned(),
            TyKind::Never => "!".to_owned(),
            TyKind::Tuple(items) => match items.as_slice() {
                [one] => format!("({},)", self.name(*one)),
                many => {
                    let names: Vec<String> = many.iter().map(|&t| self.name(t)).collect();
                    format!("({})", names.join(", "))
                }
            },
            TyKind::Array(item, len) => format!("[{}; {}]", self.name(*item), self.name(*len)),
            TyKind::Len(len) => len.to_string(),
            TyKind::Fn(params, result) => {
                let names: Vec<String> = params.iter().map(|&t| self.name(t)).collect();
                let params = names.join(", ");
                if self.is_unit(*result) {
                    format!("fn({params})")
                } else {
                    format!("fn({params}) -> {}", self.name(*result))
                }
            }
            TyKind::FnItem(id, _) => match self.fn_names.get(id) {
                Some(name) if name == "closure" => "{closure}".to_owned(),
                Some(name) => format!("fn item {name}"),
                None => "fn item".to_owned(),
            },
            TyKind::Param(id) => self.params[id.0 as usize].name.clone(),
            TyKind::Slice(item) => format!("[{}]", self.name(*item)),
            TyKind::Ref { mutable: true, to } => format!("&mut {}", self.name(*to)),
            TyKind::Ref { mutable: false, to } => format!("&{}", self.name(*to)),
            TyKind::Struct(id) => self.structs[id.0 as usize].name.clone(),
            TyKind::Enum(id) => self.enums[id.0 as usize].name.clone(),
            TyKind::Infer(_) => match self.literal_var(ty) {
                Some(true) => "{integer}".to_owned(),
                Some(false) => "{float}".to_owned(),
                None => "_".to_owned(),
            },
            TyKind::Error => "{unknown}".to_owned(),
        }
    }
}
