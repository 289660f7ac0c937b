//! What a program has beyond scalars, arrays and helper functions: structs, tuples, nested arrays, `match`, slices,
//! generic functions, function pointers and closures.
//!
//! A field of a struct or tuple is a [`Local`] whose name is a place: `s1.f0`, `t2.1`, `n3[1]`.

use std::fmt::Write as _;

use super::{Generator, Local, Type};

/// A struct of the program, with the types of its fields (and their lengths, if they are arrays) and of the argument
/// of its method.
#[derive(Clone)]
pub(super) struct Struct {
    name: String,
    fields: Vec<(Type, Option<usize>)>,
    argument: Type,
    result: Type,
}

/// An enum with so many variants, `A0` and on, and a function that makes one of a number.
#[derive(Clone)]
pub(super) struct Enum {
    name: String,
    variants: usize,
}

/// A generic function.
#[derive(Clone)]
pub(super) enum Generic {
    /// Takes as many values of a number type and returns one.
    Values(String, usize),
    /// Takes an array of a number type and returns a value.
    Array(String),
    /// Takes a function on a type and a value of it.
    Apply(String),
}

/// A variable that holds a function pointer, or an array of so many of them.
#[derive(Clone)]
pub(super) struct Pointer {
    name: String,
    params: Vec<Type>,
    result: Type,
    array: Option<usize>,
}

const NUMBER: &str = "Copy + PartialOrd + Default + std::ops::Add<Output = T> + std::ops::Sub<Output = T> \
                      + std::ops::Mul<Output = T>";

impl Generator {
    // ---- Items ----

    pub(super) fn items(&mut self) {
        if self.rng.once_in(2) {
            self.structure();
        }
        for _ in 0..self.rng.below(3) {
            self.generic();
        }
        if self.rng.once_in(2) {
            self.enumeration();
        }
    }

    fn enumeration(&mut self) {
        let name = format!("HELPER_E{}", self.enums.len());
        let variants = 1 + self.rng.below(6);
        let mut list = String::new();
        let mut number = 0;
        for index in 0..variants {
            let gap = if self.rng.once_in(3) { 1 + self.rng.below(40) as i64 } else { 0 };
            let sign = if index == 0 && self.rng.once_in(3) { -1 } else { 1 };
            number += gap * sign;
            let _ = match gap {
                0 => write!(list, "A{index}, "),
                _ => write!(list, "A{index} = {number}, "),
            };
            number += 1;
        }
        self.line("#[derive(Clone, Copy, PartialEq)]");
        self.line(&format!("enum {name} {{ {list}}}"));
        let mut arms = String::new();
        for index in 1..variants {
            let _ = write!(arms, "{index} => {name}::A{index}, ");
        }
        self.line(&format!("impl {name} {{"));
        self.line(&format!(
            "    fn of(n: u64) -> Self {{ match n % {variants} {{ {arms}_ => Self::A0 }} }}"
        ));
        self.line("}");
        self.enums.push(Enum { name, variants });
    }

    fn structure(&mut self) {
        let name = format!("HELPER_S{}", self.structs.len());
        let fields: Vec<(Type, Option<usize>)> = (0..1 + self.rng.below(5))
            .map(|_| (self.any_type(), self.rng.once_in(3).then(|| 1 + self.rng.below(5))))
            .collect();
        self.line("#[derive(Clone, Copy)]");
        self.line(&format!("struct {name} {{"));
        for (index, &(ty, array)) in fields.iter().enumerate() {
            self.line(&format!("    f{index}: {},", typed(ty, array)));
        }
        self.line("}");
        let (argument, result) = (self.any_type(), self.any_type());
        let outer = std::mem::take(&mut self.locals);
        for (index, &(ty, array)) in fields.iter().enumerate() {
            self.locals.push(Local { name: format!("self.f{index}"), ty, array, mutable: true });
        }
        self.locals.push(Local { name: "x".to_owned(), ty: argument, array: None, mutable: false });
        self.line(&format!("impl {name} {{"));
        self.indent += 1;
        let (takes, gives) = (argument.name(), result.name());
        self.line(&format!("fn touch(&mut self, x: {takes}) -> {gives} {{"));
        self.indent += 1;
        self.line("let mut h: u64 = 0;");
        let count = 1 + self.rng.below(3);
        self.statements(count, 1);
        let value = self.expr(result, 2);
        self.line(&value);
        self.indent -= 1;
        self.line("}");
        self.indent -= 1;
        self.line("}");
        self.locals = outer;
        self.pointers.clear();
        self.structs.push(Struct { name, fields, argument, result });
    }

