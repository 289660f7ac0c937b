//! Branches, scalar floating point, system instructions.

use super::operand::{Gp, Operand, cond, number};
use super::{Line, named};
use crate::{
    AdrOffset, Barrier, BarrierOption, BitNumber, Branch, BranchAuth, BranchAuthZero, BranchImm,
    BranchReg, CompareZero, DpImm, Exception, FlagOp, Fp, FpBinary, FpCompare, FpCondCompare,
    FpConvert, FpImm8, FpMove, FpSize, FpTernary, FpToFixed, FpToInt, FpUnary, FractionBits,
    HintNumber, Imm4, Imm16, Inst, IntToFp, LR, Nzcv, Offset14, Offset19, Offset26, PStateField,
    PageOffset, ReturnSpecial, Size, StreamingState, StreamingSwitch, SysOperand, SysReg, System,
    TestBit, VReg, XZR,
};

pub(super) fn parse(line: &Line<'_>) -> Option<Inst> {
    branch(line).or_else(|| fp(line)).or_else(|| fp_general(line)).or_else(|| system(line))
}

fn small(value: i128) -> Option<i64> {
    i64::try_from(value).ok()
}

fn unsigned(value: i128) -> Option<u64> {
    u64::try_from(value).ok()
}

fn branch(line: &Line<'_>) -> Option<Inst> {
    if let (Some(name), [Operand::Number(distance)]) = (line.name.strip_prefix("b."), line.operands)
    {
        return Some(
            Branch::Cond { cond: cond(name)?, offset: Offset19::new(small(*distance)?)? }.into(),
        );
    }
    match (line.name, line.operands) {
        ("adr", [Operand::Gp(d), Operand::Number(distance)]) if d.size == Size::X => {
            Some(DpImm::Adr { rd: d.zr()?, offset: AdrOffset::new(small(*distance)?)? }.into())
        }
        ("adrp", [Operand::Gp(d), Operand::Number(distance)]) if d.size == Size::X => {
            Some(DpImm::Adrp { rd: d.zr()?, offset: PageOffset::new(small(*distance)?)? }.into())
        }
        ("ret", []) => Some(Branch::Reg { op: BranchReg::Ret, rn: LR }.into()),
        (name, [Operand::Number(distance)]) => {
            let op = named(BranchImm::ALL, name, BranchImm::name)?;
            Some(Branch::Imm { op, offset: Offset26::new(small(*distance)?)? }.into())
        }
        (name, [Operand::Gp(t), Operand::Number(distance)]) => {
            let op = named(CompareZero::ALL, name, CompareZero::name)?;
            let offset = Offset19::new(small(*distance)?)?;
            Some(Branch::CompareZero { op, size: t.size, rt: t.zr()?, offset }.into())
        }
        (name, [Operand::Gp(t), Operand::Number(bit), Operand::Number(distance)]) => {
            let op = named(TestBit::ALL, name, TestBit::name)?;
            let bit = BitNumber::new(unsigned(*bit)?)
                .filter(|bit| u32::from(bit.value()) < t.size.bits())?;
            Some(
                Branch::TestBit { op, rt: t.zr()?, bit, offset: Offset14::new(small(*distance)?)? }
                    .into(),
            )
        }
        (name, [Operand::Gp(n)]) if n.size == Size::X => {
            let rn = n.zr()?;
            let plain =
                named(BranchReg::ALL, name, BranchReg::name).map(|op| Branch::Reg { op, rn });
            let auth = named(BranchAuthZero::ALL, name, BranchAuthZero::name)
                .map(|op| Branch::AuthZero { op, rn });
            plain.or(auth).map(Inst::from)
        }
        (name, [Operand::Gp(n), Operand::Gp(m)]) if n.size == Size::X && m.size == Size::X => {
            let op = named(BranchAuth::ALL, name, BranchAuth::name)?;
            Some(Branch::Auth { op, rn: n.zr()?, rm: m.sp()? }.into())
        }
        (name, []) => Some(
            Branch::Return { op: named(ReturnSpecial::ALL, name, ReturnSpecial::name)? }.into(),
        ),
        _ => None,
    }
}

fn fp_size(letter: char) -> Option<FpSize> {
    match letter {
        's' => Some(FpSize::S),
        'd' => Some(FpSize::D),
        _ => None,
    }
}

