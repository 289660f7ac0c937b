//! Bit fields, shifts, multiplications, selections and the other operations on general-purpose registers.

use super::operand::{Gp, Operand, cond};
use super::{Line, named};
use crate::{
    Bitfield, BitfieldImm, Cond, CondCompare, CondSelect, Crc32, DataProc1, DataProc2, DpImm,
    DpReg, ExtractLsb, Imm5, Imm6, Inst, MulAdd, MulAddLong, MulHigh, Nzcv, PacOp, PacStrip,
    PacZeroOp, Reg, SetF, Size, XZR,
};

pub(super) fn parse(line: &Line<'_>) -> Option<Inst> {
    bitfield(line)
        .or_else(|| two_or_one(line))
        .or_else(|| multiply(line))
        .or_else(|| conditional(line))
        .or_else(|| rest(line))
}

fn amount(value: i128) -> Option<u32> {
    u32::try_from(value).ok()
}

fn bitfield(line: &Line<'_>) -> Option<Inst> {
    let make = |op, d: Gp, n: Gp, bits: BitfieldImm| {
        (d.size == bits.size() && n.size == d.size)
            .then_some(DpImm::Bitfield { op, rd: d.zr()?, rn: n.zr()?, bits }.into())
    };
    match (line.name, line.operands) {
        ("sxtb" | "sxth" | "sxtw" | "uxtb" | "uxth", [Operand::Gp(d), Operand::Gp(n)])
            if n.size == Size::W =>
        {
            let op = if line.name.starts_with('s') { Bitfield::Sbfm } else { Bitfield::Ubfm };
            let imms = match line.name.get(3..)? {
                "b" => 7,
                "h" => 15,
                _ => 31,
            };
            if (op == Bitfield::Ubfm && d.size == Size::X) || (imms == 31 && d.size == Size::W) {
                return None;
            }
            Some(
                DpImm::Bitfield {
                    op,
                    rd: d.zr()?,
                    rn: n.zr()?,
                    bits: BitfieldImm::new(d.size, 0, imms)?,
                }
                .into(),
            )
        }
        ("lsl", [Operand::Gp(d), Operand::Gp(n), Operand::Number(by)]) => {
            make(Bitfield::Ubfm, *d, *n, BitfieldImm::lsl(d.size, amount(*by)?)?)
        }
        ("lsr" | "asr", [Operand::Gp(d), Operand::Gp(n), Operand::Number(by)]) => {
            let op = if line.name == "lsr" { Bitfield::Ubfm } else { Bitfield::Sbfm };
            make(op, *d, *n, BitfieldImm::shift_right(d.size, amount(*by)?)?)
        }
        ("ror", [Operand::Gp(d), Operand::Gp(n), Operand::Number(by)]) => extract(*d, *n, *n, *by),
        ("extr", [Operand::Gp(d), Operand::Gp(n), Operand::Gp(m), Operand::Number(by)]) => {
            extract(*d, *n, *m, *by)
        }
        ("bfc", [Operand::Gp(d), Operand::Number(lsb), Operand::Number(width)]) => {
            let bits = BitfieldImm::insert(d.size, amount(*lsb)?, amount(*width)?)?;
            Some(DpImm::Bitfield { op: Bitfield::Bfm, rd: d.zr()?, rn: XZR, bits }.into())
        }
        (name, [Operand::Gp(d), Operand::Gp(n), Operand::Number(a), Operand::Number(b)]) => {
            let (a, b) = (amount(*a)?, amount(*b)?);
            let (op, bits) = match name {
                "sbfm" => (Bitfield::Sbfm, BitfieldImm::new(d.size, a, b)?),
                "bfm" => (Bitfield::Bfm, BitfieldImm::new(d.size, a, b)?),
                "ubfm" => (Bitfield::Ubfm, BitfieldImm::new(d.size, a, b)?),
                "sbfx" => (Bitfield::Sbfm, BitfieldImm::extract(d.size, a, b)?),
                "bfxil" => (Bitfield::Bfm, BitfieldImm::extract(d.size, a, b)?),
                "ubfx" => (Bitfield::Ubfm, BitfieldImm::extract(d.size, a, b)?),
                "sbfiz" => (Bitfield::Sbfm, BitfieldImm::insert(d.size, a, b)?),
                "bfi" => (Bitfield::Bfm, BitfieldImm::insert(d.size, a, b)?),
                "ubfiz" => (Bitfield::Ubfm, BitfieldImm::insert(d.size, a, b)?),
                _ => return None,
            };
            make(op, *d, *n, bits)
        }
        _ => None,
    }
}

