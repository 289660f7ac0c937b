//! Which functions there are, and which of them a slice has.

use std::collections::HashMap;

use ir::{BinaryOp, FloatCC, IntCC, NarrowWidth, Type, UnaryOp};

use super::form::{FLOATS, Form, INTS, result_type};
use super::{Case, Leaf, Node, Slice, Wrap};
use crate::corners::{corners, main_corners};
use crate::rng::Random;
use Leaf::{Const, Inner, Second, X, Y};

const WRAPS: [Wrap; 7] = [
    Wrap::Compare,
    Wrap::Branch,
    Wrap::Choose(X, Y),
    Wrap::Trap,
    Wrap::Store(NarrowWidth::W8),
    Wrap::Store(NarrowWidth::W16),
    Wrap::Store(NarrowWidth::W32),
];

/// Calls `each` for the cases of a slice whose parameters are of type `ty`, in order; returns how many there were in all.
pub fn cases(ty: Type, slice: Slice, each: &mut dyn FnMut(Case)) -> u64 {
    let mut all = Enumeration { ty, slice, each, count: 0 };
    all.pairs();
    all.looked_at();
    all.single();
    all.truths();
    all.joined();
    all.exchanged();
    all.shifts();
    all.fields();
    all.fused();
    all.products();
    all.count
}

/// What can look at a result of this type.
fn wraps(ty: Type) -> impl Iterator<Item = Wrap> {
    WRAPS.into_iter().filter(move |wrap| match wrap {
        Wrap::Store(width) => ty.is_int() && width.as_type().bits() < ty.bits(),
        _ => ty.is_int(),
    })
}

/// The share of cases that stand alone for a rule: a slice of one in so many, or fewer, has all of them.
const ALL: u64 = 4096;

struct Enumeration<'a> {
    ty: Type,
    slice: Slice,
    each: &'a mut dyn FnMut(Case),
    count: u64,
}

fn node(form: Form, args: [Leaf; 3]) -> Node {
    Node { form, args }
}

