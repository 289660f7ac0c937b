//! The matrix: a text test for each operation and type of the IR, with the corner values of the type as variable and as
//! constant operands.
//!
//! The expected values are computed here, in 128-bit and the host's own float arithmetic with AArch64's rules for NaN
//! written out. Nothing of this asks `ir` or what is built on it, so that they are an opinion of their own.

mod atomic;
mod calls;
pub(crate) mod float;
pub(crate) mod int;
mod overflow;
mod place;
mod wide;

use std::fmt::Write as _;

/// What an operation gives for some operands: text of the value, or the kind of its trap.
type Outcome = std::result::Result<String, &'static str>;

/// Operands, and what comes of them.
type Row = (Vec<String>, Outcome);

/// Of the rows from one on only that one.
const ONCE: usize = usize::MAX;

/// Every file of the matrix.
#[must_use]
pub fn files() -> Vec<File> {
    let mut files = int::files();
    files.extend(float::files());
    files.extend(place::files());
    files.extend(overflow::files());
    files.extend(wide::files());
    files.extend(atomic::files());
    files.extend(calls::files());
    files
}

/// One file: all types of one operation.
#[derive(Clone, Debug)]
pub struct File {
    /// The name that a file with this text would have, with its ending.
    pub name: String,
    /// Functions and the lines that say what calls of them give.
    pub text: String,
    functions: usize,
}

impl File {
    fn new(operation: &str) -> Self {
        Self::written(
            operation,
            &format!("{operation}: every type, corner values, variable and constant operands."),
        )
    }

    /// A file with text of its own.
    pub(crate) fn written(name: &str, what: &str) -> Self {
        Self { name: format!("{name}.ir"), text: format!("; {what}\n"), functions: 0 }
    }

    /// A function of parameters for all rows, and functions of constants for some: from which row on, every how many rows,
    /// and for each operand whether it is a variable or a constant, `v` or `c`.
    fn operation(
        &mut self,
        operation: &str,
        types: &[&str],
        result: &str,
        rows: &[Row],
        constants: &[(usize, usize, &str)],
    ) {
        self.variable(operation, types, result, rows);
        for &(first, every, masks) in constants {
            for row in rows.iter().skip(first).step_by(every) {
                for mask in masks.split(' ') {
                    self.constant(operation, types, result, mask.as_bytes(), row);
                }
            }
        }
    }

    /// A function that applies `operation` to its parameters, and a line for each row of operands. `result` is the type
    /// of its result, or the types with commas.
    fn variable(&mut self, operation: &str, types: &[&str], result: &str, rows: &[Row]) {
        let params: Vec<String> =
            types.iter().enumerate().map(|(i, ty)| format!("v{i}: {ty}")).collect();
        let operands: Vec<String> = (0..types.len()).map(|i| format!("v{i}")).collect();
        let name = self.function(&types.join(", "), result, &params.join(", "));
        self.body(types.len(), result, &format!("{operation} {}", operands.join(", ")));
        for (arguments, outcome) in rows {
            self.expect(&name, &arguments.join(", "), outcome);
        }
    }

    /// A function for one row of operands in which those marked as constant are constants of the code.
    fn constant(&mut self, operation: &str, types: &[&str], result: &str, mask: &[u8], row: &Row) {
        let (operands, outcome) = row;
        let mut params = Vec::new();
        let mut param_types = Vec::new();
        let mut arguments = Vec::new();
        let mut constants = String::new();
        for (i, ty) in types.iter().enumerate() {
            if mask[i] == b'c' {
                constants.push_str(&constant(i, ty, &operands[i]));
            } else {
                params.push(format!("v{i}: {ty}"));
                param_types.push(*ty);
                arguments.push(operands[i].clone());
            }
        }
        let names: Vec<String> = (0..types.len()).map(|i| format!("v{i}")).collect();
        let name = self.function(&param_types.join(", "), result, &params.join(", "));
        self.text.push_str(&constants);
        self.body(types.len(), result, &format!("{operation} {}", names.join(", ")));
        self.expect(&name, &arguments.join(", "), outcome);
    }

    pub(crate) fn function(&mut self, param_types: &str, result: &str, params: &str) -> String {
        self.function_with("", param_types, result, params)
    }

    /// The start of a function up to its first instruction; `slots` are lines before its first block.
    pub(crate) fn function_with(
        &mut self,
        slots: &str,
        param_types: &str,
        result: &str,
        params: &str,
    ) -> String {
        let name = format!("f{}", self.functions);
        self.functions += 1;
        let params = if params.is_empty() { String::new() } else { format!("({params})") };
        let results = if result.contains(',') { format!("({result})") } else { result.to_owned() };
        let _ = writeln!(
            self.text,
            "\nfn @{name}({param_types}) -> {results} {{\n{slots}block0{params}:"
        );
        name
    }

    /// The operation and the `ret` of its results, whose numbers start at `first`.
    fn body(&mut self, first: usize, result: &str, operation: &str) {
        let types = result.split(", ").enumerate();
        let values: Vec<String> = types.clone().map(|(i, _)| format!("v{}", first + i)).collect();
        let definitions: Vec<String> =
            types.map(|(i, ty)| format!("{}: {ty}", values[i])).collect();
        let (definitions, values) = (definitions.join(", "), values.join(", "));
        let _ = writeln!(self.text, "    {definitions} = {operation}\n    ret {values}\n}}");
    }

    /// Text of its own, with the end of the line.
    pub(crate) fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    pub(crate) fn expect(&mut self, name: &str, arguments: &str, outcome: &Outcome) {
        let _ = match outcome {
            Ok(value) => writeln!(self.text, "; run: @{name}({arguments}) == {value}"),
            Err(trap) => writeln!(self.text, "; run: @{name}({arguments})\n; trap: {trap}"),
        };
    }
}

/// The lines that make `v{i}` a constant. One of `i128` that does not come from an `i64` is made of its halves.
fn constant(i: usize, ty: &str, value: &str) -> String {
    let wide = if ty == "i128" { value.parse::<i128>().ok() } else { None };
    match wide {
        Some(value) if i64::try_from(value).is_err() => {
            let (low, high) = (value as i64, (value >> 64) as i64);
            // Numbers that nothing else uses.
            let (a, b) = (100 + 2 * i, 101 + 2 * i);
            format!(
                "    v{a}: i64 = iconst {low}\n    v{b}: i64 = iconst {high}\n    v{i}: i128 = iconcat v{a}, v{b}\n"
            )
        }
        _ => {
            let op = if ty.starts_with('f') { "fconst" } else { "iconst" };
            format!("    v{i}: {ty} = {op} {value}\n")
        }
    }
}
