//! What is known of an integer: the least and greatest that it can be, as signed and as unsigned; and how two values
//! compare.

use ir::{IntCC, Type, eval};

/// Inclusive bounds. At least one value is inside of both pairs in code that can be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Range {
    pub(super) smin: i64,
    pub(super) smax: i64,
    pub(super) umin: u64,
    pub(super) umax: u64,
}

impl Range {
    pub(super) fn full(ty: Type) -> Self {
        Self { smin: signed_min(ty), smax: signed_max(ty), umin: 0, umax: ty.mask() }
    }

    pub(super) fn constant(imm: i64, ty: Type) -> Self {
        let bits = eval::truncate(imm as u64, ty);
        Self { smin: imm, smax: imm, umin: bits, umax: bits }
    }

    pub(super) fn unsigned(umin: u64, umax: u64, ty: Type) -> Self {
        Self { umin, umax, ..Self::full(ty) }.tightened(ty)
    }

    pub(super) fn signed(smin: i64, smax: i64, ty: Type) -> Self {
        Self { smin, smax, ..Self::full(ty) }.tightened(ty)
    }

    /// Bounds of one kind from those of the other, where all values have the same sign.
    pub(super) fn tightened(mut self, ty: Type) -> Self {
        let middle = signed_max(ty) as u64;
        if self.umax <= middle || self.umin > middle {
            self.smin = self.smin.max(eval::sign_extend(self.umin, ty));
            self.smax = self.smax.min(eval::sign_extend(self.umax, ty));
        }
        if self.smin >= 0 || self.smax < 0 {
            self.umin = self.umin.max(eval::truncate(self.smin as u64, ty));
            self.umax = self.umax.min(eval::truncate(self.smax as u64, ty));
        }
        self
    }

    pub(super) fn intersect(self, other: Self, ty: Type) -> Self {
        Self {
            smin: self.smin.max(other.smin),
            smax: self.smax.min(other.smax),
            umin: self.umin.max(other.umin),
            umax: self.umax.min(other.umax),
        }
        .tightened(ty)
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self {
            smin: self.smin.min(other.smin),
            smax: self.smax.max(other.smax),
            umin: self.umin.min(other.umin),
            umax: self.umax.max(other.umax),
        }
    }

    /// What is left of this range if its value compares so with a value in `other`.
    pub(super) fn given(self, cc: IntCC, other: Self, ty: Type) -> Self {
        let mut new = self;
        match cc {
            IntCC::Eq => return self.intersect(other, ty),
            IntCC::Ne => {
                // Only a single value at an end can be cut off.
                if other.umin == other.umax {
                    if self.umin == other.umin {
                        new.umin = new.umin.saturating_add(1);
                    }
                    if self.umax == other.umax {
                        new.umax = new.umax.saturating_sub(1);
                    }
                    if self.smin == other.smin {
                        new.smin = new.smin.saturating_add(1);
                    }
                    if self.smax == other.smax {
                        new.smax = new.smax.saturating_sub(1);
                    }
                }
            }
            IntCC::Slt => new.smax = new.smax.min(other.smax.saturating_sub(1)),
            IntCC::Sle => new.smax = new.smax.min(other.smax),
            IntCC::Sgt => new.smin = new.smin.max(other.smin.saturating_add(1)),
            IntCC::Sge => new.smin = new.smin.max(other.smin),
            IntCC::Ult => new.umax = new.umax.min(other.umax.saturating_sub(1)),
            IntCC::Ule => new.umax = new.umax.min(other.umax),
            IntCC::Ugt => new.umin = new.umin.max(other.umin.saturating_add(1)),
            IntCC::Uge => new.umin = new.umin.max(other.umin),
        }
        // Bounds that cross mean that control cannot come here; what was known before is true all the same.
        if new.smin > new.smax || new.umin > new.umax { self } else { new.tightened(ty) }
    }

    /// How a value of this range compares with one of `other`, as far as that is certain.
    pub(super) fn relation(self, other: Self) -> Relation {
        let side = |less: bool, equal: bool, greater: bool| {
            (u8::from(less) * LESS) | (u8::from(equal) * EQUAL) | (u8::from(greater) * GREATER)
        };
        let may_equal = self.smin <= other.smax
            && other.smin <= self.smax
            && self.umin <= other.umax
            && other.umin <= self.umax;
        Relation {
            signed: side(self.smin < other.smax, may_equal, self.smax > other.smin),
            unsigned: side(self.umin < other.umax, may_equal, self.umax > other.umin),
        }
    }
}

