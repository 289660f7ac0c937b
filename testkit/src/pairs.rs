//! Every two operations, one on the result of the other, with constants from the corners of the types: small functions
//! `(i64, i64) -> i64` whose optimised forms must do what the functions say. Enumerated, so that no rule about two
//! operations is left to chance.
//!
//! The parameters are truncated to the type in question: what a caller leaves in the bits above must not matter.

use std::collections::HashMap;

use ir::{
    BinaryOp, FloatCC, Function, FunctionBuilder, IntCC, NarrowWidth, TrapKind, Type, UnaryOp,
    Value,
};

use crate::corners::{corners, main_corners};
use crate::rng::Random;

mod form;

use form::{FLOATS, INTS, result_type};
pub use form::{Form, Result};

/// Where an operand comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Leaf {
    X,
    Y,
    Const(u64),
    /// The result of the inner operation, and of the second one.
    Inner,
    Second,
}

/// What the function does with the result of the outer operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrap {
    /// Returns it.
    Value,
    /// Compares it with the second parameter, cut to its type.
    Compare,
    /// Branches on it.
    Branch,
    /// Selects between the parameters by it.
    Select,
    /// Traps if it is not zero.
    Trap,
    /// Stores its low bytes into zeros and returns what is there.
    Store(NarrowWidth),
}

const WRAPS: [Wrap; 7] = [
    Wrap::Compare,
    Wrap::Branch,
    Wrap::Select,
    Wrap::Trap,
    Wrap::Store(NarrowWidth::W8),
    Wrap::Store(NarrowWidth::W16),
    Wrap::Store(NarrowWidth::W32),
];

/// An operation and its operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Node {
    form: Form,
    args: [Leaf; 3],
}

impl Node {
    /// Its first constant.
    fn constant(&self) -> Option<u64> {
        self.args.into_iter().take(self.form.arity()).find_map(|arg| match arg {
            Leaf::Const(bits) => Some(bits),
            _ => None,
        })
    }

    /// Whether its constant is the amount of a shift or rotation.
    fn is_shift(&self) -> bool {
        use BinaryOp::{Ashr, Lshr, Rotl, Rotr, Shl};
        matches!(self.form, Form::Binary(Shl | Lshr | Ashr | Rotl | Rotr))
            && matches!(self.args[1], Leaf::Const(_))
    }
}

/// A function of the enumeration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case {
    /// The type of the parameters.
    pub ty: Type,
    inner: Node,
    second: Option<Node>,
    outer: Node,
    /// One more operation, on the result of the outer one.
    last: Option<Node>,
    wrap: Wrap,
    /// Whether the operands are loaded from memory, else they are cut from the parameters.
    loaded: bool,
}

/// A part of the enumeration: every case whose number, scrambled, leaves `part` when divided by `of`, and more of those
/// that stand alone for a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slice {
    /// Below `of`.
    pub part: u64,
    /// In how many parts the enumeration is cut; 1 for all of it.
    pub of: u64,
}

