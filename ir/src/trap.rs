//! [`TrapKind`]: why a call ended without a result.

use std::fmt;
use std::num::ParseIntError;

macro_rules! kinds {
    ($( $name:ident $code:literal $word:literal $doc:literal )*) => {
        /// Why a call ended without a result.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum TrapKind {
            $( #[doc = $doc] $name, )*
            /// What the front end that made the code means by the number.
            User(UserTrap),
        }

        impl TrapKind {
            /// All that have a name, in order.
            pub const NAMED: &[TrapKind] = &[ $( TrapKind::$name, )* ];

            /// The number that stands for it in machine code (the immediate of `brk`), stable.
            #[must_use]
            #[inline]
            pub const fn code(self) -> u16 {
                match self {
                    $( TrapKind::$name => $code, )*
                    TrapKind::User(user) => FIRST_USER_CODE + user.0,
                }
            }

            /// Its first word in the text form; behind `user` comes the number.
            #[must_use]
            #[inline]
            pub const fn name(self) -> &'static str {
                match self {
                    $( TrapKind::$name => $word, )*
                    TrapKind::User(_) => Self::USER,
                }
            }
        }
    };
}

kinds! {
    DivisionByZero 1 "division_by_zero" "An integer was divided by zero."
    IntegerOverflow 2 "integer_overflow" "A quotient does not fit: MIN / -1."
    BadConversion 3 "bad_conversion" "A float that is NaN or out of range was converted to an integer."
    IndexOutOfBounds 4 "index_out_of_bounds" "An index is not below the length."
    Assertion 5 "assertion" "An `assert!` failed."
    Panic 6 "panic" "A `panic!` was reached."
    Unreachable 7 "unreachable" "Code that was declared unreachable was reached."
    StackOverflow 8 "stack_overflow" "Calls are nested too deeply."
    MemoryFault 9 "memory_fault" "An address that may not be accessed was read or written."
    OutOfFuel 10 "out_of_fuel" "The budget of instructions is used up."
    BadCall 11 "bad_call" "There is no function at the address of an indirect call, or it has another signature."
    Interrupted 12 "interrupted" "Somebody asked the program to stop."
}

/// The code of `user 0`; those below are for the kinds that have names.
const FIRST_USER_CODE: u16 = 0x100;

/// The number of a kind of trap that a front end has made up.
///
/// ```
/// use ir::{TrapKind, UserTrap};
///
/// let negative = UserTrap::new(7).unwrap();
/// assert_eq!(TrapKind::User(negative).to_string(), "user 7");
/// assert_eq!(UserTrap::new(UserTrap::MAX + 1), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UserTrap(u16);

impl UserTrap {
    /// The greatest number: there is a `brk` for each, beside those of the kinds that have names.
    pub const MAX: u16 = u16::MAX - FIRST_USER_CODE;

    /// The number, if it is not too great.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if number <= Self::MAX { Some(Self(number)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl TrapKind {
    /// The word of [`TrapKind::User`].
    pub(crate) const USER: &str = "user";

    /// The trap that `code` stands for.
    #[must_use]
    #[inline]
    pub fn from_code(code: u16) -> Option<Self> {
        match code.checked_sub(FIRST_USER_CODE) {
            Some(number) => Some(TrapKind::User(UserTrap(number))),
            None => Self::NAMED.iter().copied().find(|kind| kind.code() == code),
        }
    }

    /// The one that is written so: `division_by_zero`, `user 7`.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        match text.strip_prefix(Self::USER) {
            Some(number) if number.starts_with(' ') => {
                let number: Result<u16, ParseIntError> = number.trim().parse();
                UserTrap::new(number.ok()?).map(TrapKind::User)
            }
            _ => Self::NAMED.iter().copied().find(|kind| kind.name() == text),
        }
    }
}

impl fmt::Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrapKind::User(user) => write!(f, "{} {}", self.name(), user.0),
            named => f.write_str(named.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_texts_stand_for_one_kind_each() {
        let user = |number| TrapKind::User(UserTrap::new(number).unwrap());
        let kinds = TrapKind::NAMED.iter().copied().chain([0, 1, 255, UserTrap::MAX].map(user));
        let mut codes: Vec<u16> = Vec::new();
        for kind in kinds {
            assert_eq!(TrapKind::from_code(kind.code()), Some(kind));
            assert_eq!(TrapKind::from_text(&kind.to_string()), Some(kind));
            assert!(!codes.contains(&kind.code()), "{kind}");
            codes.push(kind.code());
        }
        assert_eq!((TrapKind::from_code(0), TrapKind::from_code(0xff)), (None, None));
        for text in ["user", "user7", "user -1", "user 65280", "users 1", ""] {
            assert_eq!(TrapKind::from_text(text), None, "{text}");
        }
    }
}
