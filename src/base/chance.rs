//! Keyed chance: every random choice is a hash of what it is for, never the next draw of a
//! shared stream. Taking one event out of a run leaves the luck of all the others as it was,
//! which is what makes shrinking a failing run possible.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Mixes the bits of `x` (the finaliser of SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
const fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A source of chance for one purpose: a key from which numbered draws are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chance {
    key: u64,
}

impl Chance {
    /// The root of all chance in a run.
    pub const fn from_seed(seed: u64) -> Chance {
        Chance {
            key: mix(seed.wrapping_add(STEP)),
        }
    }

    /// An independent source for the part of this one's purpose that `part` names.
    pub const fn of(self, part: u64) -> Chance {
        Chance {
            key: mix(self
                .key
                .wrapping_add(STEP)
                .wrapping_add(mix(part.wrapping_add(STEP)))),
        }
    }

    /// The `n`-th draw: 64 even bits.
    pub const fn draw(self, n: u64) -> u64 {
        mix(self.key.wrapping_add(n.wrapping_add(1).wrapping_mul(STEP)))
    }

    /// The `n`-th draw brought into `low..=high` (in either order).
    pub const fn between(self, n: u64, low: u64, high: u64) -> u64 {
        let (low, high) = if low <= high {
            (low, high)
        } else {
            (high, low)
        };
        scale(self.draw(n), low, high)
    }

    /// Whether the `n`-th draw falls within `ratio`.
    pub const fn happens(self, n: u64, ratio: Ratio) -> bool {
        ratio.0 > 0 && scale(self.draw(n), 0, Ratio::WHOLE as u64 - 1) < ratio.0 as u64
    }
}

/// Brings 64 even bits into `low..=high`, where `low <= high`: by a product where the span is
/// small, since a division costs more than the rest of the draw.
const fn scale(bits: u64, low: u64, high: u64) -> u64 {
    match (high - low).checked_add(1) {
        Some(span) if span <= u32::MAX as u64 => low + (((bits >> 32) * span) >> 32),
        Some(span) => low + bits % span,
        None => bits,
    }
}

/// Draws in order from one [`Chance`]: the private luck of one node, or of one test case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Draws {
    chance: Chance,
    /// How many draws have been made.
    pub made: u64,
}

impl Draws {
    /// Starts at the first draw of `chance`.
    pub const fn new(chance: Chance) -> Draws {
        Draws { chance, made: 0 }
    }

    /// The next 64 even bits.
    pub const fn bits(&mut self) -> u64 {
        self.made += 1;
        self.chance.draw(self.made - 1)
    }

    /// The next draw in `low..=high` (in either order).
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        self.made += 1;
        self.chance.between(self.made - 1, low, high)
    }

    /// Whether the next draw falls within `ratio`.
    pub const fn happens(&mut self, ratio: Ratio) -> bool {
        self.made += 1;
        self.chance.happens(self.made - 1, ratio)
    }
}

/// A probability in whole millionths, so that no floating point decides anything.
/// In JSON it is a number from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(u32);

impl Ratio {
    /// How many parts make certainty.
    pub const WHOLE: u32 = 1_000_000;
    /// Never.
    pub const ZERO: Ratio = Ratio(0);

    /// `parts` millionths; `None` above one million.
    pub const fn from_millionths(parts: u32) -> Option<Ratio> {
        if parts <= Self::WHOLE {
            Some(Ratio(parts))
        } else {
            None
        }
    }

    /// The millionths in this ratio.
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / f64::from(Self::WHOLE))
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Ratio, D::Error> {
        let share = f64::deserialize(deserializer)?;
        if (0.0..=1.0).contains(&share) {
            Ok(Ratio((share * f64::from(Self::WHOLE)).round() as u32))
        } else {
            Err(de::Error::invalid_value(
                de::Unexpected::Float(share),
                &"a probability from 0 to 1",
            ))
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Ratio {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Probability".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A probability; kept to the millionth.",
            "type": "number", "minimum": 0, "maximum": 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_its_key_alone() {
        let root = Chance::from_seed(7);
        assert_eq!(root.of(3).draw(5), Chance::from_seed(7).of(3).draw(5));
        assert_ne!(root.of(3).draw(5), root.of(4).draw(5));
        assert_ne!(root.of(3).of(4).draw(0), root.of(4).of(3).draw(0));
    }

    #[test]
    fn ranges_are_inclusive_and_even() {
        let chance = Chance::from_seed(1);
        let mut seen = [0u32; 4];
        for n in 0..40_000 {
            seen[(chance.between(n, 3, 6) - 3) as usize] += 1;
        }
        assert!(
            seen.iter().all(|&count| (9_500..10_500).contains(&count)),
            "{seen:?}"
        );
        assert_eq!(chance.between(0, 9, 9), 9);
        let _ = chance.between(0, 0, u64::MAX);
    }

    #[test]
    fn ratios_happen_as_often_as_they_say() {
        let chance = Chance::from_seed(2);
        let tenth = Ratio::from_millionths(100_000).expect("below one");
        let hits = (0..100_000).filter(|&n| chance.happens(n, tenth)).count();
        assert!((9_600..10_400).contains(&hits), "{hits}");
        assert!(!(0..1_000).any(|n| chance.happens(n, Ratio::ZERO)));
    }
}
