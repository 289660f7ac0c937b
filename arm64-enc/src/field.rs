//! Bit fields: how an encoding class is written down, and the macros that turn one table into types, encoder and decoder.
//!
//! A class is a *bit diagram*: 32 characters, most significant bit first, blanks ignored. `0` and `1` are fixed bits,
//! a lower-case letter is a bit of the field that names this letter, an upper-case letter repeats the bits of its
//! lower-case twin. A field may collect several letters; the first one holds its most significant bits.
//!
//! ```text
//! AddSub "z o 0 100010 siiiiiiiiiiii nnnnn ddddd" { op: AddSub = "o", size: Size = "z", imm: ArithImm = "si", … }
//! ```
//!
//! For each class the `encodings!` macro proves at compile time that fixed bits and fields cover all 32 bits exactly
//! once, and that each field is as wide as its type.

use crate::text::Kind;

/// An operand, or a choice of operation, as it sits in an instruction word.
pub(crate) trait Field: Copy {
    /// Number of bits.
    const WIDTH: u32;
    /// The names of values that have one, with their bits: mnemonics, shapes.
    const NAMES: &'static [(u32, &'static str)] = &[];
    /// How text has it.
    const KIND: Kind;
    /// The field's bits, right-aligned; never more than `WIDTH` of them.
    fn bits(self) -> u32;
    /// The operand these bits stand for; `None` if the architecture allots no meaning to them.
    fn from_bits(bits: u32) -> Option<Self>;
}

/// A run of equal letters in a diagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    pub(crate) shift: u8,
    pub(crate) width: u8,
}

impl Run {
    const EMPTY: Run = Run { shift: 0, width: 0 };

    const fn low_mask(self) -> u32 {
        ((1u64 << self.width) - 1) as u32
    }

    pub(crate) const fn mask(self) -> u32 {
        self.low_mask() << self.shift
    }

    /// The run's bits of a word.
    #[inline]
    pub(crate) const fn get(self, word: u32) -> u32 {
        word >> self.shift & self.low_mask()
    }
}

/// The most letters one field collects.
const MAX_RUNS: usize = 5;

/// Where a field sits in the word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Layout {
    runs: [Run; MAX_RUNS],
    copy: Run,
    /// The bits of the word that belong to this field, repetition included.
    pub(crate) mask: u32,
}

impl Layout {
    /// The layout of the field that collects `letters` in `diagram`.
    pub(crate) const fn of(diagram: &str, letters: &str) -> Layout {
        let letters = letters.as_bytes();
        assert!(letters.len() <= MAX_RUNS, "a field has too many parts");
        let mut layout = Layout { runs: [Run::EMPTY; MAX_RUNS], copy: Run::EMPTY, mask: 0 };
        let mut i = 0;
        while i < letters.len() {
            assert!(letters[i].is_ascii_lowercase(), "a field is named by lower-case letters");
            layout.runs[i] = find_run(diagram, letters[i]);
            assert!(layout.runs[i].width > 0, "a field's letter is missing from the diagram");
            layout.mask |= layout.runs[i].mask();
            i += 1;
        }
        if letters.len() == 1 {
            layout.copy = find_run(diagram, letters[0].to_ascii_uppercase());
            assert!(layout.copy.width == 0 || layout.copy.width == layout.runs[0].width);
            layout.mask |= layout.copy.mask();
        }
        layout
    }

    /// Number of bits, a repetition not counted.
    pub(crate) const fn width(self) -> u32 {
        let mut sum = 0;
        let mut i = 0;
        while i < MAX_RUNS {
            sum += self.runs[i].width as u32;
            i += 1;
        }
        sum
    }

    /// Spreads right-aligned field bits over the word.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) const fn put(self, bits: u32) -> u32 {
        let mut word = 0;
        let mut rest = bits;
        let mut i = MAX_RUNS;
        while i > 0 {
            i -= 1;
            let run = self.runs[i];
            word |= (rest & run.low_mask()) << run.shift;
            // A run of 32 bits does not exist: a diagram has fixed bits.
            rest >>= run.width;
        }
        word | ((bits & self.copy.low_mask()) << self.copy.shift)
    }

    /// Collects the field's bits from a word.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) const fn get(self, word: u32) -> u32 {
        let mut bits = 0;
        let mut i = 0;
        while i < MAX_RUNS {
            let run = self.runs[i];
            bits = (bits << run.width) | ((word >> run.shift) & run.low_mask());
            i += 1;
        }
        bits
    }

    /// Returns `true` if the repetition, if there is one, says the same as the field.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) const fn agrees(self, word: u32) -> bool {
        self.copy.width == 0 || (word >> self.copy.shift) & self.copy.low_mask() == self.get(word)
    }
}

