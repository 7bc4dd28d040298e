//! Random numbers that are the same on every machine and in every version, because a scenario is named by its seed.

/// `SplitMix64` (Steele, Lea, Flood 2014): small, well distributed, and never changed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Numbers that are always the same for the same seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    #[allow(clippy::should_implement_trait)] // an endless source is no iterator to loop over
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next() % bound }
    }

    /// One of `items`.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = self.below(items.len() as u64);
        items.get(usize::try_from(index).ok()?)
    }

    /// True with this probability.
    #[allow(clippy::cast_precision_loss)] // 53 bits are enough for a probability
    pub fn chance(&mut self, probability: f64) -> bool {
        ((self.next() >> 11) as f64) / ((1u64 << 53) as f64) < probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let (mut one, mut two) = (Dice::new(7), Dice::new(7));
        assert!((0..100).all(|_| one.next() == two.next()));
        assert_eq!(Dice::new(0).next(), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn probabilities_are_about_right_and_exact_at_0_and_1() {
        let mut dice = Dice::new(1);
        let hits = (0..10_000).filter(|_| dice.chance(0.25)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!((0..100).all(|_| dice.chance(1.0)) && (0..100).all(|_| !dice.chance(0.0)));
    }
}
