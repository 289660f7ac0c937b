//! The opcode table: name, operand and result types, and effects of every operation, one row each. The enums by
//! format ([`UnaryOp`], [`BinaryOp`], …), the flat [`Opcode`], and everything that asks what an operation is or does
//! derive from it.

use std::fmt;

/// Which types an operation takes and gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TypeRule {
    /// Integers of one type, result of the same.
    Int,
    /// Floats of one type, result of the same.
    Float,
    /// Integer to a wider integer.
    Widen,
    /// Integer to a narrower integer.
    Narrow,
    /// `f32` to `f64`.
    Promote,
    /// `f64` to `f32`.
    Demote,
    /// Any integer to any float.
    IntToFloat,
    /// Any float to any integer.
    FloatToInt,
    /// Between an integer and a float of the same width.
    Bitcast,
    /// Integers of one type, result `i8`.
    IntCompare,
    /// Floats of one type, result `i8`.
    FloatCompare,
    /// An integer condition and two values of any one type, result of that type.
    Select,
    /// Stated by the instruction's payload: constants, memory, calls, control flow.
    Payload,
}

/// What an operation does beside computing its results.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Effect {
    /// Nothing: it may be moved, merged and deleted freely.
    Pure,
    /// It may trap, but reads and writes nothing: it may be merged with an equal one that dominates it.
    MayTrap,
    /// It reads memory and may trap.
    Reads,
    /// It writes memory and may trap.
    Writes,
    /// It reads or writes a variable (only before SSA construction).
    Variable,
    /// It may do anything.
    Call,
    /// It ends a block.
    Terminator,
}

/// One row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpInfo {
    /// As the text form writes it.
    pub name: &'static str,
    /// Which types it takes and gives.
    pub rule: TypeRule,
    /// What it does beside computing its results.
    pub effect: Effect,
    /// Whether its two operands may be exchanged.
    pub commutative: bool,
    /// What it means, in a line.
    pub doc: &'static str,
}

