//! Forms: the texts of a class, written beside its bit diagram.
//!
//! ```text
//! "cinc {rd}, {rn}, {cond:inverse}; o=0 p=1 m=n" if when::invertible
//! ```
//!
//! In braces are fields of the class, as their type writes them or in another *view* (after the colon). Up to the first
//! space the form is the mnemonic. After the semicolon are the bits that the text leaves out: letters of the diagram
//! with a number, or with the letter of a field of the same width that they repeat. A condition on the word may follow.
//! All of it is taken apart when the crate is compiled.

use super::Kind;
use crate::field::{Layout, Row, Run, find_run, fixed_mask, fixed_value};

macro_rules! views {
    ($( $(#[$doc:meta])* $view:ident $name:literal ),* $(,)?) => {
        /// How a field is written where its type has several ways.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum View {
            /// As the type has it.
            Plain,
            $( $(#[$doc])* $view ),*
        }

        /// The views with their names.
        const VIEWS: &[(&str, View)] = &[$(($name, View::$view)),*];
    };
}

views! {
    /// A 32-bit register.
    W "w",
    /// A 64-bit register.
    X "x",
    /// A register as wide as the operation of a load or store says.
    Mem "mem",
    /// A register as wide as bit 31 says.
    Top "top",
    /// A register as wide as the size of an atomic access says.
    Atomic "atomic",
    /// A register as wide as bit 30 says.
    Quad "quad",
    /// A register that is wide enough for the number of a bit.
    Bit "bit",
    /// The second register of a pair.
    Next "next",
    /// A base, after which an offset of zero may be written.
    Base "base",
    /// A register with its extension.
    Extended "extended",
    /// An index register with its extension.
    Index "index",
    /// A scalar of 16 bits.
    H "h",
    /// A scalar of 32 bits.
    S "s",
    /// A scalar of 64 bits.
    D "d",
    /// A scalar of 128 bits.
    Q "q",
    /// 16 bytes.
    B16 "16b",
    /// One quad word.
    Q1 "1q",
    /// Bytes, as many as bit 30 says.
    Bytes "bytes",
    /// Double words, as many as bit 30 says.
    Doubles "doubles",
    /// A vector without a shape.
    V "v",
    /// A register as wide as `opc` of a pair or literal says.
    Pair "pair",
    /// Lanes twice as wide, in 128 bits.
    Wide "wide",
    /// Lanes twice as wide, half as many.
    Paired "paired",
    /// A scalar as wide as a lane.
    Lane "lane",
    /// A scalar twice as wide as a lane.
    WideLane "widelane",
    /// Two double words.
    D2 "2d",
    /// Two words.
    S2 "2s",
    /// Four words.
    S4 "4s",
    /// Eight half words.
    H8 "8h",
    /// Half words, as many as bit 30 says.
    Halves "halves",
    /// Words, as many as bit 30 says.
    Words "words",
    /// A lane, or the register that holds one.
    Element "element",
    /// The lane that `imm4` names.
    From "from",
    /// A list of registers.
    List "list",
    /// A list of registers of 16 bytes.
    Table "table",
    /// Lanes of bytes in a list of registers.
    ListB "list_b",
    /// Lanes of half words in a list of registers.
    ListH "list_h",
    /// Lanes of words in a list of registers.
    ListS "list_s",
    /// Lanes of double words in a list of registers.
    ListD "list_d",
    /// In a mnemonic: `2` if bit 30 is set.
    Two "2",
    /// The width of a lane in bits.
    Bits "bits",
    /// In a mnemonic: a name without its first two letters.
    Kind "kind",
    /// In a mnemonic: a name without its first three letters.
    Tail "tail",
    /// In a mnemonic: nothing; any of the names.
    Any "any",
    /// After a comma, unless it is zero.
    Optional "optional",
    /// Nothing; the amount is zero.
    Zero "zero",
    /// The negative of the number.
    Negated "negated",
    /// The complement of the number.
    Not "not",
    /// The number with the sign that its width gives it.
    Signed "signed",
    /// The complement, or the condition that holds when this does not.
    Inverse "inverse",
    /// As a left shift.
    Lsl "lsl",
    /// As a right shift.
    Right "right",
    /// As position and width of what is inserted.
    Insert "insert",
    /// As position and width of what is extracted.
    Extract "extract",
    /// Hexadecimal unless it is zero.
    Hex "hex",
    /// By number if it is read-only.
    Write "write",
}

/// A part of a form.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece {
    /// From here to there in the form's text.
    Text(u8, u8),
    /// The blank after the mnemonic.
    Gap,
    /// A field.
    Field(u8, View),
}

/// A condition on a word.
type When = fn(u32) -> bool;

/// One text of a class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) text: &'static str,
    pub(crate) code: &'static [Piece],
    /// The bits that the text leaves out.
    pub(crate) mask: u32,
    pub(crate) value: u32,
    /// What repeats, and what it repeats.
    copy: (Run, Run),
    /// The field that the operands begin with.
    first: Option<u8>,
    when: Option<When>,
}

/// The texts of a class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grammar {
    pub(crate) fields: &'static [Row],
    pub(crate) forms: &'static [Form],
    /// The fixed bits of the diagram.
    pub(crate) mask: u32,
    pub(crate) value: u32,
    /// Where the width of general-purpose registers sits: the letter `z`.
    pub(crate) width: Option<Layout>,
    /// The field that says what the vectors consist of.
    pub(crate) types: Option<u8>,
}

