//! A function that is written and computed at the same time: each instruction becomes a line of the IR, and a value for
//! each row of arguments by the arithmetic of the matrix.

use std::fmt::Write as _;

use crate::matrix::File;
use crate::matrix::int::{self, Int};

/// A value of the function.
#[derive(Clone, Copy)]
pub(super) struct V(usize);

pub(super) struct Both<'a> {
    file: &'a mut File,
    text: String,
    params: Vec<u32>,
    /// The values of each row, or the first trap on the way to them.
    rows: Vec<Result<Vec<Int>, &'static str>>,
    arguments: Vec<Vec<Int>>,
    values: Vec<u32>,
}

impl<'a> Both<'a> {
    /// A function with parameters of these widths, to be called with each row of arguments.
    pub(super) fn new<const N: usize>(
        file: &'a mut File,
        params: [u32; N],
        rows: &[[i128; N]],
    ) -> (Self, [V; N]) {
        let row = |row: &[i128; N]| params.iter().zip(row).map(|(&w, &x)| Int::new(w, x)).collect();
        let arguments: Vec<Vec<Int>> = rows.iter().map(row).collect();
        let both = Self {
            file,
            text: String::new(),
            params: params.to_vec(),
            rows: arguments.iter().cloned().map(Ok).collect(),
            arguments,
            values: params.to_vec(),
        };
        (both, std::array::from_fn(V))
    }

    /// A new value of this width: how it is written, and what it is for the values of a row.
    fn push(
        &mut self,
        width: u32,
        written: &str,
        value: impl Fn(&[Int]) -> Result<i128, &'static str>,
    ) -> V {
        let number = self.values.len();
        let _ = writeln!(self.text, "    v{number}: i{width} = {written}");
        for row in &mut self.rows {
            let next = row.as_ref().map_err(|trap| *trap).and_then(|row| value(row));
            match (row.as_mut(), next) {
                (Ok(values), Ok(next)) => values.push(Int::new(width, next)),
                (_, Err(trap)) => *row = Err(trap),
                (Err(_), Ok(_)) => {}
            }
        }
        self.values.push(width);
        V(number)
    }

    pub(super) fn constant(&mut self, width: u32, value: i128) -> V {
        let written = format!("iconst {}", Int::new(width, value).text());
        self.push(width, &written, |_| Ok(value))
    }

    pub(super) fn unary(&mut self, op: &str, V(a): V) -> V {
        self.push(self.values[a], &format!("{op} v{a}"), |row| Ok(int::unary(op, row[a])))
    }

    /// An operation of two operands, or `icmp CC`.
    pub(super) fn binary(&mut self, op: &str, V(a): V, V(b): V) -> V {
        let width = if op.starts_with("icmp ") { 8 } else { self.values[a] };
        self.push(width, &format!("{op} v{a}, v{b}"), |row| int::binary(op, row[a], row[b]))
    }

    /// `sext`, `zext` or `trunc`.
    pub(super) fn resize(&mut self, op: &str, width: u32, V(a): V) -> V {
        let value =
            |row: &[Int]| Ok(if op == "zext" { row[a].unsigned() } else { row[a].signed() });
        self.push(width, &format!("{op} v{a}"), value)
    }

    /// A call of a function of one parameter that gives 0.
    pub(super) fn call(&mut self, callee: &str, V(a): V) -> V {
        self.push(64, &format!("call @{callee}(v{a})"), |_| Ok(0))
    }

    /// Ends the function with these results.
    pub(super) fn ret(self, results: &[V]) {
        let list = |widths: Vec<u32>| {
            widths.iter().map(|width| format!("i{width}")).collect::<Vec<_>>().join(", ")
        };
        let types = list(results.iter().map(|&V(v)| self.values[v]).collect());
        let params = self.params.iter().enumerate().map(|(i, width)| format!("v{i}: i{width}"));
        let params: Vec<String> = params.collect();
        let name = self.file.function(&list(self.params), &types, &params.join(", "));
        let names: Vec<String> = results.iter().map(|V(v)| format!("v{v}")).collect();
        self.file.line(&format!("{}    ret {}\n}}", self.text, names.join(", ")));
        for (arguments, row) in self.arguments.iter().zip(&self.rows) {
            let outcome = match row {
                Err(trap) => Err(*trap),
                Ok(values) => {
                    let texts: Vec<String> = results.iter().map(|&V(v)| values[v].text()).collect();
                    let text = texts.join(", ");
                    Ok(if texts.len() == 1 { text } else { format!("({text})") })
                }
            };
            let arguments: Vec<String> = arguments.iter().map(|x| x.text()).collect();
            self.file.expect(&name, &arguments.join(", "), &outcome);
        }
    }
}