/// Calls `each` for the cases of a slice whose parameters are of type `ty`, in order; returns how many there were in all.
pub fn cases(ty: Type, slice: Slice, each: &mut dyn FnMut(Case)) -> u64 {
    let mut count = 0;
    let mut offer = |mut case: Case| {
        count += 1;
        case.loaded = Random::new(!count).once_in(2);
        // A rule about two operations without constants has one case here, a rule about one constant a few: a part of the
        // whole has more of these. So it has of chains of truth values, where optimisers go wrong most, and of pairs of
        // constants that rules put together.
        let of = match (case.last, case.wrap, case.num_constants()) {
            _ if case.inner.is_shift() && case.second.is_some_and(|node| node.is_shift()) => {
                slice.of / 64
            }
            (Some(_), Wrap::Compare, _) => slice.of / 128,
            (Some(_), ..) => slice.of / 16,
            (None, Wrap::Value, 0) => slice.of / 1024,
            (None, Wrap::Value, 1) => slice.of / 32,
            (None, ..) if case.is_related() => slice.of / 16,
            _ => slice.of,
        };
        let of = of.max(1);
        if Random::new(count).bits() % of == slice.part % of {
            each(case);
        }
    };
    let inner = nodes(ty, &corners(ty), Place::Inner);
    for &inner in &inner {
        let mid = result_type(inner.form, ty);
        for outer in outer_nodes(ty, mid, &corners(mid)) {
            offer(Case {
                ty,
                inner,
                second: None,
                outer,
                last: None,
                wrap: Wrap::Value,
                loaded: false,
            });
        }
    }
    let types = INTS.into_iter().chain(FLOATS);
    let thirds: HashMap<Type, Vec<Node>> =
        types.map(|out| (out, outer_nodes(ty, out, &main_corners(out)))).collect();
    let mut depth = 0;
    // Everything that looks at a result looks at few constants: those that rules single out.
    let inner = nodes(ty, &main_corners(ty), Place::Inner);
    for &inner in &inner {
        let mid = result_type(inner.form, ty);
        for outer in outer_nodes(ty, mid, &main_corners(mid)) {
            let out = result_type(outer.form, mid);
            // Three operations are too many to enumerate: one at random on each two.
            let last = Random::new(depth).pick(&thirds[&out]);
            depth += 1;
            offer(Case { ty, inner, second: None, outer, last, wrap: Wrap::Value, loaded: false });
            for wrap in WRAPS {
                let fits = match wrap {
                    Wrap::Store(width) => out.is_int() && width.as_type().bits() < out.bits(),
                    _ => out.is_int(),
                };
                if fits {
                    offer(Case { ty, inner, second: None, outer, last: None, wrap, loaded: false });
                }
            }
        }
    }
    // Comparisons, what is made of their results, and what is made of that.
    for inner in comparisons(ty) {
        for outer in of_truth(Type::I8) {
            let out = result_type(outer.form, Type::I8);
            for last in of_truth(out) {
                for wrap in [Wrap::Compare, Wrap::Branch, Wrap::Select, Wrap::Trap] {
                    offer(Case {
                        ty,
                        inner,
                        second: None,
                        outer,
                        last: Some(last),
                        wrap,
                        loaded: false,
                    });
                }
            }
        }
    }
    // Two operations on the same value, or unary ones on two values, joined by a third.
    let few = if ty.is_int() { &[1, 2, 7, u64::MAX][..] } else { &[] };
    let few: Vec<u64> = few.iter().map(|word| word & ty.mask()).collect();
    let sides = nodes(ty, &few, Place::Side);
    let others = sides.iter().filter(|node| node.form.arity() == 1);
    let others = others.map(|node| Node { args: [Leaf::Y; 3], ..*node });
    let seconds: Vec<Node> = sides.iter().copied().chain(others).collect();
    for &inner in &sides {
        for &second in &seconds {
            let mid = result_type(inner.form, ty);
            if result_type(second.form, ty) != mid {
                continue;
            }
            for form in Form::all(mid).into_iter().filter(|form| form.arity() == 2) {
                let outer = Node { form, args: [Leaf::Inner, Leaf::Second, Leaf::X] };
                offer(Case {
                    ty,
                    inner,
                    second: Some(second),
                    outer,
                    last: None,
                    wrap: Wrap::Value,
                    loaded: false,
                });
            }
        }
    }
    // Shifts of both parameters, joined, whose amounts make up the width or nearly so.
    let width = u64::from(ty.bits());
    let shifts = [BinaryOp::Shl, BinaryOp::Lshr, BinaryOp::Ashr];
    for (one, other) in shifts.into_iter().flat_map(|one| shifts.map(|other| (one, other))) {
        for amount in (0..=width).filter(|_| ty.is_int()) {
            for rest in [width - amount, (width - amount).wrapping_sub(1), width - amount + 1] {
                for join in [BinaryOp::Or, BinaryOp::Xor, BinaryOp::Add] {
                    let shift = |op, of, amount| {
                        let args = [of, Leaf::Const(amount & ty.mask()), Leaf::X];
                        Node { form: Form::Binary(op), args }
                    };
                    for (x, y) in [(Leaf::X, Leaf::Y), (Leaf::X, Leaf::X)] {
                        let inner = shift(one, x, amount);
                        let second = Some(shift(other, y, rest));
                        let args = [Leaf::Inner, Leaf::Second, Leaf::X];
                        let outer = Node { form: Form::Binary(join), args };
                        let (last, wrap) = (None, Wrap::Value);
                        offer(Case { ty, inner, second, outer, last, wrap, loaded: false });
                    }
                }
            }
        }
    }
    // Fused products with signs changed on the way in.
    let signs = [UnaryOp::Fneg, UnaryOp::Fabs].map(|op| Form::Unary(op, ty));
    for (one, other) in signs.into_iter().flat_map(|one| signs.map(|other| (one, other))) {
        use Leaf::{Inner, Second, X, Y};
        for args in [[Inner, Y, Second], [Inner, Second, X], [X, Inner, Second]] {
            let inner = Node { form: one, args: [X; 3] };
            let second = Some(Node { form: other, args: [Y; 3] });
            let outer = Node { form: Form::Fma, args };
            if ty.is_float() {
                let (last, wrap) = (None, Wrap::Value);
                offer(Case { ty, inner, second, outer, last, wrap, loaded: false });
            }
        }
    }
    // Products of extended factors, and what is added to them or taken from them.
    let extends = |form: &Form| matches!(form, Form::Unary(UnaryOp::Sext | UnaryOp::Zext, _));
    let factors: Vec<Form> = Form::all(ty).into_iter().filter(extends).collect();
    for (&one, &other) in factors.iter().flat_map(|one| factors.iter().map(move |b| (one, b))) {
        let mid = result_type(one, ty);
        if result_type(other, ty) != mid {
            continue;
        }
        for op in [BinaryOp::Add, BinaryOp::Sub] {
            for args in [[Leaf::Inner, Leaf::Second], [Leaf::Second, Leaf::Inner]] {
                let node = |form, [a, b]: [Leaf; 2]| Node { form, args: [a, b, Leaf::X] };
                let (inner, second) = (node(one, [Leaf::X; 2]), Some(node(other, [Leaf::Y; 2])));
                let outer = node(Form::Binary(BinaryOp::Mul), [Leaf::Inner, Leaf::Second]);
                let (last, wrap) = (Some(node(Form::Binary(op), args)), Wrap::Value);
                offer(Case { ty, inner, second, outer, last, wrap, loaded: false });
            }
        }
    }
    count
}

