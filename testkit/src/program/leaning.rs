//! What front ends get wrong more often than sums: literals without a suffix, casts of what has arms, names that the
//! library has too, the ends of slices.

use super::{Generator, Local, Type};

/// Names of types, functions and methods that programs may give to their variables all the same; none is a letter and a
/// number, as the other names are.
const NAMES: [&str; 23] = [
    "min", "max", "len", "swap", "abs", "iter", "sum", "pow", "std", "core", "mem", "ptr", "vec",
    "option", "result", "drop", "clone", "default", "print", "char", "bool", "usize", "str",
];

impl Generator {
    /// A name for a variable: now and then one of the library, each once in a program.
    pub(super) fn variable(&mut self, prefix: &str) -> String {
        let name = NAMES[self.rng.below(NAMES.len())];
        if self.rng.once_in(4) && !self.library_names.contains(&name) {
            self.library_names.push(name);
            return name.to_owned();
        }
        self.fresh(prefix)
    }

    /// A literal without a suffix, for a place where the type is known.
    pub(super) fn bare_literal(&mut self, ty: Type) -> String {
        match ty {
            Type::Int { bits, signed } => {
                let max = u128::MAX >> (128 - bits + u32::from(signed));
                let value = match self.rng.below(4) {
                    0 => max,
                    1 => (1 << self.rng.below(bits as usize)).min(max),
                    _ => self.rng.below(100) as u128,
                };
                let sign = if signed && self.rng.once_in(3) { "-" } else { "" };
                format!("{sign}{value}")
            }
            Type::Bool => "true".to_owned(),
            Type::F32 | Type::F64 => {
                ["0.1", "-0.0", "16777217.0", "1e-40", "3."][self.rng.below(5)].to_owned()
            }
        }
    }

    /// A cast of an `if` or `match` between literals without a suffix, which are `i32` or `f64` whatever the cast is to.
    pub(super) fn cast_of_arms(&mut self, ty: Type, depth: usize) -> String {
        let floats = ty.is_float();
        let mut arm = || {
            let ints = ["7", "200", "-1", "70000", "3000000000", "-129", "2147483648"];
            let fractions = ["0.1", "-2.5", "1e30", "16777217.0"];
            if floats { fractions[self.rng.below(4)] } else { ints[self.rng.below(7)] }
        };
        let [a, b, c] = [arm(), arm(), arm()];
        if self.rng.once_in(2) {
            let cond = self.expr(Type::Bool, depth);
            format!("((if {cond} {{ {a} }} else {{ {b} }}) as {})", ty.name())
        } else {
            let of = self.expr(Type::Int { bits: 32, signed: false }, depth);
            format!("((match {of} % 4 {{ 0 => {a}, 1 | 3 => {b}, _ => {c} }}) as {})", ty.name())
        }
    }

    /// The two ends of a slice of so many items: nearly always in order and inside.
    fn ends(&mut self, len: usize) -> (String, usize) {
        let low = self.rng.below(len + 1);
        let high = low + self.rng.below(len + 1 - low);
        if self.rng.once_in(25) {
            return (["3..2".to_owned(), format!("..{}", len + 1)][self.rng.below(2)].clone(), 0);
        }
        let text = match self.rng.below(6) {
            0 if low == 0 => format!("..{high}"),
            1 if high == len => format!("{low}.."),
            2 if high > low => format!("{low}..={}", high - 1),
            _ => format!("{low}..{high}"),
        };
        (text, high - low)
    }

    fn arrays(&self, ty: Type) -> Vec<(Local, usize)> {
        let arrays = self.locals.iter().filter(|local| local.ty == ty);
        arrays.filter_map(|local| Some((local.clone(), local.array?))).collect()
    }

    /// A sum over a slice of an array, or its length; `None` without such an array.
    pub(super) fn of_a_slice(&mut self, ty: Type) -> Option<String> {
        let arrays = self.arrays(ty);
        let (array, len) = self.rng.pick(&arrays)?;
        let ((range, _), name) = (self.ends(len), ty.name());
        let slice = format!("{}[{range}]", array.name);
        Some(match (self.rng.below(3), ty) {
            (0, Type::Int { .. }) => format!("({slice}.len() as {name})"),
            (1, Type::F32 | Type::F64) => format!("{slice}.iter().sum::<{name}>()"),
            (_, Type::Int { .. }) => {
                format!("{{ let mut q: {name} = 1; for p in &{slice} {{ q = q * 3 + *p; }} q }}")
            }
            (_, Type::Bool) => format!("({slice}.len() > 2)"),
            _ => format!(
                "{{ let mut q: {name} = 1.0; for p in &{slice} {{ q = q * 0.5 + *p; }} q }}"
            ),
        })
    }

    /// Whether two slices are equal; `None` without arrays.
    pub(super) fn equal_slices(&mut self) -> Option<String> {
        let ty = self.any_type();
        let arrays = self.arrays(ty);
        let (one, two) = (self.rng.pick(&arrays)?, self.rng.pick(&arrays)?);
        let ((a, _), (b, _)) = (self.ends(one.1), self.ends(two.1));
        let op = ["==", "!="][self.rng.below(2)];
        Some(format!("({}[{a}] {op} {}[{b}])", one.0.name, two.0.name))
    }

    /// Copies or fills a slice of an array; false without one.
    pub(super) fn write_slice(&mut self) -> bool {
        let ty = self.any_type();
        let arrays = self.arrays(ty);
        let mutable: Vec<_> = arrays.iter().filter(|(array, _)| array.mutable).cloned().collect();
        let Some((to, len)) = self.rng.pick(&mutable) else { return false };
        let (range, count) = self.ends(len);
        // Of two parts of one variable, one cannot be written while the other is read.
        let whole = |name: &str| name.split(['[', '.']).next().map(str::to_owned);
        let from =
            arrays.iter().find(|(from, len)| whole(&from.name) != whole(&to.name) && *len >= count);
        match from {
            Some((from, length)) if self.rng.once_in(2) => {
                let start = self.rng.below(length - count + 1);
                let (to, from) = (&to.name, &from.name);
                self.line(&format!(
                    "{to}[{range}].copy_from_slice(&{from}[{start}..{}]);",
                    start + count
                ));
            }
            _ => {
                let (value, name) = (self.expr(ty, 1), self.fresh("w"));
                self.line(&format!("let {name}: {} = {value};", ty.name()));
                self.line(&format!("{}[{range}].fill({name});", to.name));
            }
        }
        true
    }
}
