//! Printing: a call of the host for each piece of a format string.

use ir::{IntCC, TrapKind, Type, Value};

use super::place::PlaceValue;
use super::{Addr, Flow, Lower};
use crate::runtime::{Conversion, HostFunction, IntKind, MAX_SIZE, Style};
use crate::tree::{Format, Piece, Size};
use crate::ty::{FloatTy, IntTy, Ty, TyKind};

/// How the values of one placeholder look.
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
                let mut value = self.read(&place, ty)[0];
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
        let plain = Style { stream: style.stream, ..Style::default() };
        let style = self.b.iconst(Type::I64, plain.pack());
        let zero = self.b.iconst(Type::I64, 0);
        let callee = self.host(HostFunction::PrintStr);
        self.b.call(callee, [address, len, style, zero, zero]);
    }

    fn print_value(&mut self, place: &PlaceValue, ty: Ty, look: Look) {
        let kind = match self.types.kind(ty) {
            TyKind::Int(int) => {
                let value = self.read(place, ty)[0];
                if int.is_wide() {
                    return self.print_wide(value, int_kind(*int), look);
                }
                let wide = match (int.bits(), int.signed()) {
                    (64, _) => value,
                    (_, true) => self.b.sext(Type::I64, value),
                    (_, false) => self.b.zext(Type::I64, value),
                };
                return self.print_int(wide, int_kind(*int), look);
            }
            TyKind::Bool | TyKind::Char => {
                let kind = if matches!(self.types.kind(ty), TyKind::Bool) {
                    IntKind::Bool
                } else {
                    IntKind::Char
                };
                let value = self.read(place, ty)[0];
                let wide = self.b.zext(Type::I64, value);
                return self.print_int(wide, kind, look);
            }
            TyKind::Float(float) => {
                let value = self.read(place, ty)[0];
                let function = if *float == FloatTy::F32 {
                    HostFunction::PrintF32
                } else {
                    HostFunction::PrintF64
                };
                let style = self.b.iconst(Type::I64, look.style.pack());
                let callee = self.host(function);
                self.b.call(callee, [value, style, look.width, look.precision]);
                return;
            }
            kind => kind.clone(),
        };
        match kind {
            TyKind::Ref { to, .. } => {
                let values = self.read(place, ty);
                let inner =
                    PlaceValue::Memory(Addr { base: values[0], offset: 0 }, values.get(1).copied());
                self.print_value(&inner, to, look);
            }
            TyKind::Str => {
                let PlaceValue::Memory(addr, Some(len)) = *place else { return };
                let address = self.offset(addr);
                let style = self.b.iconst(Type::I64, look.style.pack());
                let callee = self.host(HostFunction::PrintStr);
                self.b.call(callee, [address, len, style, look.width, look.precision]);
            }
            TyKind::Tuple(items) if items.is_empty() => {
                // `()` is padded as text is.
                let address = self.data(b"()".to_vec(), 1);
                let style = Style { conversion: Conversion::Display, ..look.style };
                let style = self.b.iconst(Type::I64, style.pack());
                let len = self.b.iconst(Type::I64, 2);
                let callee = self.host(HostFunction::PrintStr);
                self.b.call(callee, [address, len, style, look.width, look.precision]);
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
                let index = self.read(place, ty)[0];
                let names: Vec<String> =
                    self.types.enums[id.0 as usize].variants.iter().map(|v| v.0.clone()).collect();
                let done = self.b.block("done");
                let blocks: Vec<_> = names.iter().map(|name| self.b.block(name)).collect();
                let cases = blocks.iter().enumerate().skip(1);
                let cases: Vec<_> =
                    cases.map(|(at, &block)| (i64::from(at as u8 as i8), block)).collect();
                let Some(&first) = blocks.first() else { return };
                self.b.switch(index, first, &cases);
                for (name, block) in names.iter().zip(blocks) {
                    self.b.switch_to(block);
                    self.print_text(name, look.style);
                    self.b.jump(done);
                }
                self.b.switch_to(done);
            }
            TyKind::Array(item, len) => {
                let PlaceValue::Memory(addr, _) = *place else { return };
                let len = self.types.len_value(len).unwrap_or(0);
                let len = self.b.iconst(Type::I64, len as i64);
                self.print_items(addr, len, item, look);
            }
            TyKind::Slice(item) => {
                let PlaceValue::Memory(addr, Some(len)) = *place else { return };
                self.print_items(addr, len, item, look);
            }
            _ => {}
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

    fn print_wide(&mut self, value: Value, kind: IntKind, look: Look) {
        let style = Style { kind, ..look.style };
        let style = self.b.iconst(Type::I64, style.pack());
        let (low, high) = self.b.isplit(value);
        let callee = self.host(HostFunction::PrintInt128);
        self.b.call(callee, [low, high, style, look.width, look.precision]);
    }

    fn print_int(&mut self, value: Value, kind: IntKind, look: Look) {
        let style = Style { kind, ..look.style };
        let style = self.b.iconst(Type::I64, style.pack());
        let callee = self.host(HostFunction::PrintInt);
        self.b.call(callee, [value, style, look.width, look.precision]);
    }
}

fn int_kind(int: IntTy) -> IntKind {
    match int {
        IntTy::I8 => IntKind::I8,
        IntTy::I16 => IntKind::I16,
        IntTy::I32 => IntKind::I32,
        IntTy::I64 | IntTy::Isize => IntKind::I64,
        IntTy::I128 => IntKind::I128,
        IntTy::U128 => IntKind::U128,
        IntTy::U8 => IntKind::U8,
        IntTy::U16 => IntKind::U16,
        IntTy::U32 => IntKind::U32,
        IntTy::U64 | IntTy::Usize => IntKind::U64,
    }
}
