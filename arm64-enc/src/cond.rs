//! Conditions on the flags.

use crate::field::ops;

ops! {
    /// A condition on the flags N, Z, C, V.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Cond::Eq.name(), "eq");
    /// ```
    pub enum Cond: 4 as Cond {
        /// Equal: Z.
        Eq = 0b0000 "eq",
        /// Not equal: not Z.
        Ne = 0b0001 "ne",
        /// Unsigned higher or same (`cs`): C.
        Hs = 0b0010 "hs" | "cs",
        /// Unsigned lower (`cc`): not C.
        Lo = 0b0011 "lo" | "cc",
        /// Negative: N.
        Mi = 0b0100 "mi",
        /// Positive or zero: not N.
        Pl = 0b0101 "pl",
        /// Overflow: V.
        Vs = 0b0110 "vs",
        /// No overflow: not V.
        Vc = 0b0111 "vc",
        /// Unsigned higher: C and not Z.
        Hi = 0b1000 "hi",
        /// Unsigned lower or same: not C or Z.
        Ls = 0b1001 "ls",
        /// Signed greater or equal: N equals V.
        Ge = 0b1010 "ge",
        /// Signed less: N differs from V.
        Lt = 0b1011 "lt",
        /// Signed greater: not Z, and N equals V.
        Gt = 0b1100 "gt",
        /// Signed less or equal: Z, or N differs from V.
        Le = 0b1101 "le",
        /// Always.
        Al = 0b1110 "al",
        /// Always, too.
        Nv = 0b1111 "nv",
    }
}

impl Cond {
    /// The opposite condition; `al` and `nv`, which both mean always, have none and turn into each other.
    ///
    /// ```
    /// use arm64_enc::Cond;
    /// assert_eq!(Cond::Lt.invert(), Cond::Ge);
    /// ```
    #[must_use]
    pub const fn invert(self) -> Cond {
        match self {
            Cond::Eq => Cond::Ne,
            Cond::Ne => Cond::Eq,
            Cond::Hs => Cond::Lo,
            Cond::Lo => Cond::Hs,
            Cond::Mi => Cond::Pl,
            Cond::Pl => Cond::Mi,
            Cond::Vs => Cond::Vc,
            Cond::Vc => Cond::Vs,
            Cond::Hi => Cond::Ls,
            Cond::Ls => Cond::Hi,
            Cond::Ge => Cond::Lt,
            Cond::Lt => Cond::Ge,
            Cond::Gt => Cond::Le,
            Cond::Le => Cond::Gt,
            Cond::Al => Cond::Nv,
            Cond::Nv => Cond::Al,
        }
    }

    /// Returns `true` if the condition holds for these flags (N, Z, C, V as bits 3 to 0).
    ///
    /// ```
    /// use arm64_enc::{Cond, Nzcv};
    /// let z = Nzcv::new(0b0100).unwrap();
    /// assert!(Cond::Eq.holds(z) && Cond::Le.holds(z) && !Cond::Gt.holds(z));
    /// ```
    #[must_use]
    pub const fn holds(self, flags: crate::Nzcv) -> bool {
        let flags = flags.value();
        let (n, z, c, v) = (flags & 8 != 0, flags & 4 != 0, flags & 2 != 0, flags & 1 != 0);
        match self {
            Cond::Eq => z,
            Cond::Ne => !z,
            Cond::Hs => c,
            Cond::Lo => !c,
            Cond::Mi => n,
            Cond::Pl => !n,
            Cond::Vs => v,
            Cond::Vc => !v,
            Cond::Hi => c && !z,
            Cond::Ls => !c || z,
            Cond::Ge => n == v,
            Cond::Lt => n != v,
            Cond::Gt => !z && n == v,
            Cond::Le => z || n != v,
            Cond::Al | Cond::Nv => true,
        }
    }
}
