//! The fields of instruction words.

/// Bits `hi` to `lo` of `word`.
pub(crate) const fn bits(word: u32, hi: u32, lo: u32) -> u32 {
    (word >> lo) & (u32::MAX >> (31 - (hi - lo)))
}

/// Bit `n` of `word`.
pub(crate) const fn bit(word: u32, n: u32) -> bool {
    word >> n & 1 != 0
}

/// Bits `hi` to `lo` of `word` as a signed number.
pub(crate) const fn signed(word: u32, hi: u32, lo: u32) -> i64 {
    ((word << (31 - hi)) as i32 >> (31 - (hi - lo))) as i64
}

/// `DecodeBitMasks`, first result: the logical immediate as 64 bits.
pub(crate) fn bit_mask(n: bool, imms: u32, immr: u32) -> Option<u64> {
    let combined = u32::from(n) << 6 | (!imms & 0x3f);
    if combined == 0 {
        return None;
    }
    let size = 1u32 << (31 - combined.leading_zeros());
    let levels = size - 1;
    if size == 1 || imms & levels == levels {
        return None;
    }
    let (ones, turn) = (imms & levels, immr & levels);
    let element = u64::MAX >> (63 - ones);
    let element_mask = u64::MAX >> (64 - size);
    let turned = if turn == 0 {
        element
    } else {
        (element >> turn | element << (size - turn)) & element_mask
    };
    let mut mask = 0;
    for i in 0..64 / size {
        mask |= turned << (i * size);
    }
    Some(mask)
}
