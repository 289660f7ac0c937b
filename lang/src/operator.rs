//! The operators of the source language.

/// Unary operators on scalars.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum UnOp {
    Neg,
    Not,
}

/// Declares the binary operators.
macro_rules! operators {
    ($($op:ident $symbol:literal)*) => {
        /// Binary operators on scalars.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum BinOp { $($op,)* }

        impl BinOp {
            pub(crate) const fn symbol(self) -> &'static str {
                match self { $(BinOp::$op => $symbol,)* }
            }
        }
    };
}

operators! {
    Add "+" Sub "-" Mul "*" Div "/" Rem "%" And "&" Or "|" Xor "^" Shl "<<" Shr ">>"
    Eq "==" Ne "!=" Lt "<" Le "<=" Gt ">" Ge ">="
}

impl BinOp {
    pub(crate) const fn is_comparison(self) -> bool {
        matches!(self, BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge)
    }

    pub(crate) const fn is_shift(self) -> bool {
        matches!(self, BinOp::Shl | BinOp::Shr)
    }
}
