//! The text form of test functions.

use std::fmt;

use super::{TestBlock, TestFunction, TestInst};
use regalloc::{Block, Constraint, Operand, OperandKind, OperandPos, PReg, RegClass, VReg};

/// A line that is not understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for ParseError {}

/// Reads the text form. The first block is the entry; blocks are numbered in the order of the text.
///
/// # Errors
/// [`ParseError`] with the first line that is not understood.
pub fn parse(text: &str) -> Result<TestFunction, ParseError> {
    let mut blocks: Vec<TestBlock> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(';') {
            continue;
        }
        parse_line(line, &mut blocks).map_err(|what| ParseError { line: index + 1, what })?;
    }
    Ok(TestFunction::new(blocks, Block::new(0)))
}

fn parse_line(line: &str, blocks: &mut Vec<TestBlock>) -> Result<(), String> {
    if let Some(head) = line.strip_suffix(':') {
        let (head, depth) = match head.split_once(" depth ") {
            Some((head, depth)) => (head, number(depth)?),
            None => (head, 0),
        };
        let (block, params) = target(head)?;
        if block.index() != blocks.len() {
            return Err(format!("{block} is out of order"));
        }
        blocks.push(TestBlock { params, depth, ..TestBlock::default() });
        return Ok(());
    }
    let block = blocks.last_mut().ok_or("an instruction outside of a block")?;
    let (rest, succs) = match line.split_once("->") {
        Some((rest, succs)) => (rest, succs),
        None => (line, ""),
    };
    for succ in split_outside_parens(succs) {
        block.succs.push(target(succ)?);
    }
    let (rest, clobbers) = rest.split_once('!').unwrap_or((rest, ""));
    let clobbers = clobbers.split_whitespace().map(preg).collect::<Result<_, _>>()?;
    let rest = rest.trim();
    let (name, operands) = rest.split_once(' ').unwrap_or((rest, ""));
    let operands = split_outside_parens(operands).map(operand).collect::<Result<_, _>>()?;
    block.insts.push(TestInst { name: name.to_owned(), operands, clobbers });
    Ok(())
}

/// The parts between commas that are not in parentheses, trimmed, without empty ones.
fn split_outside_parens(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    text.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}

fn number(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a number"))
}

fn vreg(text: &str) -> Result<VReg, String> {
    let digits = text.strip_prefix('v').ok_or_else(|| format!("`{text}` is not a value"))?;
    let (digits, class) = match digits.strip_suffix('f') {
        Some(digits) => (digits, RegClass::Float),
        None => (digits, RegClass::Int),
    };
    Ok(VReg::new(number(digits)?, class))
}

fn preg(text: &str) -> Result<PReg, String> {
    let bad = || format!("`{text}` is not a register");
    let (class, digits) = match (text.strip_prefix('r'), text.strip_prefix('f')) {
        (Some(digits), _) => (RegClass::Int, digits),
        (_, Some(digits)) => (RegClass::Float, digits),
        _ => return Err(bad()),
    };
    digits.parse().ok().and_then(|index| PReg::new(index, class)).ok_or_else(bad)
}

fn target(text: &str) -> Result<(Block, Vec<VReg>), String> {
    let text = text.trim();
    let (name, params) = text.split_once('(').unwrap_or((text, ")"));
    let name = name.trim();
    let digits = name.strip_prefix("block").ok_or_else(|| format!("`{name}` is not a block"))?;
    let params = params.strip_suffix(')').ok_or("a parenthesis is missing")?;
    let params = split_outside_parens(params).map(vreg).collect::<Result<_, _>>()?;
    Ok((Block::new(number(digits)?), params))
}

fn operand(text: &str) -> Result<Operand, String> {
    let (kind, rest) = text.split_once(' ').ok_or_else(|| format!("`{text}` is not an operand"))?;
    let (kind, pos) = match kind {
        "use" => (OperandKind::Use, OperandPos::Early),
        "use-late" => (OperandKind::Use, OperandPos::Late),
        "def" => (OperandKind::Def, OperandPos::Late),
        "def-early" => (OperandKind::Def, OperandPos::Early),
        _ => return Err(format!("`{kind}` is not a kind of operand")),
    };
    let (name, constraint) = rest.trim().split_once(':').unwrap_or((rest.trim(), "reg"));
    let constraint = match constraint {
        "reg" => Constraint::Reg,
        "any" => Constraint::Any,
        "stack" => Constraint::Stack,
        other => match other.strip_prefix("reuse(").and_then(|n| n.strip_suffix(')')) {
            Some(n) => Constraint::Reuse(n.parse().map_err(|_| format!("`{n}` is no index"))?),
            None => Constraint::Fixed(preg(other)?),
        },
    };
    Ok(Operand::new(vreg(name)?, kind, pos, constraint))
}

fn list(items: &[VReg], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    for (n, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if n == 0 { "(" } else { ", " })?;
    }
    f.write_str(")")
}

impl fmt::Display for TestInst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (n, operand) in self.operands.iter().enumerate() {
            write!(f, "{} {operand}", if n == 0 { "" } else { "," })?;
        }
        if !self.clobbers.is_empty() {
            f.write_str(" !")?;
            self.clobbers.iter().try_for_each(|reg| write!(f, " {reg}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for TestFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, block) in self.blocks.iter().enumerate() {
            write!(f, "block{index}")?;
            list(&block.params, f)?;
            if block.depth > 0 {
                write!(f, " depth {}", block.depth)?;
            }
            writeln!(f, ":")?;
            for (n, inst) in block.insts.iter().enumerate() {
                write!(f, "    {inst}")?;
                if n + 1 == block.insts.len() {
                    for (n, (succ, args)) in block.succs.iter().enumerate() {
                        write!(f, "{} {succ}", if n == 0 { " ->" } else { "," })?;
                        list(args, f)?;
                    }
                }
                writeln!(f)?;
            }
        }
        Ok(())
    }
}
