//! Printing: a call of the host for each piece of a format string.

use ir::{IntCC, TrapKind, Type, Value};

use super::place::PlaceValue;
use super::{Addr, Flow, Lower, one};
use crate::runtime::{Conversion, HostFunction, IntKind, MAX_SIZE, Style};
use crate::tree::{Format, Piece, Size};
use crate::ty::{FloatTy, Ty, TyKind};

/// The look of the values of one placeholder.
#[derive(Clone, Copy)]
struct Look {
    style: Style,
    width: Value,
    precision: Value,
}

impl<'m, 'p> Lower<'m, 'p> {
    pub(super) fn print(&mut self, format: &'p Format) -> Flow<()> {
        // Every argument is evaluated, once and in order, before anything is printed.
        let mut args = Vec::with_capacity(format.args.len());
        for arg in &format.args {
            args.push((self.subject(arg)?, arg.ty));
        }
        for piece in &format.pieces {
            match piece {
                Piece::Text(text) => self.print_text(text, Style::default()),
                Piece::Arg { index, style, width, precision } => {
                    let width = self.size_value(*width, &args);
                    let precision = self.size_value(*precision, &args);
                    let (place, ty) = args[*index].clone();
                    self.print_value(&place, ty, Look { style: *style, width, precision });
                }
            }
        }
        Ok(())
    }

    fn size_value(&mut self, size: Size, args: &[(PlaceValue, Ty)]) -> Value {
        match size {
            Size::Fixed(size) => self.b.iconst(Type::I64, size.into()),
            Size::Arg(index) => {
                let (place, ty) = args[index].clone();
                let mut value = one(&self.read(&place, ty));
                if self.types.as_ref(ty).is_some() {
                    value = self.b.load(Type::I64, value, 0);
                }
                let outside = self.b.icmp(IntCC::Ugt, value, i64::from(MAX_SIZE));
                self.b.trap_if(outside, TrapKind::Panic);
                value
            }
        }
    }

    fn print_text(&mut self, text: &str, style: Style) {
        let address = self.data(text.as_bytes().to_vec(), 1);
        let len = self.b.iconst(Type::I64, text.len() as i64);
        let zero = self.b.iconst(Type::I64, 0);
        let style = Style { stream: style.stream, ..Style::default() };
        let look = Look { style, width: zero, precision: zero };
        self.print_host(HostFunction::PrintStr, &[address, len], look);
    }

    /// Calls the host to print something that it is given in these values.
    fn print_host(&mut self, function: HostFunction, values: &[Value], look: Look) {
        let style = self.b.iconst(Type::I64, look.style.pack());
        let callee = self.host(function);
        let args = [values, &[style, look.width, look.precision]].concat();
        self.b.call(callee, &args[..]);
    }

    fn print_value(&mut self, place: &PlaceValue, ty: Ty, look: Look) {
        let types = self.types;
        let of_kind = |kind| Look { style: Style { kind, ..look.style }, ..look };
        match types.kind(ty) {
            TyKind::Int(int) => {
                let value = one(&self.read(place, ty));
                let look = of_kind(int.kind());
                if int.is_wide() {
                    let (low, high) = self.b.isplit(value);
                    self.print_host(HostFunction::PrintInt128, &[low, high], look);
                } else {
                    let value = self.widen(value, *int);
                    self.print_host(HostFunction::PrintInt, &[value], look);
                }
            }
            kind @ (TyKind::Bool | TyKind::Char) => {
                let is_bool = matches!(kind, TyKind::Bool);
                let value = one(&self.read(place, ty));
                let value = self.b.zext(Type::I64, value);
                let look = of_kind(if is_bool { IntKind::Bool } else { IntKind::Char });
                self.print_host(HostFunction::PrintInt, &[value], look);
            }
            TyKind::Float(float) => {
                let value = one(&self.read(place, ty));
                let function = match float {
                    FloatTy::F32 => HostFunction::PrintF32,
                    FloatTy::F64 => HostFunction::PrintF64,
                };
                self.print_host(function, &[value], look);
            }
            TyKind::Ref { to, .. } => {
                let inner = self.pointee(place, ty);
                self.print_value(&inner, *to, look);
            }
            TyKind::Str => {
                let (addr, len) = self.extent(place, ty);
                let address = self.offset(addr);
                self.print_host(HostFunction::PrintStr, &[address, len], look);
            }
            TyKind::Tuple(items) if items.is_empty() => {
                // `()` is padded as text is.
                let address = self.data(b"()".to_vec(), 1);
                let len = self.b.iconst(Type::I64, 2);
                let style = Style { conversion: Conversion::Display, ..look.style };
                self.print_host(HostFunction::PrintStr, &[address, len], Look { style, ..look });
            }
            TyKind::Tuple(items) => {
                self.print_text("(", look.style);
                for (index, &item) in items.iter().enumerate() {
                    if index > 0 {
                        self.print_text(", ", look.style);
                    }
                    let (part, _) = self.part(place, ty, index);
                    self.print_value(&part, item, look);
                }
                self.print_text(if items.len() == 1 { ",)" } else { ")" }, look.style);
            }
            TyKind::Enum(id) => {
                let index = one(&self.read(place, ty));
                let variants = &types.enums[id.0 as usize].variants;
                let done = self.b.block("done");
                let blocks: Vec<_> = variants.iter().map(|(name, _)| self.b.block(name)).collect();
                let cases = blocks.iter().enumerate().skip(1);
                let cases: Vec<_> =
                    cases.map(|(at, &block)| (i64::from(at as u8 as i8), block)).collect();
                self.b.switch(index, blocks[0], &cases);
                for ((name, _), block) in variants.iter().zip(blocks) {
                    self.b.switch_to(block);
                    self.print_text(name, look.style);
                    self.b.jump(done);
                }
                self.b.switch_to(done);
            }
            TyKind::Array(item, _) | TyKind::Slice(item) => {
                let (addr, len) = self.extent(place, ty);
                self.print_items(addr, len, *item, look);
            }
            kind => unreachable!("{kind:?} cannot be printed"),
        }
    }

    fn print_items(&mut self, addr: Addr, len: Value, item: Ty, look: Look) {
        self.print_text("[", look.style);
        let size = self.size(item);
        self.counted(len, 1, |lower, at| {
            let (comma, after) = (lower.b.block("comma"), lower.b.block("item"));
            let later = lower.b.icmp(IntCC::Ne, at, 0);
            lower.b.branch(later, comma, after);
            lower.b.switch_to(comma);
            lower.print_text(", ", look.style);
            lower.b.jump(after);
            lower.b.switch_to(after);
            let element = lower.element(addr, at, size);
            lower.print_value(&PlaceValue::Memory(element, None), item, look);
        });
        self.print_text("]", look.style);
    }
}