impl Grammar {
    pub(crate) const fn new(
        diagram: &'static str,
        fields: &'static [Row],
        forms: &'static [Form],
    ) -> Grammar {
        let has_width = find_run(diagram, b'z').width == 1;
        let mut types = None;
        let mut i = fields.len();
        while i > 0 {
            i -= 1;
            if matches!(
                fields[i].kind,
                Kind::Shape | Kind::Lane | Kind::Left | Kind::Right | Kind::Start
            ) && !fields[i].names.is_empty()
            {
                types = Some(i as u8);
            }
        }
        Grammar {
            fields,
            forms,
            mask: fixed_mask(diagram),
            value: fixed_value(diagram),
            width: if has_width { Some(Layout::of(diagram, "z")) } else { None },
            types,
        }
    }
}

impl Grammar {
    /// The kind of a form's first operand, if it begins with a field.
    pub(crate) fn first_kind(&self, form: &Form) -> Option<Kind> {
        let field = usize::from(form.first?);
        self.fields.get(field).map(|row| row.kind)
    }
}

impl Form {
    pub(crate) const fn new(
        diagram: &'static str,
        text: &'static str,
        code: &'static [Piece],
    ) -> Form {
        let nothing = find_run(diagram, b' ');
        let copy = (nothing, nothing);
        let mut form = Form { text, code, mask: 0, value: 0, copy, first: first(code), when: None };
        let bytes = text.as_bytes();
        let mut i = end(bytes);
        while i < bytes.len() {
            if bytes[i] == b'=' {
                let run = find_run(diagram, bytes[i - 1]);
                let twin = find_run(diagram, bytes[i - 1].to_ascii_uppercase());
                assert!(run.width > 0, "a form's letter is missing from the diagram");
                if bytes[i + 1].is_ascii_digit() {
                    let mut value = 0;
                    while i + 1 < bytes.len() && bytes[i + 1].is_ascii_digit() {
                        value = value * 10 + (bytes[i + 1] - b'0') as u32;
                        i += 1;
                    }
                    form.mask |= run.mask() | twin.mask();
                    form.value |=
                        value << run.shift | if twin.width > 0 { value << twin.shift } else { 0 };
                    assert!(form.value & !form.mask == 0, "a form's number is too large");
                } else {
                    form.copy = (run, find_run(diagram, bytes[i + 1]));
                    assert!(
                        form.copy.0.width == form.copy.1.width,
                        "a repetition has another width"
                    );
                }
            }
            i += 1;
        }
        form
    }

    /// The form under a condition.
    pub(crate) const fn when(mut self, when: When) -> Form {
        self.when = Some(when);
        self
    }

    /// Returns `true` if the form is a text of the word.
    #[inline]
    pub(crate) fn says(&self, word: u32) -> bool {
        let (copy, of) = self.copy;
        word & self.mask == self.value
            && copy.get(word) == of.get(word)
            && self.when.is_none_or(|when| when(word))
    }

    /// Fills in what repeats.
    pub(crate) fn repeat(&self, word: u32) -> u32 {
        let (copy, of) = self.copy;
        word | of.get(word) << copy.shift
    }

    /// A part of the text.
    pub(crate) fn part(&self, from: u8, to: u8) -> &'static str {
        self.text.get(usize::from(from)..usize::from(to)).unwrap_or_default()
    }
}

/// The field after the mnemonic.
const fn first(code: &[Piece]) -> Option<u8> {
    let mut i = 0;
    while i + 1 < code.len() {
        if let (Piece::Gap, Piece::Field(field, _)) = (code[i], code[i + 1]) {
            return Some(field);
        }
        i += 1;
    }
    None
}

/// Where the text of a form ends and its bits begin.
const fn end(text: &[u8]) -> usize {
    let mut i = 0;
    while i < text.len() && text[i] != b';' {
        i += 1;
    }
    i
}

/// The number of pieces of a form.
pub(crate) const fn count(text: &str) -> usize {
    take_apart::<64>(text, None).1
}

/// The pieces of a form.
pub(crate) const fn compile<const N: usize>(text: &str, fields: &[Row]) -> [Piece; N] {
    take_apart::<N>(text, Some(fields)).0
}

const fn take_apart<const N: usize>(text: &str, fields: Option<&[Row]>) -> ([Piece; N], usize) {
    let bytes = text.as_bytes();
    let end = end(bytes);
    let mut pieces = [Piece::Gap; N];
    let mut count = 0;
    let mut in_name = true;
    let mut i = 0;
    while i < end {
        let from = i;
        if bytes[i] == b'{' && bytes[i + 1] != b' ' {
            let mut colon = 0;
            while bytes[i] != b'}' {
                if bytes[i] == b':' {
                    colon = i;
                }
                i += 1;
            }
            let name = if colon == 0 { i } else { colon };
            if let Some(fields) = fields {
                let view = if colon == 0 { View::Plain } else { view(bytes, colon + 1, i) };
                pieces[count] = Piece::Field(field(bytes, from + 1, name, fields), view);
            }
            i += 1;
        } else if in_name && bytes[i] == b' ' {
            in_name = false;
            i += 1;
        } else {
            while i < end && bytes[i] != b'{' && !(in_name && bytes[i] == b' ') {
                i += 1;
            }
            pieces[count] = Piece::Text(from as u8, i as u8);
        }
        count += 1;
    }
    (pieces, count)
}

const fn field(text: &[u8], from: usize, to: usize, fields: &[Row]) -> u8 {
    let mut i = 0;
    while !is(text, from, to, fields[i].name) {
        i += 1;
    }
    i as u8
}

const fn view(text: &[u8], from: usize, to: usize) -> View {
    let mut i = 0;
    while !is(text, from, to, VIEWS[i].0) {
        i += 1;
    }
    VIEWS[i].1
}

const fn is(text: &[u8], from: usize, to: usize, name: &str) -> bool {
    let name = name.as_bytes();
    let mut i = 0;
    while i < name.len() && from + i < to && text[from + i] == name[i] {
        i += 1;
    }
    i == name.len() && from + i == to
}