/// The common width of some scalars.
fn common(scalars: &[(char, VReg)]) -> Option<FpSize> {
    let (letter, _) = scalars.first()?;
    scalars.iter().all(|(other, _)| other == letter).then_some(fp_size(*letter)?)
}

fn fp(line: &Line<'_>) -> Option<Inst> {
    match (line.name, line.operands) {
        ("fcvt", [Operand::Fp(to, rd), Operand::Fp(from, rn)]) => {
            let op = match (from, to) {
                ('s', 'd') => FpConvert::SToD,
                ('s', 'h') => FpConvert::SToH,
                ('d', 's') => FpConvert::DToS,
                ('d', 'h') => FpConvert::DToH,
                ('h', 's') => FpConvert::HToS,
                ('h', 'd') => FpConvert::HToD,
                _ => return None,
            };
            Some(Fp::Convert { op, rd: *rd, rn: *rn }.into())
        }
        (name, [Operand::Fp(a, first), Operand::Fp(b, second)]) => {
            let size = common(&[(*a, *first), (*b, *second)])?;
            if let Some(op) = named(FpCompare::ALL, name, FpCompare::name) {
                return Some(Fp::Compare { op, size, rn: *first, rm: *second }.into());
            }
            let op = named(FpUnary::ALL, name, FpUnary::name)?;
            Some(Fp::Unary { op, size, rd: *first, rn: *second }.into())
        }
        (name, [Operand::Fp(letter, first), Operand::Float(value)]) => {
            let size = fp_size(*letter)?;
            match named(FpCompare::ALL, name, FpCompare::name) {
                Some(op) if *value == 0.0 => Some(Fp::CompareZero { op, size, rn: *first }.into()),
                Some(_) => None,
                None if name == "fmov" => {
                    Some(Fp::MoveImm { size, rd: *first, imm: FpImm8::new(*value)? }.into())
                }
                None => None,
            }
        }
        (name, [Operand::Fp(a, rd), Operand::Fp(b, rn), Operand::Fp(c, rm)]) => {
            let size = common(&[(*a, *rd), (*b, *rn), (*c, *rm)])?;
            let op = named(FpBinary::ALL, name, FpBinary::name)?;
            Some(Fp::Binary { op, size, rd: *rd, rn: *rn, rm: *rm }.into())
        }
        (
            name,
            [Operand::Fp(a, rd), Operand::Fp(b, rn), Operand::Fp(c, rm), Operand::Fp(d, ra)],
        ) => {
            let size = common(&[(*a, *rd), (*b, *rn), (*c, *rm), (*d, *ra)])?;
            let op = named(FpTernary::ALL, name, FpTernary::name)?;
            Some(Fp::Ternary { op, size, rd: *rd, rn: *rn, rm: *rm, ra: *ra }.into())
        }
        (
            "fcsel",
            [Operand::Fp(a, rd), Operand::Fp(b, rn), Operand::Fp(c, rm), Operand::Word(name)],
        ) => {
            let size = common(&[(*a, *rd), (*b, *rn), (*c, *rm)])?;
            Some(Fp::CondSelect { size, rd: *rd, rn: *rn, rm: *rm, cond: cond(name)? }.into())
        }
        (
            name,
            [
                Operand::Fp(a, rn),
                Operand::Fp(b, rm),
                Operand::Number(flags),
                Operand::Word(condition),
            ],
        ) => {
            let size = common(&[(*a, *rn), (*b, *rm)])?;
            let op = named(FpCondCompare::ALL, name, FpCondCompare::name)?;
            let nzcv = Nzcv::new(unsigned(*flags)?)?;
            Some(
                Fp::CondCompare { op, size, rn: *rn, rm: *rm, nzcv, cond: cond(condition)? }.into(),
            )
        }
        _ => None,
    }
}

/// The number of the vector register in `v3.d[1]`.
fn upper_half(text: &str) -> Option<VReg> {
    (0..32).filter_map(VReg::new).find(|reg| {
        let number = text.strip_prefix('v').and_then(|rest| rest.strip_suffix(".d[1]"));
        number.is_some_and(|number| number.parse() == Ok(reg.number()) && !number.starts_with('+'))
    })
}