/// A few comparisons of the parameters.
fn comparisons(ty: Type) -> Vec<Node> {
    use Leaf::{Const, X, Y};
    let compare = |form, other| Node { form, args: [X, other, X] };
    if ty.is_float() {
        return vec![
            compare(Form::FloatCompare(FloatCC::Lt), Y),
            compare(Form::FloatCompare(FloatCC::Uno), X),
        ];
    }
    vec![
        compare(Form::Compare(IntCC::Ult), Y),
        compare(Form::Compare(IntCC::Sge), Const(1)),
        compare(Form::Compare(IntCC::Ne), Const(0)),
        compare(Form::Compare(IntCC::Eq), Const(ty.mask())),
    ]
}

/// What programs make of a truth value: widen and narrow it, turn it round, mask it, select by it, compare it.
fn of_truth(ty: Type) -> Vec<Node> {
    use Leaf::{Const, Inner, X};
    let mut nodes = Vec::new();
    let ones = [0, 1, ty.mask(), 2];
    for form in Form::all(ty) {
        let mut add = |args: [Leaf; 3]| nodes.push(Node { form, args });
        match form {
            Form::Unary(_, to) if to.is_int() => add([Inner; 3]),
            Form::Compare(_) => ones.into_iter().for_each(|c| add([Inner, Const(c), X])),
            Form::Binary(
                BinaryOp::And | BinaryOp::Or | BinaryOp::Xor | BinaryOp::Add | BinaryOp::Sub,
            ) => {
                add([Inner, Const(1), X]);
                add([Const(1), Inner, X]);
            }
            Form::Select => {
                add([Inner, Const(1), Const(0)]);
                add([Inner, Const(0), Const(1)]);
                add([Inner, Const(ty.mask()), Const(0)]);
            }
            _ => {}
        }
    }
    nodes
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Both orders of a variable and a constant, and two variables.
    Inner,
    /// A variable and a constant.
    Side,
}

/// The operations on the parameters.
fn nodes(ty: Type, constants: &[u64], place: Place) -> Vec<Node> {
    use Leaf::{Const, X, Y};
    let mut nodes = Vec::new();
    for form in Form::all(ty) {
        let mut add = |args: [Leaf; 3]| nodes.push(Node { form, args });
        match form.arity() {
            1 => add([X; 3]),
            2 => {
                if place == Place::Inner {
                    add([X, Y, X]);
                    add([X, X, X]);
                }
                for &c in constants {
                    add([X, Const(c), X]);
                    if place == Place::Inner && !form.commutes() {
                        add([Const(c), X, X]);
                    }
                }
            }
            _ if place == Place::Side => {}
            _ => {
                // A float is no condition.
                if form != Form::Select || ty.is_int() {
                    for &c in constants {
                        add([X, Y, Const(c)]);
                        add([X, Const(c), Y]);
                        add([Y, X, Const(c)]);
                        add([Y, Const(c), X]);
                    }
                    add([X, Y, X]);
                }
            }
        }
    }
    nodes
}