fn extract(d: Gp, n: Gp, m: Gp, by: i128) -> Option<Inst> {
    let lsb = ExtractLsb::new(d.size, amount(by)?)?;
    (n.size == d.size && m.size == d.size)
        .then_some(DpImm::Extract { rd: d.zr()?, rn: n.zr()?, rm: m.zr()?, lsb }.into())
}

fn two_or_one(line: &Line<'_>) -> Option<Inst> {
    // The names of the manual end in `v`.
    let short = match line.name {
        "lslv" | "lsrv" | "asrv" | "rorv" => line.name.get(..3)?,
        name => name,
    };
    match line.operands {
        [Operand::Gp(d), Operand::Gp(n), Operand::Gp(m)] => {
            let (rd, rn) = (d.zr()?, n.zr()?);
            if let Some(op) = named(Crc32::ALL, line.name, Crc32::name) {
                let datum = if matches!(op, Crc32::X | Crc32::Cx) { Size::X } else { Size::W };
                let fits = d.size == Size::W && n.size == Size::W && m.size == datum;
                return fits.then_some(DpReg::Crc32 { op, rd, rn, rm: m.zr()? }.into());
            }
            if line.name == "pacga" {
                let fits = [d, n, m].iter().all(|reg| reg.size == Size::X);
                return fits.then_some(DpReg::PacGeneric { rd, rn, rm: m.sp()? }.into());
            }
            let op = named(DataProc2::ALL, short, DataProc2::name)?;
            let fits = n.size == d.size && m.size == d.size;
            fits.then_some(DpReg::DataProc2 { op, size: d.size, rd, rn, rm: m.zr()? }.into())
        }
        [Operand::Gp(d), Operand::Gp(n)] if n.size == d.size => {
            let (rd, size) = (d.zr()?, d.size);
            if let Some(op) = named(PacOp::ALL, line.name, PacOp::name) {
                return (size == Size::X).then_some(DpReg::Pac { op, rd, rn: n.sp()? }.into());
            }
            let rn = n.zr()?;
            match line.name {
                "rev" => Some(DpReg::Reverse { size, rd, rn }.into()),
                "rev64" if size == Size::X => Some(DpReg::Reverse { size, rd, rn }.into()),
                "rev32" if size == Size::X => Some(DpReg::Rev32 { rd, rn }.into()),
                name => Some(
                    DpReg::DataProc1 {
                        op: named(DataProc1::ALL, name, DataProc1::name)?,
                        size,
                        rd,
                        rn,
                    }
                    .into(),
                ),
            }
        }
        [Operand::Gp(d)] => {
            let rd = d.zr()?;
            if let Some(op) = named(SetF::ALL, line.name, SetF::name) {
                return (d.size == Size::W).then_some(DpReg::SetFlags { op, rn: rd }.into());
            }
            if d.size == Size::W {
                return None;
            }
            let zero = named(PacZeroOp::ALL, line.name, PacZeroOp::name);
            let strip = named(PacStrip::ALL, line.name, PacStrip::name);
            zero.map(|op| DpReg::PacZero { op, rd }.into())
                .or(strip.map(|op| DpReg::PacStrip { op, rd }.into()))
        }
        _ => None,
    }
}