    fn generic(&mut self) {
        let name = format!("HELPER_g{}", self.generics.len());
        match self.rng.below(3) {
            0 => {
                let count = 1 + self.rng.below(3);
                let params: Vec<String> = (0..count).map(|i| format!("mut p{i}: T")).collect();
                self.line(&format!("fn {name}<T: {NUMBER}>({}) -> T {{", params.join(", ")));
                self.indent += 1;
                for _ in 0..self.rng.below(4) {
                    let target = self.rng.below(count);
                    let value = self.generic_expr(count, 3);
                    if self.rng.once_in(3) {
                        let times = self.rng.below(4);
                        self.line(&format!("for _ in 0..{times} {{ p{target} = {value}; }}"));
                    } else {
                        self.line(&format!("p{target} = {value};"));
                    }
                }
                let value = self.generic_expr(count, 3);
                self.line(&value);
                self.indent -= 1;
                self.line("}");
                self.generics.push(Generic::Values(name, count));
            }
            1 => {
                let op = ["+", "-", "*"][self.rng.below(3)];
                let body = format!(
                    "let mut p0 = T::default(); let mut i = 0; \
                     while i < N {{ p0 = if a[i] < p0 {{ p0 {op} a[i] }} else {{ a[N - 1 - i] - p0 }}; i += 1; }} p0"
                );
                self.line(&format!(
                    "fn {name}<T: {NUMBER}, const N: usize>(a: [T; N]) -> T {{ {body} }}"
                ));
                self.generics.push(Generic::Array(name));
            }
            _ => {
                let times = 1 + self.rng.below(3);
                let body = format!("let mut x = x; for _ in 0..{times} {{ x = f(x); }} x");
                self.line(&format!("fn {name}<T, F: Fn(T) -> T>(f: F, x: T) -> T {{ {body} }}"));
                self.generics.push(Generic::Apply(name));
            }
        }
    }

    /// An expression of the parameters `p0` … of a generic function, and what their bounds allow.
    fn generic_expr(&mut self, count: usize, depth: usize) -> String {
        if depth == 0 || self.rng.once_in(4) {
            return match self.rng.below(count + 1) {
                0 => "T::default()".to_owned(),
                n => format!("p{}", n - 1),
            };
        }
        let (a, b) = (self.generic_expr(count, depth - 1), self.generic_expr(count, depth - 1));
        if self.rng.once_in(4) {
            let (c, d) = (self.generic_expr(count, depth - 1), self.generic_expr(count, depth - 1));
            let op = ["<", "<=", ">", ">=", "==", "!="][self.rng.below(6)];
            return format!("(if {a} {op} {b} {{ {c} }} else {{ {d} }})");
        }
        format!("({a} {} {b})", ["+", "-", "*"][self.rng.below(3)])
    }

    // ---- Statements ----

    /// Declares something that is made of several values.
    pub(super) fn declare_aggregate(&mut self) {
        match self.rng.below(4) {
            0 => self.declare_struct(),
            1 => self.declare_tuple(),
            2 => self.declare_rows(),
            _ => self.declare_pointer(),
        }
    }

    fn declare_struct(&mut self) {
        let structs = self.structs.clone();
        let Some(of) = self.rng.pick(&structs) else { return self.declare() };
        let name = self.fresh("s");
        let mut fields = String::new();
        for (index, &(ty, array)) in of.fields.iter().enumerate() {
            let value = self.expr(ty, 2);
            let value = array.map_or(value.clone(), |len| format!("[{value}; {len}]"));
            let _ = write!(fields, "f{index}: {value}, ");
        }
        self.line(&format!("let mut {name} = {} {{ {fields}}};", of.name));
        for (index, &(ty, array)) in of.fields.iter().enumerate() {
            let name = format!("{name}.f{index}");
            self.locals.push(Local { name, ty, array, mutable: true });
        }
        if self.rng.once_in(2) {
            let argument = self.argument(of.argument);
            self.mix(&format!("{name}.touch({argument})"), of.result);
        }
        if self.rng.once_in(3) {
            // A copy, which has changed nothing of the first.
            let copy = self.fresh("s");
            self.line(&format!("let mut {copy} = {name};"));
            let argument = self.argument(of.argument);
            self.mix(&format!("{copy}.touch({argument})"), of.result);
        }
    }

    /// An argument of a method that borrows, computed before it does.
    fn argument(&mut self, ty: Type) -> String {
        let (name, value) = (self.fresh("x"), self.expr(ty, 2));
        self.line(&format!("let {name} = {value};"));
        name
    }