/// Between floating-point and general-purpose registers.
fn fp_general(line: &Line<'_>) -> Option<Inst> {
    let fmov = |gp: &Gp, letter| match (gp.size, letter) {
        (Size::W, 's') => Some(FpMove::WS),
        (Size::X, 'd') => Some(FpMove::XD),
        _ => None,
    };
    let fraction = |gp: &Gp, bits: &i128| FractionBits::new(gp.size, u32::try_from(*bits).ok()?);
    match (line.name, line.operands) {
        ("fmov", [Operand::Gp(d), Operand::Fp(letter, rn)]) => {
            Some(Fp::MoveToGp { op: fmov(d, *letter)?, rd: d.zr()?, rn: *rn }.into())
        }
        ("fmov", [Operand::Fp(letter, rd), Operand::Gp(n)]) => {
            Some(Fp::MoveFromGp { op: fmov(n, *letter)?, rd: *rd, rn: n.zr()? }.into())
        }
        ("fmov", [Operand::Gp(d), Operand::Word(n)]) if d.size == Size::X => {
            Some(Fp::MoveToGp { op: FpMove::XD1, rd: d.zr()?, rn: upper_half(n)? }.into())
        }
        ("fmov", [Operand::Word(d), Operand::Gp(n)]) if n.size == Size::X => {
            Some(Fp::MoveFromGp { op: FpMove::XD1, rd: upper_half(d)?, rn: n.zr()? }.into())
        }
        ("fjcvtzs", [Operand::Gp(d), Operand::Fp('d', rn)]) if d.size == Size::W => {
            Some(Fp::ToIntJavaScript { rd: d.zr()?, rn: *rn }.into())
        }
        (name, [Operand::Gp(d), Operand::Fp(letter, rn)]) => {
            let op = named(FpToInt::ALL, name, FpToInt::name)?;
            Some(
                Fp::ToInt { op, size: d.size, from: fp_size(*letter)?, rd: d.zr()?, rn: *rn }
                    .into(),
            )
        }
        (name, [Operand::Fp(letter, rd), Operand::Gp(n)]) => {
            let op = named(IntToFp::ALL, name, IntToFp::name)?;
            Some(
                Fp::FromInt { op, size: n.size, to: fp_size(*letter)?, rd: *rd, rn: n.zr()? }
                    .into(),
            )
        }
        (name, [Operand::Gp(d), Operand::Fp(letter, rn), Operand::Number(bits)]) => {
            let (op, fraction) =
                (named(FpToFixed::ALL, name, FpToFixed::name)?, fraction(d, bits)?);
            Some(Fp::ToFixed { op, from: fp_size(*letter)?, rd: d.zr()?, rn: *rn, fraction }.into())
        }
        (name, [Operand::Fp(letter, rd), Operand::Gp(n), Operand::Number(bits)]) => {
            let (op, fraction) = (named(IntToFp::ALL, name, IntToFp::name)?, fraction(n, bits)?);
            Some(Fp::FromFixed { op, to: fp_size(*letter)?, rd: *rd, rn: n.zr()?, fraction }.into())
        }
        _ => None,
    }
}