/// The operations on the result, of type `mid`, of an inner one on parameters of type `ty`.
fn outer_nodes(ty: Type, mid: Type, constants: &[u64]) -> Vec<Node> {
    use Leaf::{Const, Inner, X, Y};
    let mut nodes = Vec::new();
    let same = ty == mid;
    for form in Form::all(mid) {
        let mut add = |args: [Leaf; 3]| nodes.push(Node { form, args });
        match form.arity() {
            1 => add([Inner; 3]),
            2 => {
                for &c in constants {
                    add([Inner, Const(c), X]);
                    if !form.commutes() {
                        add([Const(c), Inner, X]);
                    }
                }
                if same {
                    add([Inner, X, X]);
                    add([X, Inner, X]);
                    add([Inner, Y, X]);
                }
            }
            _ if form == Form::Select && mid.is_float() => {}
            _ => {
                // As a condition or first operand between constants, and as a value.
                for &c in constants.iter().take(3) {
                    for &d in constants.iter().take(3) {
                        add([Inner, Const(c), Const(d)]);
                    }
                }
                if same {
                    add([Inner, X, Y]);
                    for &c in constants {
                        add([Y, Inner, Const(c)]);
                        add([Y, Const(c), Inner]);
                        add([X, Inner, Const(c)]);
                    }
                }
            }
        }
    }
    nodes
}

impl Case {
    /// The function of the case.
    ///
    /// # Panics
    /// Never: the enumeration makes only what the builder accepts.
    #[must_use]
    pub fn function(&self, name: &str) -> Function {
        let b = FunctionBuilder::new(name);
        let (wide_x, wide_y) = (b.param(Type::I64), b.param(Type::I64));
        let (x, y) = if self.loaded {
            let slot = b.slot(16, 8);
            let at = b.stack_addr(slot, 0);
            b.store(wide_x, at, 0);
            b.store(wide_y, at, 8);
            (b.load(self.ty, at, 0), b.load(self.ty, at, 8))
        } else {
            (from_word(&b, self.ty, wide_x), from_word(&b, self.ty, wide_y))
        };
        let leaf = |leaf: Leaf, ty: Type, inner: Option<Value>, second: Option<Value>| match leaf {
            Leaf::X => x,
            Leaf::Y => y,
            Leaf::Const(bits) => constant(&b, ty, bits),
            Leaf::Inner => inner.expect("an inner result"),
            Leaf::Second => second.expect("a second result"),
        };
        let build = |node: Node, ty: Type, inner, second| {
            let args: Vec<Value> = node.args[..node.form.arity()]
                .iter()
                .map(|&operand| leaf(operand, ty, inner, second))
                .collect();
            node.form.build(&b, &args)
        };
        let inner = build(self.inner, self.ty, None, None);
        let second = self.second.map(|second| build(second, self.ty, None, None));
        let mid = result_type(self.inner.form, self.ty);
        let mut result = build(self.outer, mid, Some(inner), second);
        let mut out = result_type(self.outer.form, mid);
        if let Some(last) = self.last {
            result = build(last, out, Some(result), second);
            out = result_type(last.form, out);
        }
        self.finish(&b, result, out, [x, y, wide_y]);
        b.finish().expect("pairs are well-formed")
    }

    fn finish(&self, b: &FunctionBuilder, result: Value, out: Type, [x, y, wide_y]: [Value; 3]) {
        let returned = match self.wrap {
            Wrap::Value => to_word(b, out, result),
            Wrap::Compare => {
                let other = from_word(b, out, wide_y);
                to_word(b, Type::I8, b.icmp(IntCC::Ule, result, other))
            }
            Wrap::Branch => {
                let (yes, no) = (b.block(""), b.block(""));
                b.branch(result, yes, no);
                b.switch_to(yes);
                b.ret(to_word(b, self.ty, x));
                b.switch_to(no);
                to_word(b, self.ty, y)
            }
            Wrap::Select => to_word(b, self.ty, b.select(result, x, y)),
            Wrap::Trap => {
                b.trap_if(result, TrapKind::Assertion);
                to_word(b, self.ty, x)
            }
            Wrap::Store(width) => {
                let slot = b.slot(8, 8);
                let at = b.stack_addr(slot, 0);
                b.store(b.iconst(Type::I64, 0), at, 0);
                b.store_narrow(width, result, at, 1);
                b.load(Type::I64, at, 0)
            }
        };
        b.ret(returned);
    }

    fn nodes(&self) -> impl Iterator<Item = Node> {
        [Some(self.inner), self.second, Some(self.outer), self.last].into_iter().flatten()
    }

