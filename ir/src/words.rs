//! The words of the text form that are neither operations nor types: conditions, operations on memory.

use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $enum:ident { $( $name:ident $word:literal $vdoc:literal )* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $enum { $( #[doc = $vdoc] $name, )* }

        impl $enum {
            /// All of them, in order.
            pub const ALL: &[$enum] = &[ $( $enum::$name, )* ];

            /// As the text form writes it.
            #[must_use]
            #[inline]
            pub const fn name(self) -> &'static str {
                match self { $( $enum::$name => $word, )* }
            }

            /// The one of this name.
            #[must_use]
            #[inline]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|item| item.name() == name)
            }
        }

        impl fmt::Display for $enum {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

words! {
    /// An integer comparison.
    IntCC {
        Eq "eq" "Equal."
        Ne "ne" "Not equal."
        Slt "slt" "Signed less."
        Sle "sle" "Signed less or equal."
        Sgt "sgt" "Signed greater."
        Sge "sge" "Signed greater or equal."
        Ult "ult" "Unsigned less."
        Ule "ule" "Unsigned less or equal."
        Ugt "ugt" "Unsigned greater."
        Uge "uge" "Unsigned greater or equal."
    }
}

impl IntCC {
    /// The comparison that holds exactly when this one does not.
    #[must_use]
    pub const fn inverse(self) -> Self {
        match self {
            IntCC::Eq => IntCC::Ne,
            IntCC::Ne => IntCC::Eq,
            IntCC::Slt => IntCC::Sge,
            IntCC::Sle => IntCC::Sgt,
            IntCC::Sgt => IntCC::Sle,
            IntCC::Sge => IntCC::Slt,
            IntCC::Ult => IntCC::Uge,
            IntCC::Ule => IntCC::Ugt,
            IntCC::Ugt => IntCC::Ule,
            IntCC::Uge => IntCC::Ult,
        }
    }

    /// The comparison that holds for (b, a) exactly when this one holds for (a, b).
    #[must_use]
    pub const fn swapped(self) -> Self {
        match self {
            IntCC::Eq => IntCC::Eq,
            IntCC::Ne => IntCC::Ne,
            IntCC::Slt => IntCC::Sgt,
            IntCC::Sle => IntCC::Sge,
            IntCC::Sgt => IntCC::Slt,
            IntCC::Sge => IntCC::Sle,
            IntCC::Ult => IntCC::Ugt,
            IntCC::Ule => IntCC::Uge,
            IntCC::Ugt => IntCC::Ult,
            IntCC::Uge => IntCC::Ule,
        }
    }
}

words! {
    /// A float comparison. "Unordered" means that at least one operand is NaN.
    FloatCC {
        Eq "eq" "Equal."
        Ne "ne" "Not equal, or unordered."
        Lt "lt" "Less."
        Le "le" "Less or equal."
        Gt "gt" "Greater."
        Ge "ge" "Greater or equal."
        Ord "ord" "Neither is NaN."
        Uno "uno" "Unordered."
        Ueq "ueq" "Equal, or unordered."
        One "one" "Less or greater."
        Ult "ult" "Less, or unordered."
        Ule "ule" "Less or equal, or unordered."
        Ugt "ugt" "Greater, or unordered."
        Uge "uge" "Greater or equal, or unordered."
    }
}

impl FloatCC {
    /// The comparison that holds exactly when this one does not.
    #[must_use]
    pub const fn inverse(self) -> Self {
        match self {
            FloatCC::Eq => FloatCC::Ne,
            FloatCC::Ne => FloatCC::Eq,
            FloatCC::Lt => FloatCC::Uge,
            FloatCC::Le => FloatCC::Ugt,
            FloatCC::Gt => FloatCC::Ule,
            FloatCC::Ge => FloatCC::Ult,
            FloatCC::Ord => FloatCC::Uno,
            FloatCC::Uno => FloatCC::Ord,
            FloatCC::Ueq => FloatCC::One,
            FloatCC::One => FloatCC::Ueq,
            FloatCC::Ult => FloatCC::Ge,
            FloatCC::Ule => FloatCC::Gt,
            FloatCC::Ugt => FloatCC::Le,
            FloatCC::Uge => FloatCC::Lt,
        }
    }

    /// The comparison that holds for (b, a) exactly when this one holds for (a, b).
    #[must_use]
    pub const fn swapped(self) -> Self {
        match self {
            FloatCC::Lt => FloatCC::Gt,
            FloatCC::Le => FloatCC::Ge,
            FloatCC::Gt => FloatCC::Lt,
            FloatCC::Ge => FloatCC::Le,
            FloatCC::Ult => FloatCC::Ugt,
            FloatCC::Ule => FloatCC::Uge,
            FloatCC::Ugt => FloatCC::Ult,
            FloatCC::Uge => FloatCC::Ule,
            symmetric => symmetric,
        }
    }
}

words! {
    /// What an `atomic_rmw` does to memory.
    RmwOp {
        Add "add" "Wrapping sum."
        Sub "sub" "Wrapping difference: memory less the operand."
        And "and" "Bitwise and."
        Or "or" "Bitwise or."
        Xor "xor" "Bitwise exclusive or."
        Xchg "xchg" "The operand."
        Smin "smin" "Lesser as signed."
        Smax "smax" "Greater as signed."
        Umin "umin" "Lesser as unsigned."
        Umax "umax" "Greater as unsigned."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_and_swapped_undo_themselves() {
        for &cc in IntCC::ALL {
            assert_eq!(cc.inverse().inverse(), cc);
            assert_eq!(cc.swapped().swapped(), cc);
        }
        for &cc in FloatCC::ALL {
            assert_eq!(cc.inverse().inverse(), cc);
            assert_eq!(cc.swapped().swapped(), cc);
        }
    }
}