fn system(line: &Line<'_>) -> Option<Inst> {
    if let Some(op) = named(Exception::ALL, line.name, Exception::name) {
        let imm = match line.operands {
            [] if line.name.starts_with("dcps") => Imm16::ZERO,
            [Operand::Number(value)] => Imm16::new(unsigned(*value)?)?,
            _ => return None,
        };
        return Some(System::Exception { op, imm }.into());
    }
    if let Some(op) = named(Barrier::ALL, line.name, Barrier::name) {
        let option = match line.operands {
            [] if matches!(op, Barrier::Isb | Barrier::Clrex) => BarrierOption::SY,
            [Operand::Number(value)] => BarrierOption::new(u8::try_from(*value).ok()?)?,
            [Operand::Word(name)] if op != Barrier::Clrex => {
                (0..16).filter_map(BarrierOption::new).find(|option| option.name() == Some(name))?
            }
            _ => return None,
        };
        return Some(System::Barrier { op, option }.into());
    }
    if let Some(op) = named(StreamingSwitch::ALL, line.name, StreamingSwitch::name) {
        let state = match line.operands {
            [] => StreamingState::SmZa,
            [Operand::Word(name)] => named(StreamingState::ALL, name, StreamingState::name)?,
            _ => return None,
        };
        return Some(System::Streaming { op, state }.into());
    }
    match (line.name, line.operands) {
        ("udf", [Operand::Number(value)]) => {
            Some(System::Udf { imm: Imm16::new(unsigned(*value)?)? }.into())
        }
        ("hint", [Operand::Number(value)]) => {
            Some(System::Hint { number: HintNumber::new(unsigned(*value)?)? }.into())
        }
        ("sb", []) => Some(System::SpeculationBarrier {}.into()),
        ("ssbb", []) => {
            Some(System::Barrier { op: Barrier::Dsb, option: BarrierOption::new(0b0000)? }.into())
        }
        ("pssbb", []) => {
            Some(System::Barrier { op: Barrier::Dsb, option: BarrierOption::new(0b0100)? }.into())
        }
        ("msr", [Operand::Word(name), Operand::Number(value)]) => {
            let field =
                *PStateField::ALL.iter().find(|field| field.name().eq_ignore_ascii_case(name))?;
            Some(System::MsrImm { field, imm: Imm4::new(unsigned(*value)?)? }.into())
        }
        ("msr", [Operand::Word(name), Operand::Gp(t)]) if t.size == Size::X => {
            Some(System::Msr { reg: system_register(name)?, rt: t.zr()? }.into())
        }
        ("mrs", [Operand::Gp(t), Operand::Word(name)]) if t.size == Size::X => {
            Some(System::Mrs { rt: t.zr()?, reg: system_register(name)? }.into())
        }
        ("sys", [numbers @ .., Operand::Gp(t)]) if t.size == Size::X => {
            Some(System::Sys { op: sys_operand(numbers)?, rt: t.zr()? }.into())
        }
        ("sys", numbers) => Some(System::Sys { op: sys_operand(numbers)?, rt: XZR }.into()),
        ("sysl", [Operand::Gp(t), numbers @ ..]) if t.size == Size::X => {
            Some(System::Sysl { rt: t.zr()?, op: sys_operand(numbers)? }.into())
        }
        (name, []) if FlagOp::ALL.iter().any(|op| op.name() == name) => {
            Some(System::Flags { op: named(FlagOp::ALL, name, FlagOp::name)? }.into())
        }
        (name, [Operand::Word(op), rest @ ..]) => {
            let rt = match rest {
                [] => XZR,
                [Operand::Gp(t)] if t.size == Size::X => t.zr()?,
                _ => return None,
            };
            let named = System::from_operation(name, op, !rest.is_empty());
            named
                .map(|op| System::Sys { op, rt }.into())
                .or_else(|| hint(name, Some(op)).filter(|_| rest.is_empty()))
        }
        (name, []) => hint(name, None),
        _ => None,
    }
}

/// A hint by its name, which may have a second word.
fn hint(name: &str, second: Option<&str>) -> Option<Inst> {
    let number = System::hint_by_name(name, second)?;
    Some(System::Hint { number }.into())
}

/// `s3_3_c4_c2_0` or a name.
fn system_register(name: &str) -> Option<SysReg> {
    if let Some(reg) = SysReg::from_name(name) {
        return Some(reg);
    }
    let mut parts = name.strip_prefix('s')?.split('_');
    let mut next = |prefix: &str| parts.next()?.strip_prefix(prefix)?.parse().ok();
    let reg = SysReg::new(next("")?, next("")?, next("c")?, next("c")?, next("")?);
    parts.next().is_none().then_some(reg?)
}

/// `#op1, cN, cM, #op2`
fn sys_operand(operands: &[Operand<'_>]) -> Option<SysOperand> {
    let [Operand::Number(op1), Operand::Word(crn), Operand::Word(crm), Operand::Number(op2)] =
        operands
    else {
        return None;
    };
    let below = |value: i128, limit: u64| unsigned(value).filter(|&value| value < limit);
    let c = |text: &str| below(number(text.strip_prefix('c')?)?, 16);
    SysOperand::new(below(*op1, 8)? << 11 | c(crn)? << 7 | c(crm)? << 3 | below(*op2, 8)?)
}
