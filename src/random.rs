//! Seeded randomness: the same seed gives the same numbers in every process and every version.

use crate::value::Str;

/// The generator of `java.util.Random`, which is what `States.MathRandom` and JSONata's `$random` with a seed
/// follow: seed 42 gives 0.7275636800328681 first.
#[derive(Clone, Debug)]
pub struct JavaRandom {
    state: u64,
}

impl JavaRandom {
    /// A generator with this seed.
    pub fn new(seed: i64) -> Self {
        JavaRandom { state: (seed as u64 ^ 0x5_DEEC_E66D) & ((1 << 48) - 1) }
    }
    fn next(&mut self, bits: u32) -> u32 {
        self.state = self.state.wrapping_mul(0x5_DEEC_E66D).wrapping_add(0xB) & ((1 << 48) - 1);
        (self.state >> (48 - bits)) as u32
    }
    /// A double in [0, 1), as `nextDouble()`.
    pub fn next_f64(&mut self) -> f64 {
        ((u64::from(self.next(26)) << 27) + u64::from(self.next(27))) as f64 / (1u64 << 53) as f64
    }
    /// An integer in [0, bound), as `nextInt(bound)`.
    ///
    /// # Panics
    /// Where `bound` is not positive.
    pub fn next_below(&mut self, bound: i32) -> i32 {
        assert!(bound > 0, "a bound is positive");
        if bound & (bound - 1) == 0 {
            return ((i64::from(bound) * i64::from(self.next(31))) >> 31) as i32;
        }
        loop {
            let bits = self.next(31) as i32;
            let value = bits % bound;
            if bits.wrapping_sub(value).wrapping_add(bound - 1) >= 0 {
                return value;
            }
        }
    }
}

/// A small, fast generator (SplitMix64) for everything an execution draws by itself: UUIDs and jitter.
#[derive(Clone, Debug)]
pub struct Seeded {
    state: u64,
}

impl Seeded {
    /// A generator with this seed.
    pub fn new(seed: u64) -> Self {
        Seeded { state: seed }
    }
    /// A generator for one of many things drawn from the same seed, such as the n-th child execution.
    pub fn fork(&self, n: u64) -> Self {
        let mut child = Seeded { state: self.state ^ n.wrapping_mul(0xD1B5_4A32_D192_ED03) };
        Seeded { state: child.next_u64() }
    }
    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// A double in [0, 1).
    pub fn next_f64(&mut self) -> f64 {
        unit_f64(self.next_u64())
    }
}

/// 64 random bits as a double in [0, 1).
pub fn unit_f64(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// 128 random bits as the text of a version 4 UUID.
pub fn uuid_text(high: u64, low: u64) -> String {
    String::from_utf8_lossy(&uuid_bytes(high, low)).into_owned()
}

/// The same as shared text, made in one step: child executions are named by the thousand.
pub(crate) fn uuid_str(high: u64, low: u64) -> Str {
    std::str::from_utf8(&uuid_bytes(high, low)).unwrap_or_default().into()
}

fn uuid_bytes(high: u64, low: u64) -> [u8; 36] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    /// Where each of the 32 digits stands between the dashes.
    const PLACES: [(usize, usize); 5] = [(0, 8), (9, 4), (14, 4), (19, 4), (24, 12)];
    let halves = [(high & !0xF000) | 0x4000, (low & !(0b11 << 62)) | (0b10 << 62)];
    let mut text = [b'-'; 36];
    let mut digit = 0;
    for (start, length) in PLACES {
        for place in &mut text[start..start + length] {
            let shift = 60 - 4 * (digit % 16);
            *place = DIGITS[(halves[digit / 16] >> shift) as usize & 15];
            digit += 1;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_random_gives_the_published_first_numbers() {
        assert_eq!(JavaRandom::new(42).next_f64(), 0.7275636800328681);
        let mut r = JavaRandom::new(42);
        assert_eq!([r.next_below(10), r.next_below(10), r.next_below(10)], [0, 3, 8]);
    }

    #[test]
    fn a_uuid_is_of_version_four() {
        assert_eq!(uuid_text(u64::MAX, u64::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