/// A field of a class as text sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) layout: Layout,
    pub(crate) names: &'static [(u32, &'static str)],
    pub(crate) kind: Kind,
}

/// Finds the run of `letter`; its width is 0 if the diagram does not have the letter.
pub(crate) const fn find_run(diagram: &str, letter: u8) -> Run {
    let text = diagram.as_bytes();
    let mut run = Run::EMPTY;
    let mut position: u8 = 32;
    let mut ended = false;
    let mut i = 0;
    while i < text.len() {
        if text[i] != b' ' {
            assert!(position > 0, "a diagram has more than 32 bits");
            position -= 1;
            if text[i] == letter {
                assert!(!ended, "a letter's bits are adjacent; use two letters");
                run.shift = position;
                run.width += 1;
            } else if run.width > 0 {
                ended = true;
            }
        }
        i += 1;
    }
    assert!(position == 0, "a diagram has fewer than 32 bits");
    run
}

/// Returns `true` if the masks cover all 32 bits exactly once.
pub(crate) const fn partition(masks: &[u32]) -> bool {
    let mut covered = 0;
    let mut i = 0;
    while i < masks.len() {
        if covered & masks[i] != 0 {
            return false;
        }
        covered |= masks[i];
        i += 1;
    }
    covered == u32::MAX
}

/// Mask of the fixed bits of a diagram.
pub(crate) const fn fixed_mask(diagram: &str) -> u32 {
    fixed(diagram, true)
}

/// Value of the fixed bits of a diagram.
pub(crate) const fn fixed_value(diagram: &str) -> u32 {
    fixed(diagram, false)
}

const fn fixed(diagram: &str, mask: bool) -> u32 {
    let text = diagram.as_bytes();
    let mut word = 0;
    let mut i = 0;
    while i < text.len() {
        if text[i] != b' ' {
            word <<= 1;
            if text[i] == b'1' || (mask && text[i] == b'0') {
                word |= 1;
            }
        }
        i += 1;
    }
    word
}