const LESS: u8 = 1;
const EQUAL: u8 = 2;
const GREATER: u8 = 4;

/// Which outcomes of comparing two values are possible.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Relation {
    signed: u8,
    unsigned: u8,
}

impl Relation {
    pub(super) const ANY: Relation =
        Relation { signed: LESS | EQUAL | GREATER, unsigned: LESS | EQUAL | GREATER };

    /// The outcomes for which a comparison holds.
    pub(super) fn of(cc: IntCC) -> Self {
        let other = LESS | GREATER;
        let any = LESS | EQUAL | GREATER;
        let (signed, unsigned) = match cc {
            IntCC::Eq => (EQUAL, EQUAL),
            IntCC::Ne => (other, other),
            IntCC::Slt => (LESS, other),
            IntCC::Sle => (LESS | EQUAL, any),
            IntCC::Sgt => (GREATER, other),
            IntCC::Sge => (GREATER | EQUAL, any),
            IntCC::Ult => (other, LESS),
            IntCC::Ule => (any, LESS | EQUAL),
            IntCC::Ugt => (other, GREATER),
            IntCC::Uge => (any, GREATER | EQUAL),
        };
        Self { signed, unsigned }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self { signed: self.signed & other.signed, unsigned: self.unsigned & other.unsigned }
    }

    /// The same for the two values exchanged.
    pub(super) fn swapped(self) -> Self {
        let swap = |mask: u8| {
            (mask & EQUAL)
                | if mask & LESS != 0 { GREATER } else { 0 }
                | if mask & GREATER != 0 { LESS } else { 0 }
        };
        Self { signed: swap(self.signed), unsigned: swap(self.unsigned) }
    }

    /// Whether a comparison holds, if that is certain.
    pub(super) fn decides(self, cc: IntCC) -> Option<bool> {
        let holds = Self::of(cc);
        let decide = |known: u8, holds: u8| {
            if known & !holds == 0 {
                Some(true)
            } else if known & holds == 0 {
                Some(false)
            } else {
                None
            }
        };
        match cc {
            IntCC::Eq | IntCC::Ne => {
                decide(self.signed, holds.signed).or_else(|| decide(self.unsigned, holds.unsigned))
            }
            IntCC::Slt | IntCC::Sle | IntCC::Sgt | IntCC::Sge => decide(self.signed, holds.signed),
            IntCC::Ult | IntCC::Ule | IntCC::Ugt | IntCC::Uge => {
                decide(self.unsigned, holds.unsigned)
            }
        }
    }
}

pub(super) fn signed_min(ty: Type) -> i64 {
    i64::MIN >> (64 - ty.bits())
}

pub(super) fn signed_max(ty: Type) -> i64 {
    i64::MAX >> (64 - ty.bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pairs of small ranges and values: what a range says must hold.
    #[test]
    fn ranges_and_relations_say_only_what_is_true() {
        let ty = Type::I8;
        let values = [-128i64, -127, -1, 0, 1, 5, 126, 127];
        for &a in &values {
            for &b in &values {
                let (x, y) = (Range::constant(a, ty), Range::constant(b, ty));
                for &c in &values {
                    let wide = x.union(y);
                    let other = Range::constant(c, ty);
                    let inside = |v: i64, r: Range| {
                        let bits = eval::truncate(v as u64, ty);
                        r.smin <= v && v <= r.smax && r.umin <= bits && bits <= r.umax
                    };
                    for &cc in IntCC::ALL {
                        for v in [a, b] {
                            let bits = |v: i64| eval::truncate(v as u64, ty);
                            let holds = eval::icmp(cc, ty, bits(v), bits(c));
                            if holds {
                                assert!(inside(v, wide.given(cc, other, ty)), "{v} {cc} {c}");
                            }
                            if let Some(decided) = wide.relation(other).decides(cc) {
                                assert_eq!(decided, holds, "{v} of {wide:?} {cc} {c}");
                            }
                            let given = Relation::of(cc);
                            for &asked in IntCC::ALL {
                                if let (true, Some(decided)) = (holds, given.decides(asked)) {
                                    let real = eval::icmp(asked, ty, bits(v), bits(c));
                                    assert_eq!(decided, real, "{v} {c}: {cc} says {asked}");
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