macro_rules! opcodes {
    (
        formats { $( $(#[$fdoc:meta])* $fname:ident { $($fop:ident)* } )* }
        table { $( $op:ident $name:literal $rule:ident $effect:ident $comm:literal $doc:literal; )* }
    ) => {
        /// Every operation of the IR.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Opcode { $( #[doc = $doc] $op, )* }

        const TABLE: &[OpInfo] = &[ $( OpInfo {
            name: $name, rule: TypeRule::$rule, effect: Effect::$effect, commutative: $comm, doc: $doc,
        }, )* ];

        impl Opcode {
            /// Every operation, in the order of the table.
            pub const ALL: &[Opcode] = &[ $( Opcode::$op, )* ];

            /// The operation of this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $( $name => Some(Opcode::$op), )* _ => None }
            }
        }

        $(
            $(#[$fdoc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
            #[allow(missing_docs)] // each is documented in `Opcode` and the table
            pub enum $fname { $( $fop, )* }

            impl $fname {
                /// Every operation of this format.
                pub const ALL: &[$fname] = &[ $( $fname::$fop, )* ];

                /// Its row in the table.
                #[must_use]
                pub const fn info(self) -> &'static OpInfo {
                    self.opcode().info()
                }

                /// The same operation in the flat enum.
                #[must_use]
                pub const fn opcode(self) -> Opcode {
                    match self { $( $fname::$fop => Opcode::$fop, )* }
                }

                /// The operation of this format that `op` is, if it is one.
                #[must_use]
                pub const fn from_opcode(op: Opcode) -> Option<Self> {
                    match op { $( Opcode::$fop => Some($fname::$fop), )* _ => None }
                }
            }
        )*
    };
}

opcodes! {
    formats {
        /// Operations on one value.
        UnaryOp {
            Neg Not Abs Clz Ctz Cls Popcnt Bswap Bitrev
            Fneg Fabs Fsqrt Fceil Ffloor Ftrunc Fnearest Fround
            Sext Zext Trunc Fpromote Fdemote SintToFloat UintToFloat
            FloatToSintSat FloatToUintSat FloatToSint FloatToUint Bitcast
        }
        /// Operations on two values of one type.
        BinaryOp {
            Add Sub Mul Smulhi Umulhi Sdiv Udiv Srem Urem
            And Or Xor Shl Lshr Ashr Rotl Rotr Smin Smax Umin Umax
            Fadd Fsub Fmul Fdiv Fmin Fmax Fminnum Fmaxnum Fcopysign
        }
        /// Operations on three values.
        TernaryOp { Select Fma }
    }
    table {
        Iconst      "iconst"      Payload Pure false "Integer constant, sign-extended from the result type.";
        Fconst      "fconst"      Payload Pure false "Float constant, by its bits.";

        Neg         "neg"         Int Pure false "Wrapping negation.";
        Not         "not"         Int Pure false "Bitwise complement.";
        Abs         "abs"         Int Pure false "Wrapping absolute value: abs(MIN) is MIN.";
        Clz         "clz"         Int Pure false "Count of leading zeros; the width for 0.";
        Ctz         "ctz"         Int Pure false "Count of trailing zeros; the width for 0.";
        Cls         "cls"         Int Pure false "Count of leading bits equal to the sign bit, not counting it.";
        Popcnt      "popcnt"      Int Pure false "Count of ones.";
        Bswap       "bswap"       Int Pure false "Reverse the order of bytes; i8 is itself.";
        Bitrev      "bitrev"      Int Pure false "Reverse the order of bits.";

        Fneg        "fneg"        Float Pure false "Flip the sign bit, also of a NaN.";
        Fabs        "fabs"        Float Pure false "Clear the sign bit, also of a NaN.";
        Fsqrt       "fsqrt"       Float Pure false "Correctly rounded square root.";
        Fceil       "fceil"       Float Pure false "Round to an integral value, upward.";
        Ffloor      "ffloor"      Float Pure false "Round to an integral value, downward.";
        Ftrunc      "ftrunc"      Float Pure false "Round to an integral value, toward zero.";
        Fnearest    "fnearest"    Float Pure false "Round to an integral value, ties to even.";
        Fround      "fround"      Float Pure false "Round to an integral value, ties away from zero.";

        Sext        "sext"        Widen Pure false "Sign-extend to a wider integer.";
        Zext        "zext"        Widen Pure false "Zero-extend to a wider integer.";
        Trunc       "trunc"       Narrow Pure false "Keep the low bits.";
        Fpromote    "fpromote"    Promote Pure false "f32 to f64, exact; a signalling NaN is quieted.";
        Fdemote     "fdemote"     Demote Pure false "f64 to f32, rounded to nearest even.";
        SintToFloat "sint_to_float" IntToFloat Pure false "Signed integer to float, rounded to nearest even.";
        UintToFloat "uint_to_float" IntToFloat Pure false "Unsigned integer to float, rounded to nearest even.";
        FloatToSintSat "float_to_sint_sat" FloatToInt Pure false "Toward zero to a signed integer; saturates, NaN is 0.";
        FloatToUintSat "float_to_uint_sat" FloatToInt Pure false "Toward zero to an unsigned integer; saturates, NaN is 0.";
        FloatToSint "float_to_sint" FloatToInt MayTrap false "Toward zero to a signed integer; traps if NaN or out of range.";
        FloatToUint "float_to_uint" FloatToInt MayTrap false "Toward zero to an unsigned integer; traps if NaN or out of range.";
        Bitcast     "bitcast"     Bitcast Pure false "The same bits as the other kind of type.";

        Add         "add"         Int Pure true "Wrapping sum.";
        Sub         "sub"         Int Pure false "Wrapping difference.";
        Mul         "mul"         Int Pure true "Low half of the product.";
        Smulhi      "smulhi"      Int Pure true "High half of the signed product.";
        Umulhi      "umulhi"      Int Pure true "High half of the unsigned product.";
        Sdiv        "sdiv"        Int MayTrap false "Signed quotient toward zero; traps on 0 and on MIN / -1.";
        Udiv        "udiv"        Int MayTrap false "Unsigned quotient; traps on 0.";
        Srem        "srem"        Int MayTrap false "Signed remainder with the sign of the dividend; traps on 0; MIN % -1 is 0.";
        Urem        "urem"        Int MayTrap false "Unsigned remainder; traps on 0.";
        And         "and"         Int Pure true "Bitwise and.";
        Or          "or"          Int Pure true "Bitwise or.";
        Xor         "xor"         Int Pure true "Bitwise exclusive or.";
        Shl         "shl"         Int Pure false "Shift left by the amount modulo the width.";
        Lshr        "lshr"        Int Pure false "Logical shift right by the amount modulo the width.";
        Ashr        "ashr"        Int Pure false "Arithmetic shift right by the amount modulo the width.";
        Rotl        "rotl"        Int Pure false "Rotate left by the amount modulo the width.";
        Rotr        "rotr"        Int Pure false "Rotate right by the amount modulo the width.";
        Smin        "smin"        Int Pure true "Lesser as signed.";
        Smax        "smax"        Int Pure true "Greater as signed.";
        Umin        "umin"        Int Pure true "Lesser as unsigned.";
        Umax        "umax"        Int Pure true "Greater as unsigned.";

        // Not commutative: which operand's NaN comes out depends on their order.
        Fadd        "fadd"        Float Pure false "Sum.";
        Fsub        "fsub"        Float Pure false "Difference.";
        Fmul        "fmul"        Float Pure false "Product.";
        Fdiv        "fdiv"        Float Pure false "Quotient.";
        Fmin        "fmin"        Float Pure false "Lesser; NaN if either is; -0 is below +0.";
        Fmax        "fmax"        Float Pure false "Greater; NaN if either is; -0 is below +0.";
        Fminnum     "fminnum"     Float Pure false "Lesser; the number if one is a quiet NaN (AArch64 fminnm).";
        Fmaxnum     "fmaxnum"     Float Pure false "Greater; the number if one is a quiet NaN (AArch64 fmaxnm).";
        Fcopysign   "fcopysign"   Float Pure false "The first with the sign bit of the second.";

        Select      "select"      Select Pure false "The second operand if the first is not zero, else the third.";
        Fma         "fma"         Float Pure false "First times second plus third, rounded once.";
        Icmp        "icmp"        IntCompare Pure false "Integer comparison: 1 if it holds, else 0.";
        Fcmp        "fcmp"        FloatCompare Pure false "Float comparison: 1 if it holds, else 0.";

        Load        "load"        Payload Reads false "Read memory, little-endian; narrow loads extend as written.";
        Store       "store"       Payload Writes false "Write memory, little-endian; narrow stores keep the low bits.";
        StackAddr   "stack_addr"  Payload Pure false "Address of a stack slot plus an offset.";
        DataAddr    "data_addr"   Payload Pure false "Address of a data object plus an offset.";
        VarGet      "get"         Payload Variable false "Read a variable; 0 before its first write.";
        VarSet      "set"         Payload Variable false "Write a variable.";
        Call        "call"        Payload Call false "Call a function of the module or of the host.";
        TrapIf      "trap_if"     Payload MayTrap false "Trap if the condition is not zero.";

        Jump        "jump"        Payload Terminator false "Continue at a block.";
        Branch      "branch"      Payload Terminator false "Continue at the first block if the condition is not zero, else at the second.";
        Switch      "switch"      Payload Terminator false "Continue at the block of the case equal to the operand, else at the default.";
        Return      "ret"         Payload Terminator false "End the call with these results.";
        Trap        "trap"        Payload Terminator false "End the call with a trap.";
    }
}

impl Opcode {
    /// Its row in the table.
    #[must_use]
    pub const fn info(self) -> &'static OpInfo {
        &TABLE[self as usize]
    }

    /// As the text form writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// Whether it ends a block.
    #[must_use]
    pub const fn is_terminator(self) -> bool {
        matches!(self.info().effect, Effect::Terminator)
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

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
            pub const fn name(self) -> &'static str {
                match self { $( $enum::$name => $word, )* }
            }

            /// The one of this name.
            #[must_use]
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
    /// Why a call ended without a result.
    TrapKind {
        DivisionByZero "division_by_zero" "An integer was divided by zero."
        IntegerOverflow "integer_overflow" "A quotient does not fit: MIN / -1."
        BadConversion "bad_conversion" "A float that is NaN or out of range was converted to an integer."
        IndexOutOfBounds "index_out_of_bounds" "An index is not below the length."
        Assertion "assertion" "An `assert!` failed."
        Panic "panic" "A `panic!` was reached."
        Unreachable "unreachable" "Code that was declared unreachable was reached."
        StackOverflow "stack_overflow" "Calls are nested too deeply."
        MemoryFault "memory_fault" "An address that may not be accessed was read or written."
        OutOfFuel "out_of_fuel" "The budget of instructions is used up."
    }
}

impl TrapKind {
    /// The number that stands for it in machine code (the immediate of `brk`); from 1, stable.
    #[must_use]
    pub const fn code(self) -> u16 {
        self as u16 + 1
    }

    /// The trap that `code` stands for.
    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_again() {
        for &op in Opcode::ALL {
            assert_eq!(Opcode::from_name(op.name()), Some(op));
        }
    }

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