/// Declares one enum of encoding classes: its variants, `encode`, `decode` and the list of its diagrams.
macro_rules! encodings {
    (
        $(#[$enum_meta:meta])*
        pub enum $enum:ident {
            $(
                $(#[$meta:meta])*
                $variant:ident $diagram:literal { $( $field:ident: $ty:ty = $letters:literal ),* $(,)? }
                [ $( $form:literal $(if $when:path)? ),+ $(,)? ] $(: $feature:ident)?
            )*
        }
    ) => {
        $(#[$enum_meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum $enum {
            $(
                $(#[$meta])*
                ///
                #[doc = concat!("Bits: `", $diagram, "`")]
                $variant {
                    $(
                        #[doc = concat!("The bits `", $letters, "` of the diagram.")]
                        $field: $ty
                    ),*
                }
            ),*
        }

        // Each class: the diagram is complete and each field has the width of its type.
        $(
            const _: () = {
                $(
                    assert!(
                        $crate::field::Layout::of($diagram, $letters).width()
                            == <$ty as $crate::field::Field>::WIDTH,
                        concat!("width of ", stringify!($enum::$variant), ".", stringify!($field)),
                    );
                )*
                let fixed = $crate::field::fixed_mask($diagram);
                let masks = [fixed, $($crate::field::Layout::of($diagram, $letters).mask),*];
                assert!(
                    $crate::field::partition(&masks),
                    concat!(stringify!($enum::$variant), " does not cover 32 bits exactly once"),
                );
            };
        )*

        impl $enum {
            /// The encoding classes of this enum.
            pub const CLASSES: &'static [$crate::Class] = &[
                $({
                    const DIAGRAM: &str = $diagram;
                    const FIELDS: &[$crate::field::Row] = &[
                        $(
                            $crate::field::Row {
                                name: stringify!($field),
                                layout: $crate::field::Layout::of($diagram, $letters),
                                names: <$ty as $crate::field::Field>::NAMES,
                                kind: <$ty as $crate::field::Field>::KIND,
                            }
                        ),*
                    ];
                    $crate::Class {
                        group: stringify!($enum),
                        name: stringify!($variant),
                        diagram: DIAGRAM,
                        feature: $crate::field::needs!($($feature)?),
                        text: $crate::text::Grammar::new(DIAGRAM, FIELDS, &[
                            $({
                                const PIECES: usize = $crate::text::form::count($form);
                                const CODE: [$crate::text::form::Piece; PIECES] =
                                    $crate::text::form::compile($form, FIELDS);
                                $crate::text::Form::new(DIAGRAM, $form, &CODE)$(.when($when))?
                            }),+
                        ]),
                    }
                }),*
            ];

            /// The encoding class of this instruction.
            pub(crate) fn class(&self) -> &'static $crate::Class {
                enum Index { $($variant),* }
                match self {
                    $(Self::$variant { .. } => const { &Self::CLASSES[Index::$variant as usize] }),*
                }
            }

            /// The instruction word.
            // Where the variant is known, which is where instructions are written down, the match and the moving of
            // fields fold away. Without optimisation there is nothing to fold, only code to copy.
            #[cfg_attr(not(debug_assertions), inline(always))]
            #[must_use]
            pub fn encode(self) -> u32 {
                match self {
                    $(
                        Self::$variant { $($field),* } => {
                            (const { $crate::field::fixed_value($diagram) })
                            $(
                                | {
                                    const LAYOUT: $crate::field::Layout =
                                        $crate::field::Layout::of($diagram, $letters);
                                    LAYOUT.put($crate::field::Field::bits($field))
                                }
                            )*
                        }
                    ),*
                }
            }

            /// The instruction of this group that `word` stands for, if there is one.
            #[must_use]
            pub fn decode(word: u32) -> Option<Self> {
                $(
                    'class: {
                        if word & const { $crate::field::fixed_mask($diagram) }
                            != const { $crate::field::fixed_value($diagram) }
                        {
                            break 'class;
                        }
                        $(
                            let Some($field) = ({
                                const LAYOUT: $crate::field::Layout =
                                    $crate::field::Layout::of($diagram, $letters);
                                if LAYOUT.agrees(word) {
                                    <$ty as $crate::field::Field>::from_bits(LAYOUT.get(word))
                                } else {
                                    None
                                }
                            }) else {
                                break 'class;
                            };
                        )*
                        return Some(Self::$variant { $($field),* });
                    }
                )*
                None
            }
        }

        impl core::fmt::Display for $enum {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.class().text.write(self.encode(), None, f)
            }
        }
    };
}

/// Declares an enum whose variants are the values of an operation field, with the mnemonic of each.
macro_rules! ops {
    (
        $(#[$enum_meta:meta])*
        pub enum $enum:ident: $width:literal $(as $kind:ident)? {
            $( $(#[$meta:meta])* $variant:ident = $value:literal $text:literal $(| $alias:literal)* ),* $(,)?
        }
    ) => {
        $(#[$enum_meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u16)]
        pub enum $enum {
            $(
                #[doc = concat!("`", $text, "`")]
                $(#[$meta])*
                $variant = $value
            ),*
        }

        impl $enum {
            /// All values, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word that stands for this value in assembly.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),*
                }
            }
        }

        impl $crate::field::Field for $enum {
            const WIDTH: u32 = $width;
            const NAMES: &'static [(u32, &'static str)] =
                &[$(($value, $text)),* $($(, ($value, $alias))*)*];
            const KIND: $crate::text::Kind = $crate::field::kind!($($kind)?);

            #[inline]
            fn bits(self) -> u32 {
                self as u32
            }

            #[inline]
            fn from_bits(bits: u32) -> Option<Self> {
                match bits {
                    $($value => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl core::fmt::Display for $enum {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

/// The feature of a class: none, if it does not name one.
macro_rules! needs {
    () => {
        None
    };
    ($feature:ident) => {
        Some($crate::Feature::$feature)
    };
}

/// The kind of a field of `ops!`: a name, if it does not say what else.
macro_rules! kind {
    () => {
        $crate::text::Kind::Name
    };
    ($kind:ident) => {
        $crate::text::Kind::$kind
    };
}

pub(crate) use {encodings, kind, needs, ops};
