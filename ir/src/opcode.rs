//! The opcode table: name, operand and result types, and effects of every operation, one row each. The enums by
//! format ([`UnaryOp`], [`BinaryOp`], …), the flat [`Opcode`], and everything that asks what an operation is or does
//! derive from it.

use std::fmt;

/// Which types an operation takes and gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TypeRule {
    /// Integers of one type of at most 64 bits, result of the same.
    Int,
    /// Integers of one type, `i128` included, result of the same.
    AnyInt,
    /// Two integers of one type of at most 64 bits, results of that type and an `i8`.
    Overflow,
    /// Two integers of one type of at most 64 bits and an integer carry, results of that type and an `i8`.
    Carry,
    /// Two `i64`, result `i128`.
    Double,
    /// An `i128`, results `i64` and `i64`.
    Halves,
    /// Floats of one type, result of the same.
    Float,
    /// Integer to a wider integer, up to `i128`.
    Widen,
    /// Integer to a narrower integer, from `i128` on.
    Narrow,
    /// `f32` to `f64`.
    Promote,
    /// `f64` to `f32`.
    Demote,
    /// Any integer of at most 64 bits to any float.
    IntToFloat,
    /// Any float to any integer of at most 64 bits.
    FloatToInt,
    /// Between an integer and a float of the same width.
    Bitcast,
    /// Integers of one type, result `i8`.
    IntCompare,
    /// Floats of one type, result `i8`.
    FloatCompare,
    /// An integer condition of at most 64 bits and two values of any one type, result of that type.
    Select,
    /// An integer condition of at most 64 bits, no result.
    Condition,
    /// Stated by the instruction's payload: constants, memory, calls, control flow.
    Payload,
}

/// The effects of an operation beside computing its results.
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
    /// It reads, writes or orders memory that other threads may use too, and may trap: no access is moved across it.
    Atomic,
    /// It reads or writes a variable (only before SSA construction).
    Variable,
    /// It may do anything.
    Call,
    /// It ends a block.
    Terminator,
}

impl Effect {
    /// Returns `true` if it may write memory, so that what was read before may be out of date.
    #[must_use]
    #[inline]
    pub const fn may_write(self) -> bool {
        matches!(self, Effect::Writes | Effect::Atomic | Effect::Call)
    }
}