    fn declare_tuple(&mut self) {
        let name = self.fresh("t");
        let types: Vec<Type> = (0..2 + self.rng.below(3)).map(|_| self.any_type()).collect();
        let names: Vec<String> = types.iter().map(|ty| ty.name()).collect();
        let values: Vec<String> = types.iter().map(|&ty| self.expr(ty, 2)).collect();
        self.line(&format!("let mut {name}: ({}) = ({});", names.join(", "), values.join(", ")));
        for (index, &ty) in types.iter().enumerate() {
            let name = format!("{name}.{index}");
            self.locals.push(Local { name, ty, array: None, mutable: true });
        }
    }

    fn declare_rows(&mut self) {
        let name = self.fresh("n");
        let (ty, rows, len) = (self.any_type(), 1 + self.rng.below(3), 1 + self.rng.below(4));
        let value = self.expr(ty, 2);
        let row = typed(ty, Some(len));
        self.line(&format!("let mut {name}: [{row}; {rows}] = [[{value}; {len}]; {rows}];"));
        for index in 0..rows {
            let name = format!("{name}[{index}]");
            self.locals.push(Local { name, ty, array: Some(len), mutable: true });
        }
    }

    fn declare_pointer(&mut self) {
        let name = self.fresh("f");
        let params: Vec<Type> = (0..self.rng.below(4)).map(|_| self.any_type()).collect();
        let result = self.any_type();
        let names: Vec<String> = params.iter().map(|ty| ty.name()).collect();
        let ty = format!("fn({}) -> {}", names.join(", "), result.name());
        let (a, b) = (self.closure(&params, result), self.closure(&params, result));
        let array = self.rng.once_in(3).then_some(2);
        if array.is_some() {
            self.line(&format!("let {name}: [{ty}; 2] = [{a}, {b}];"));
        } else {
            let cond = self.expr(Type::Bool, 2);
            self.line(&format!("let {name}: {ty} = if {cond} {{ {a} }} else {{ {b} }};"));
        }
        self.pointers.push(Pointer { name, params, result, array });
    }

    /// A closure, which sees its parameters only.
    fn closure(&mut self, params: &[Type], result: Type) -> String {
        let outer = std::mem::take(&mut self.locals);
        let pointers = std::mem::take(&mut self.pointers);
        let mut text = String::from("|");
        for &ty in params {
            let name = self.fresh("c");
            let _ = write!(text, "{name}: {}, ", ty.name());
            self.locals.push(Local { name, ty, array: None, mutable: false });
        }
        let value = self.expr(result, 2);
        let _ = write!(text, "| -> {} {{ {value} }}", result.name());
        self.locals = outer;
        self.pointers = pointers;
        text
    }

    // ---- Expressions ----

    /// A call of a function pointer or a generic function, or a `match`, or a sum over a slice.
    pub(super) fn feature(&mut self, ty: Type, depth: usize) -> String {
        match self.rng.below(6) {
            4 => self.enum_expr(ty, depth),
            5 => self.reference_match(ty, depth),
            0 => self.call_pointer(ty, depth),
            1 => self.call_generic(ty, depth),
            2 => self.match_expr(ty, depth),
            _ => self.slice_sum(ty, depth),
        }
    }

    fn call_pointer(&mut self, ty: Type, depth: usize) -> String {
        let fitting: Vec<Pointer> =
            self.pointers.iter().filter(|pointer| pointer.result == ty).cloned().collect();
        let Some(pointer) = self.rng.pick(&fitting) else { return self.leaf(ty) };
        if self.loops > 1 {
            return self.leaf(ty);
        }
        let callee = match pointer.array {
            Some(len) => format!("{}[{}]", pointer.name, self.index(len)),
            None => pointer.name,
        };
        let args: Vec<String> =
            pointer.params.iter().map(|&param| self.expr(param, depth.min(1))).collect();
        format!("{callee}({})", args.join(", "))
    }

    fn call_generic(&mut self, ty: Type, depth: usize) -> String {
        let generics = self.generics.clone();
        let Some(generic) = self.rng.pick(&generics) else { return self.leaf(ty) };
        let written =
            if self.rng.once_in(2) { format!("::<{}>", ty.name()) } else { String::new() };
        match generic {
            Generic::Values(name, count) if ty != Type::Bool => {
                let args: Vec<String> = (0..count).map(|_| self.expr(ty, depth.min(1))).collect();
                format!("{name}{written}({})", args.join(", "))
            }
            Generic::Array(name) if ty != Type::Bool => {
                let arrays: Vec<Local> = self
                    .locals
                    .iter()
                    .filter(|l| l.ty == ty && l.array.is_some())
                    .cloned()
                    .collect();
                match self.rng.pick(&arrays) {
                    Some(local) => format!("{name}({})", local.name),
                    None => self.leaf(ty),
                }
            }
            Generic::Apply(name) if self.loops < 2 => {
                let closure = self.closure(&[ty], ty);
                let value = self.expr(ty, depth.min(1));
                format!("{name}({closure}, {value})")
            }
            _ => self.leaf(ty),
        }
    }