impl Enumeration<'_> {
    fn offer(&mut self, case: Case) {
        let case = Case { loaded: Random::new(!self.count).once_in(2), ..case };
        if !self.count_in(case.share()) {
            return;
        }
        (self.each)(case);
        // What stands in memory is no `trunc` of a parameter, which rules see too: where a rule has one case, both are
        // asked.
        if case.num_constants() == 0 && case.last.is_none() {
            (self.each)(Case { loaded: !case.loaded, ..case });
        }
    }

    /// Counts a case of which a slice has so many times more than of others; whether this is one of the slice.
    fn count_in(&mut self, share: u64) -> bool {
        self.count += 1;
        let of = (self.slice.of / share).max(1);
        Random::new(self.count).bits() % of == self.slice.part % of
    }

    fn case(&self, inner: Node, outer: Node) -> Case {
        let ty = self.ty;
        let (second, last, wrap, loaded) = (None, None, Wrap::Value, false);
        Case { ty, inner, second, outer: Some(outer), last, wrap, loaded }
    }

    /// One operation on the result of another.
    fn pairs(&mut self) {
        let ty = self.ty;
        for inner in nodes(ty, &corners(ty), Place::Inner) {
            let mid = result_type(inner.form, ty);
            for outer in outer_nodes(ty, mid, &corners(mid)) {
                self.offer(self.case(inner, outer));
            }
        }
    }

    /// A third operation, and everything else that looks at a result: with the few constants that rules single out.
    fn looked_at(&mut self) {
        let ty = self.ty;
        let types = INTS.into_iter().chain(FLOATS);
        let thirds: HashMap<Type, Vec<Node>> =
            types.map(|out| (out, outer_nodes(ty, out, &main_corners(out)))).collect();
        let mut depth = 0;
        for inner in nodes(ty, &main_corners(ty), Place::Inner) {
            let mid = result_type(inner.form, ty);
            for outer in outer_nodes(ty, mid, &main_corners(mid)) {
                let out = result_type(outer.form, mid);
                let pair = self.case(inner, outer);
                // Three operations are too many to enumerate: one at random on each two.
                let last = Random::new(depth).pick(&thirds[&out]);
                depth += 1;
                self.offer(Case { last, ..pair });
                for wrap in wraps(out) {
                    self.offer(Case { wrap, ..pair });
                }
            }
        }
    }

    /// One operation and what looks at its result; by a comparison, all kinds of things are chosen.
    fn single(&mut self) {
        let ty = self.ty;
        let (second, outer, last, loaded) = (None, None, None, false);
        for inner in nodes(ty, &corners(ty), Place::Inner) {
            let wrap = Wrap::Value;
            self.offer(Case { ty, inner, second, outer, last, wrap, loaded });
        }
        for inner in nodes(ty, &main_corners(ty), Place::Inner) {
            for wrap in wraps(result_type(inner.form, ty)) {
                self.offer(Case { ty, inner, second, outer, last, wrap, loaded });
            }
            if !matches!(inner.form, Form::Compare(_) | Form::FloatCompare(_)) {
                continue;
            }
            let mut choices = vec![(X, Y), (Y, X)];
            for c in inner.constant().into_iter().chain([0, 1, ty.mask()]) {
                choices.extend([(X, Const(c)), (Const(c), X), (Const(c), Y), (Y, Const(c))]);
            }
            for (yes, no) in choices {
                let wrap = Wrap::Choose(yes, no);
                self.offer(Case { ty, inner, second, outer, last, wrap, loaded });
            }
        }
    }

    /// Comparisons, what is made of their results, and what is made of that.
    fn truths(&mut self) {
        for inner in comparisons(self.ty) {
            for outer in of_truth(Type::I8) {
                for last in of_truth(result_type(outer.form, Type::I8)) {
                    for wrap in [Wrap::Compare, Wrap::Branch, Wrap::Choose(X, Y), Wrap::Trap] {
                        self.offer(Case { last: Some(last), wrap, ..self.case(inner, outer) });
                    }
                }
            }
        }
    }

    /// Two operations on the same value, or unary ones on two values, joined by a third.
    fn joined(&mut self) {
        let ty = self.ty;
        let few = if ty.is_int() { &[1, 2, 7, u64::MAX][..] } else { &[] };
        let few: Vec<u64> = few.iter().map(|word| word & ty.mask()).collect();
        let sides = nodes(ty, &few, Place::Side);
        let others = sides.iter().filter(|side| side.form.arity() == 1);
        let others = others.map(|side| Node { args: [Y; 3], ..*side });
        let seconds: Vec<Node> = sides.iter().copied().chain(others).collect();
        for &inner in &sides {
            for &second in &seconds {
                let mid = result_type(inner.form, ty);
                if result_type(second.form, ty) != mid {
                    continue;
                }
                for form in Form::all(mid).into_iter().filter(|form| form.arity() == 2) {
                    let outer = node(form, [Inner, Second, X]);
                    self.offer(Case { second: Some(second), ..self.case(inner, outer) });
                }
            }
        }
    }

    /// An operation and the same with its operands exchanged, joined: only some of them are the same.
    fn exchanged(&mut self) {
        for form in Form::all(self.ty).into_iter().filter(|form| form.arity() == 2) {
            let join = match result_type(form, self.ty) {
                out if out.is_int() => Form::Binary(BinaryOp::Xor),
                _ => Form::FloatCompare(FloatCC::Ne),
            };
            let pair = self.case(node(form, [X, Y, X]), node(join, [Inner, Second, X]));
            self.offer(Case { second: Some(node(form, [Y, X, X])), ..pair });
        }
    }

    /// Shifts of both parameters, joined, whose amounts make up the width or nearly so.
    fn shifts(&mut self) {
        let ty = self.ty;
        let width = u64::from(ty.bits());
        let shifts = [BinaryOp::Shl, BinaryOp::Lshr, BinaryOp::Ashr];
        for (one, other) in shifts.into_iter().flat_map(|one| shifts.map(|other| (one, other))) {
            for amount in (0..=width).filter(|_| ty.is_int()) {
                for rest in [width - amount, (width - amount).wrapping_sub(1), width - amount + 1] {
                    for join in [BinaryOp::Or, BinaryOp::Xor, BinaryOp::Add] {
                        let shift = |op, of, amount| {
                            node(Form::Binary(op), [of, Const(amount & ty.mask()), X])
                        };
                        for (x, y) in [(X, Y), (X, X)] {
                            let outer = node(Form::Binary(join), [Inner, Second, X]);
                            let second = Some(shift(other, y, rest));
                            let inner = shift(one, x, amount);
                            self.offer(Case { second, ..self.case(inner, outer) });
                        }
                    }
                }
            }
        }
    }

    /// Fields of bits: a shift and a mask, a shift and an extension, in either order, by every amount; masks that end at the
    /// last bit of the type, or nearly so.
    fn fields(&mut self) {
        let ty = self.ty;
        if !ty.is_int() {
            return;
        }
        let width = u64::from(ty.bits());
        let by = |op, of, amount| node(Form::Binary(op), [of, Const(amount), X]);
        let extends = |form: &Form| matches!(form, Form::Unary(UnaryOp::Sext | UnaryOp::Zext, _));
        let extensions: Vec<Form> = Form::all(ty).into_iter().filter(extends).collect();
        for &form in &extensions {
            let wide = result_type(form, ty).bits();
            for bits in [ty.bits() - 1, ty.bits(), ty.bits() + 1, 8, 16, 32, wide - 1] {
                let mask = u64::MAX >> (64 - bits.clamp(1, wide));
                self.field(node(form, [X; 3]), by(BinaryOp::And, Inner, mask));
            }
        }
        for op in [BinaryOp::Shl, BinaryOp::Lshr, BinaryOp::Ashr] {
            for amount in 1..width {
                for bits in [width - amount - 1, width - amount, width - amount + 1] {
                    let mask = ty.mask() >> (width - bits.clamp(1, width));
                    let and = |of| by(BinaryOp::And, of, mask);
                    self.field(by(op, X, amount), and(Inner));
                    self.field(and(X), by(op, Inner, amount));
                }
                for &form in &extensions {
                    self.field(by(op, X, amount), node(form, [Inner; 3]));
                }
            }
            for &form in &extensions {
                for amount in 1..u64::from(result_type(form, ty).bits()) {
                    self.field(node(form, [X; 3]), by(op, Inner, amount));
                }
            }
        }
    }

    fn field(&mut self, inner: Node, outer: Node) {
        let loaded = Random::new(!self.count).once_in(4);
        if self.count_in(ALL) {
            let case = Case { loaded, ..self.case(inner, outer) };
            (self.each)(case);
        }
    }

    /// Fused products with signs changed on the way in.
    fn fused(&mut self) {
        let ty = self.ty;
        let signs = [UnaryOp::Fneg, UnaryOp::Fabs].map(|op| Form::Unary(op, ty));
        for (one, other) in signs.into_iter().flat_map(|one| signs.map(|other| (one, other))) {
            for args in [[Inner, Y, Second], [Inner, Second, X], [X, Inner, Second]] {
                if ty.is_float() {
                    let second = Some(node(other, [Y; 3]));
                    let pair = self.case(node(one, [X; 3]), node(Form::Fma, args));
                    self.offer(Case { second, ..pair });
                }
            }
        }
    }

    /// Products of extended factors, and what is added to them or taken from them.
    fn products(&mut self) {
        let ty = self.ty;
        let extends = |form: &Form| matches!(form, Form::Unary(UnaryOp::Sext | UnaryOp::Zext, _));
        let factors: Vec<Form> = Form::all(ty).into_iter().filter(extends).collect();
        for (&one, &other) in factors.iter().flat_map(|one| factors.iter().map(move |b| (one, b))) {
            let mid = result_type(one, ty);
            if result_type(other, ty) != mid {
                continue;
            }
            let (inner, second) = (node(one, [X; 3]), Some(node(other, [Y; 3])));
            let outer = node(Form::Binary(BinaryOp::Mul), [Inner, Second, X]);
            let last = Some(node(Form::Unary(UnaryOp::Neg, mid), [Inner, X, X]));
            self.offer(Case { second, last, ..self.case(inner, outer) });
            for op in [BinaryOp::Add, BinaryOp::Sub] {
                for args in [[Inner, Second, X], [Second, Inner, X]] {
                    let last = Some(node(Form::Binary(op), args));
                    self.offer(Case { second, last, ..self.case(inner, outer) });
                }
            }
        }
    }
}