    /// Whether the constants of its first two operations are such as rules put together: equal, one the negation or the
    /// complement of the other; shifts that make up the width, or nearly so, or a shift and a mask that do; a power of two
    /// and its logarithm.
    fn is_related(&self) -> bool {
        let other = self.second.unwrap_or(self.outer);
        let Some((a, b)) = self.inner.constant().zip(other.constant()) else { return false };
        let (width, mask) = (u64::from(self.ty.bits()), self.ty.mask());
        let amounts =
            [(self.inner, a), (other, b)].map(|(node, word)| node.is_shift().then_some(word));
        let ends = |a: u64, b: u64| a.wrapping_add(b).abs_diff(width) <= 1;
        let masked = |amount: Option<u64>, word: u64| {
            let is_low = word & word.wrapping_add(1) == 0;
            amount.is_some_and(|amount| is_low && ends(amount, word.trailing_ones().into()))
        };
        let log = |amount: Option<u64>, word: u64| {
            amount.is_some_and(|amount| word.is_power_of_two() && amount == word.ilog2().into())
        };
        match amounts {
            [Some(a), Some(b)] => a == b || ends(a, b),
            [one, two] => {
                a == b
                    || a == b.wrapping_neg() & mask
                    || a == !b & mask
                    || masked(one, b)
                    || masked(two, a)
                    || log(one, b)
                    || log(two, a)
            }
        }
    }

    fn num_constants(&self) -> usize {
        let args = self.nodes().flat_map(|node| node.args.into_iter().take(node.form.arity()));
        args.filter(|arg| matches!(arg, Leaf::Const(_))).count()
    }

    /// Whether it reads its second parameter.
    #[must_use]
    pub fn has_two(&self) -> bool {
        let both = [Wrap::Compare, Wrap::Branch, Wrap::Select].contains(&self.wrap);
        both || self.nodes().any(|n| n.args[..n.form.arity()].contains(&Leaf::Y))
    }

    /// Arguments that tell functions apart: for an `i8` all values of the first parameter, else its corners and some
    /// others; with a few values of the second. The bits above the type are set at random.
    #[must_use]
    pub fn arguments(&self, random: &mut Random) -> Vec<[u64; 2]> {
        let ty = self.ty;
        let xs: Vec<u64> = match ty {
            Type::I8 => (0..256).collect(),
            _ => {
                let random = (0..12).map(|_| random.word(ty)).collect();
                [corners(ty), self.constants(), random].concat()
            }
        };
        let all_ys = [corners(ty), self.constants()].concat();
        let count = if self.has_two() { 4 } else { 1 };
        let mut arguments = Vec::with_capacity(xs.len() * count);
        for &x in &xs {
            for _ in 0..count {
                let y = match random.below(4) {
                    0 => x,
                    1 => random.word(ty),
                    _ => random.pick(&all_ys).unwrap_or(x),
                };
                let dirty = |word: u64, random: &mut Random| word | random.bits() & !ty.mask();
                arguments.push([dirty(x, random), dirty(y, random)]);
            }
        }
        arguments
    }

    /// The constants of the case and their neighbours.
    fn constants(&self) -> Vec<u64> {
        let leaves = self.nodes().flat_map(|node| node.args);
        let constants = leaves.filter_map(|leaf| match leaf {
            Leaf::Const(bits) => Some(bits),
            _ => None,
        });
        let near = |c: u64| [c, c.wrapping_add(1), c.wrapping_sub(1), c.wrapping_neg(), !c];
        constants.flat_map(near).map(|word| word & self.ty.mask()).collect()
    }

    /// Whether the interpreter is needed to run it: it has values of 128 bits.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.nodes().any(|node| matches!(node.form, Form::Wide(..)))
    }
}

fn constant(b: &FunctionBuilder, ty: Type, bits: u64) -> Value {
    match ty {
        Type::F32 => b.f32const(f32::from_bits(bits as u32)),
        Type::F64 => b.f64const(f64::from_bits(bits)),
        _ => b.iconst(ty, ir::eval::sign_extend(bits, ty)),
    }
}

/// A value of type `ty` from the low bits of an `i64`.
fn from_word(b: &FunctionBuilder, ty: Type, word: Value) -> Value {
    let int = match ty {
        Type::I64 | Type::F64 => word,
        Type::F32 => b.trunc(Type::I32, word),
        _ => b.trunc(ty, word),
    };
    if ty.is_float() { b.bitcast(ty, int) } else { int }
}

/// The bits of a value of type `ty`, zero-extended to an `i64`.
fn to_word(b: &FunctionBuilder, ty: Type, value: Value) -> Value {
    let (int, value) = match ty {
        Type::F32 => (Type::I32, b.bitcast(Type::I32, value)),
        Type::F64 => (Type::I64, b.bitcast(Type::I64, value)),
        _ => (ty, value),
    };
    if int == Type::I64 { value } else { b.zext(Type::I64, value) }
}