    fn match_expr(&mut self, ty: Type, depth: usize) -> String {
        let of = if self.rng.once_in(5) { Type::Bool } else { self.int_type() };
        let value = self.expr(of, depth);
        let mut text = format!("(match {value} {{ ");
        if let Type::Int { signed, .. } = of {
            let name = of.name();
            for _ in 0..1 + self.rng.below(4) {
                let low = self.rng.below(90) as i64 - if signed { 40 } else { 0 };
                let high = low + self.rng.below(37) as i64;
                let arm = self.expr(ty, depth.min(1));
                let pattern = match self.rng.below(5) {
                    0 => format!("{low}{name}..={high}"),
                    1 => format!("{low} | {high}{name}"),
                    2 => format!("{name}::MIN..={low}"),
                    3 => format!("k @ {low}.. if k % 3 == 1"),
                    _ => format!("{low}"),
                };
                let _ = write!(text, "{pattern} => {arm}, ");
            }
        } else {
            let arm = self.expr(ty, depth.min(1));
            let _ = write!(text, "true => {arm}, ");
        }
        let arm = self.expr(ty, depth.min(1));
        let _ = write!(text, "_ => {arm} }})");
        text
    }

    /// A variant as a number, compared, or matched.
    fn enum_expr(&mut self, ty: Type, depth: usize) -> String {
        let enums = self.enums.clone();
        let Some(Enum { name, variants }) = self.rng.pick(&enums) else {
            return self.leaf(ty);
        };
        let of = self.int_type();
        let value = format!("{name}::of(({}) as u64)", self.expr(of, depth));
        let variant = self.rng.below(variants);
        match ty {
            Type::Int { .. } if self.rng.once_in(2) => format!("({value} as {})", ty.name()),
            Type::Bool => format!("({value} == {name}::A{variant})"),
            _ => {
                let mut text = format!("(match {value} {{ ");
                for index in 0..variants {
                    if self.rng.once_in(3) {
                        continue;
                    }
                    let arm = self.expr(ty, depth.min(1));
                    let _ = write!(text, "{name}::A{index} | {name}::A{variant} => {arm}, ");
                }
                let arm = self.expr(ty, depth.min(1));
                let _ = write!(text, "_ => {arm} }})");
                text
            }
        }
    }

    /// A tuple matched through a reference, whose parts are references, too.
    fn reference_match(&mut self, ty: Type, depth: usize) -> String {
        let of = self.int_type();
        let (name, low) = (of.name(), self.rng.below(100));
        let (a, b, c) =
            (self.expr(of, depth), self.expr(ty, depth.min(1)), self.expr(ty, depth.min(1)));
        format!(
            "(match &({a}, {b}, {c}) {{ ({low}{name}..={}, x, _) => *x, (0..={low}, _, y) if *y != {c} => *y, \
             (_, x, y) => if *x == *y {{ *x }} else {{ *y }} }})",
            low + 20
        )
    }

    fn slice_sum(&mut self, ty: Type, depth: usize) -> String {
        let arrays: Vec<Local> =
            self.locals.iter().filter(|l| l.array.is_some() && l.ty == ty).cloned().collect();
        let Some(Local { name, array: Some(len), .. }) = self.rng.pick(&arrays) else {
            return self.leaf(ty);
        };
        let start = self.int_type();
        let start = self.expr(start, depth.min(1));
        // The ends are nearly always in order and inside.
        let spread = if self.rng.once_in(12) { len + 2 } else { len + 1 };
        let low = format!("({start}) as usize % {spread}");
        let step = match ty {
            Type::Bool => "z ^= *x;",
            _ => ["z += *x;", "z = *x - z;", "z *= *x;"][self.rng.below(3)],
        };
        let first = self.literal(ty);
        format!("{{ let mut z = {first}; for x in &{name}[{low}..] {{ {step} }} z }}")
    }
}

/// The text of a type, or of an array of it.
fn typed(ty: Type, array: Option<usize>) -> String {
    array.map_or(ty.name(), |len| format!("[{}; {len}]", ty.name()))
}