fn multiply(line: &Line<'_>) -> Option<Inst> {
    let (d, n, m, a) = match line.operands {
        [Operand::Gp(d), Operand::Gp(n), Operand::Gp(m)] => (*d, *n, *m, None),
        [Operand::Gp(d), Operand::Gp(n), Operand::Gp(m), Operand::Gp(a)] if a.size == d.size => {
            (*d, *n, *m, Some(*a))
        }
        _ => return None,
    };
    if n.size != m.size {
        return None;
    }
    let (size, rd, rn, rm) = (d.size, d.zr()?, n.zr()?, m.zr()?);
    let long = d.size == Size::X && n.size == Size::W;
    match (line.name, a) {
        ("smulh" | "umulh", None) if size == Size::X && n.size == Size::X => Some(
            DpReg::MulHigh { op: named(MulHigh::ALL, line.name, MulHigh::name)?, rd, rn, rm }
                .into(),
        ),
        ("mul" | "mneg", None) if n.size == size => {
            let op = if line.name == "mul" { MulAdd::Madd } else { MulAdd::Msub };
            Some(DpReg::MulAdd { op, size, rd, rn, rm, ra: XZR }.into())
        }
        ("smull" | "smnegl" | "umull" | "umnegl", None) if long => {
            let op = match line.name {
                "smull" => MulAddLong::Smaddl,
                "smnegl" => MulAddLong::Smsubl,
                "umull" => MulAddLong::Umaddl,
                _ => MulAddLong::Umsubl,
            };
            Some(DpReg::MulAddLong { op, rd, rn, rm, ra: XZR }.into())
        }
        (name, Some(a)) => match (
            named(MulAdd::ALL, name, MulAdd::name),
            named(MulAddLong::ALL, name, MulAddLong::name),
        ) {
            (Some(op), _) if n.size == size => {
                Some(DpReg::MulAdd { op, size, rd, rn, rm, ra: a.zr()? }.into())
            }
            (_, Some(op)) if long => Some(DpReg::MulAddLong { op, rd, rn, rm, ra: a.zr()? }.into()),
            _ => None,
        },
        _ => None,
    }
}

fn conditional(line: &Line<'_>) -> Option<Inst> {
    if let Some(op) = named(CondCompare::ALL, line.name, CondCompare::name) {
        let [Operand::Gp(n), second, Operand::Number(flags), Operand::Word(name)] = line.operands
        else {
            return None;
        };
        let (rn, nzcv, cond) = (n.zr()?, Nzcv::new(u64::try_from(*flags).ok()?)?, cond(name)?);
        return match second {
            Operand::Gp(m) if m.size == n.size => {
                Some(DpReg::CondCompareReg { op, size: n.size, rn, rm: m.zr()?, nzcv, cond }.into())
            }
            Operand::Number(value) => {
                let imm = Imm5::new(u64::try_from(*value).ok()?)?;
                Some(DpReg::CondCompareImm { op, size: n.size, rn, imm, nzcv, cond }.into())
            }
            _ => None,
        };
    }
    let select = |op, d: &Gp, rn: Reg, rm: Reg, cond| {
        Some(DpReg::CondSelect { op, size: d.size, rd: d.zr()?, rn, rm, cond }.into())
    };
    // The aliases say when the result changes, the instructions when it does not.
    let inverted = |name: &str| {
        cond(name).filter(|cond| !matches!(cond, Cond::Al | Cond::Nv)).map(Cond::invert)
    };
    match (line.name, line.operands) {
        ("cset", [Operand::Gp(d), Operand::Word(name)]) => {
            select(CondSelect::Csinc, d, XZR, XZR, inverted(name)?)
        }
        ("csetm", [Operand::Gp(d), Operand::Word(name)]) => {
            select(CondSelect::Csinv, d, XZR, XZR, inverted(name)?)
        }
        ("cinc" | "cinv" | "cneg", [Operand::Gp(d), Operand::Gp(n), Operand::Word(name)])
            if n.size == d.size =>
        {
            let op = match line.name {
                "cinc" => CondSelect::Csinc,
                "cinv" => CondSelect::Csinv,
                _ => CondSelect::Csneg,
            };
            select(op, d, n.zr()?, n.zr()?, inverted(name)?)
        }
        (name, [Operand::Gp(d), Operand::Gp(n), Operand::Gp(m), Operand::Word(condition)])
            if n.size == d.size && m.size == d.size =>
        {
            let op = named(CondSelect::ALL, name, CondSelect::name)?;
            select(op, d, n.zr()?, m.zr()?, cond(condition)?)
        }
        _ => None,
    }
}

fn rest(line: &Line<'_>) -> Option<Inst> {
    match (line.name, line.operands) {
        ("rmif", [Operand::Gp(n), Operand::Number(rotate), Operand::Number(mask)])
            if n.size == Size::X =>
        {
            let rotate = Imm6::new(u64::try_from(*rotate).ok()?)?;
            let mask = Nzcv::new(u64::try_from(*mask).ok()?)?;
            Some(DpReg::RotateIntoFlags { rn: n.zr()?, rotate, mask }.into())
        }
        _ => None,
    }
}
