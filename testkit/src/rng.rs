//! Pseudo-random numbers, the same on every host, and the corners of the types.

use ir::Type;

/// A generator of pseudo-random numbers (splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The generator for this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 if that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { (self.bits() % limit as u64) as usize }
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// True `chance` times in a hundred.
    pub fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance as usize
    }

    /// One of the items; `None` if there are none.
    pub fn pick<T: Clone>(&mut self, items: &[T]) -> Option<T> {
        items.get(self.below(items.len())).cloned()
    }

    /// The bits of a value of this type: small, extreme, special, or anything.
    pub fn word(&mut self, ty: Type) -> u64 {
        let bits = self.bits();
        let shift = self.below(64);
        let word = match (self.below(4), ty) {
            (0, Type::F32) => ((bits % 200) as f32 / 8.0 - 10.0).to_bits().into(),
            (0, Type::F64) => ((bits % 200) as f64 / 8.0 - 10.0).to_bits(),
            (1, Type::F32) => {
                let special = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, 1e-45, f32::MAX];
                self.pick(&special).unwrap_or(0.0).to_bits().into()
            }
            (1, Type::F64) => {
                let special = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, 5e-324, f64::MAX];
                self.pick(&special).unwrap_or(0.0).to_bits()
            }
            (0, _) => (bits % 16).wrapping_sub(4),
            (1, _) => (1_u64 << shift).wrapping_sub(bits % 3),
            (2, _) => bits >> shift,
            _ => bits,
        };
        word & ty.mask()
    }
}