impl Case {
    /// How many times more of its like a slice has than of others. A rule about two operations without constants has one
    /// case, a rule about one constant a few: without this, a slice would have none. So it is with chains of truth values,
    /// where optimisers go wrong most, and with pairs of constants that rules put together.
    fn share(&self) -> u64 {
        match (self.last, self.wrap, self.num_constants()) {
            (_, Wrap::Value | Wrap::Choose(..), _) | (_, _, 0) if self.outer.is_none() => ALL,
            _ if self.outer.is_none() => 64,
            _ if self.inner.is_shift() && self.second.is_some_and(|node| node.is_shift()) => 64,
            (Some(_), Wrap::Compare, _) => 128,
            (Some(_), Wrap::Value, 0) if self.second.is_some() => ALL,
            (Some(_), ..) => 16,
            (None, Wrap::Value, 0) => ALL,
            (None, Wrap::Value, 1) => 32,
            (None, ..) if self.is_related() => 16,
            _ => 1,
        }
    }

    /// Returns `true` if the constants of its first two operations are such as rules put together: equal, one the
    /// negation or the complement of the other; shifts that make up the width, or nearly so, or a shift and a mask that
    /// do; a power of two and its logarithm.
    fn is_related(&self) -> bool {
        let Some(other) = self.second.or(self.outer) else { return false };
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
}

/// A few comparisons of the parameters.
fn comparisons(ty: Type) -> Vec<Node> {
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