/// One row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpInfo {
    /// As the text form writes it.
    pub name: &'static str,
    /// Which types it takes and gives.
    pub rule: TypeRule,
    /// Its effect beside computing its results.
    pub effect: Effect,
    /// `true` if its two operands may be exchanged.
    pub commutative: bool,
    /// Its meaning, in a line.
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
            #[inline]
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
                #[inline]
                pub const fn info(self) -> &'static OpInfo {
                    self.opcode().info()
                }

                /// The same operation in the flat enum.
                #[must_use]
                #[inline]
                pub const fn opcode(self) -> Opcode {
                    match self { $( $fname::$fop => Opcode::$fop, )* }
                }

                /// The operation of this format that `op` is, if it is one.
                #[must_use]
                #[inline]
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
        /// Integer arithmetic that also says whether the exact result does not fit.
        OverflowOp {
            SaddOverflow UaddOverflow SsubOverflow UsubOverflow SmulOverflow UmulOverflow
        }
        /// Integer arithmetic with a carry in and out.
        CarryOp { UaddCarry UsubBorrow }
        /// Operations on two `i64` that make an `i128`.
        WideOp { Iconcat SmulWide UmulWide }
    }
    table {
        Iconst      "iconst"      Payload Pure false "Integer constant, sign-extended from the result type.";
        Fconst      "fconst"      Payload Pure false "Float constant, by its bits.";

        Neg         "neg"         AnyInt Pure false "Wrapping negation.";
        Not         "not"         AnyInt Pure false "Bitwise complement.";
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

        Add         "add"         AnyInt Pure true "Wrapping sum.";
        Sub         "sub"         AnyInt Pure false "Wrapping difference.";
        Mul         "mul"         AnyInt Pure true "Low half of the product.";
        Smulhi      "smulhi"      Int Pure true "High half of the signed product.";
        Umulhi      "umulhi"      Int Pure true "High half of the unsigned product.";
        Sdiv        "sdiv"        Int MayTrap false "Signed quotient toward zero; traps on 0 and on MIN / -1.";
        Udiv        "udiv"        Int MayTrap false "Unsigned quotient; traps on 0.";
        Srem        "srem"        Int MayTrap false "Signed remainder with the sign of the dividend; traps on 0; MIN % -1 is 0.";
        Urem        "urem"        Int MayTrap false "Unsigned remainder; traps on 0.";
        And         "and"         AnyInt Pure true "Bitwise and.";
        Or          "or"          AnyInt Pure true "Bitwise or.";
        Xor         "xor"         AnyInt Pure true "Bitwise exclusive or.";
        Shl         "shl"         AnyInt Pure false "Shift left by the amount modulo the width.";
        Lshr        "lshr"        AnyInt Pure false "Logical shift right by the amount modulo the width.";
        Ashr        "ashr"        AnyInt Pure false "Arithmetic shift right by the amount modulo the width.";
        Rotl        "rotl"        Int Pure false "Rotate left by the amount modulo the width.";
        Rotr        "rotr"        Int Pure false "Rotate right by the amount modulo the width.";
        Smin        "smin"        Int Pure true "Lesser as signed.";
        Smax        "smax"        Int Pure true "Greater as signed.";
        Umin        "umin"        Int Pure true "Lesser as unsigned.";
        Umax        "umax"        Int Pure true "Greater as unsigned.";

        SaddOverflow "sadd_overflow" Overflow Pure true "Wrapping sum; 1 if the signed sum does not fit, else 0.";
        UaddOverflow "uadd_overflow" Overflow Pure true "Wrapping sum; 1 if the unsigned sum does not fit, else 0.";
        SsubOverflow "ssub_overflow" Overflow Pure false "Wrapping difference; 1 if the signed difference does not fit, else 0.";
        UsubOverflow "usub_overflow" Overflow Pure false "Wrapping difference; 1 if the unsigned difference is below 0, else 0.";
        SmulOverflow "smul_overflow" Overflow Pure true "Low half of the product; 1 if the signed product does not fit, else 0.";
        UmulOverflow "umul_overflow" Overflow Pure true "Low half of the product; 1 if the unsigned product does not fit, else 0.";
        UaddCarry   "uadd_carry"  Carry Pure false "Wrapping sum of two values, and 1 if the third is not zero; 1 if the unsigned sum does not fit, else 0.";
        UsubBorrow  "usub_borrow" Carry Pure false "Wrapping difference of two values, less 1 if the third is not zero; 1 if the unsigned difference is below 0, else 0.";
        Iconcat     "iconcat"     Double Pure false "The i128 of these low and high halves.";
        SmulWide    "smul_wide"   Double Pure true "The whole signed product.";
        UmulWide    "umul_wide"   Double Pure true "The whole unsigned product.";
        Isplit      "isplit"      Halves Pure false "The low and the high half of an i128.";

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
        SliceAddr   "slice_addr"  Payload MayTrap false "Address of the element of this index in a slice of elements of so many bytes; traps with index_out_of_bounds if there is none.";
        FuncAddr    "func_addr"   Payload Pure false "Address of a function of the module or of the host, for call_indirect.";
        AtomicLoad  "atomic_load" Payload Atomic false "Read memory, as one access in the one order of all atomic accesses; traps if the address is not a multiple of the width.";
        AtomicStore "atomic_store" Payload Atomic false "Write memory likewise.";
        AtomicRmw   "atomic_rmw"  Payload Atomic false "Replace memory by the operation on it and the operand; gives what was there before.";
        AtomicCas   "atomic_cas"  Payload Atomic false "Replace memory that is equal to the first operand by the second; gives what was there before.";
        Fence       "fence"       Payload Atomic false "Order all accesses before it before all after it.";
        VarGet      "get"         Payload Variable false "Read a variable; 0 before its first write.";
        VarSet      "set"         Payload Variable false "Write a variable.";
        Call        "call"        Payload Call false "Call a function of the module or of the host.";
        CallIndirect "call_indirect" Payload Call false "Call the function at an address, which has this signature.";
        TrapIf      "trap_if"     Condition MayTrap false "Trap if the condition is not zero.";

        Jump        "jump"        Payload Terminator false "Continue at a block.";
        Branch      "branch"      Condition Terminator false "Continue at the first block if the condition is not zero, else at the second.";
        Guard       "guard"       Condition Terminator false "Continue at the first block if the condition is not zero, else at the resume block, which is rarely reached.";
        Switch      "switch"      Payload Terminator false "Continue at the block of the case equal to the operand, else at the default.";
        Return      "ret"         Payload Terminator false "End the call with these results.";
        TailCall    "tail_call"   Payload Terminator false "End the call with the results of another, which takes over the stack frame.";
        TailCallIndirect "tail_call_indirect" Payload Terminator false "The same, of the function at an address.";
        Trap        "trap"        Payload Terminator false "End the call with a trap.";
    }
}

impl Opcode {
    /// Its row in the table.
    #[must_use]
    #[inline]
    pub const fn info(self) -> &'static OpInfo {
        &TABLE[self as usize]
    }

    /// As the text form writes it.
    #[must_use]
    #[inline]
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// The number of results; `None` if a signature says it.
    #[must_use]
    pub const fn result_count(self) -> Option<usize> {
        match self {
            Opcode::Call | Opcode::CallIndirect => None,
            Opcode::Store | Opcode::AtomicStore | Opcode::Fence | Opcode::VarSet => Some(0),
            op if op.is_terminator() => Some(0),
            op => match op.info().rule {
                TypeRule::Condition => Some(0),
                TypeRule::Overflow | TypeRule::Carry | TypeRule::Halves => Some(2),
                _ => Some(1),
            },
        }
    }

    /// Returns `true` if it ends a block.
    #[must_use]
    #[inline]
    pub const fn is_terminator(self) -> bool {
        matches!(self.info().effect, Effect::Terminator)
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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
}
