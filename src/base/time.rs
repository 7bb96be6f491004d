//! Virtual time: whole microseconds since the start of a run, shown and written as milliseconds.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A moment or a span of virtual time in whole microseconds.
///
/// In JSON it is a number of milliseconds with up to three decimals (`12.345`), from 0 to
/// [`Micros::MAX_MS`]; anything else is refused while reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl Micros {
    /// The start of a run, or an empty span.
    pub const ZERO: Micros = Micros(0);
    /// Later than anything that can happen.
    pub const NEVER: Micros = Micros(u64::MAX);
    /// The largest number of milliseconds that a scenario may name: eleven days, so that sums
    /// of a few of them are far from overflow.
    pub const MAX_MS: f64 = 1e9;

    /// A span of whole milliseconds.
    pub const fn from_ms(ms: u64) -> Micros {
        Micros(ms * 1_000)
    }

    /// This time in milliseconds, for display and for JSON only: no decision rests on it.
    pub fn as_ms(self) -> f64 {
        self.0 as f64 / 1_000.0
    }

    /// The nearest microsecond to `ms`, or `None` when it is not a number from 0 to [`Self::MAX_MS`].
    pub fn try_from_ms(ms: f64) -> Option<Micros> {
        (0.0..=Self::MAX_MS)
            .contains(&ms)
            .then(|| Micros((ms * 1_000.0).round() as u64))
    }

    /// The span from `earlier` to this moment; zero when `earlier` is later.
    pub fn since(self, earlier: Micros) -> Micros {
        Micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Micros {
    type Output = Micros;
    fn add(self, span: Micros) -> Micros {
        Micros(self.0.saturating_add(span.0))
    }
}

impl AddAssign for Micros {
    fn add_assign(&mut self, span: Micros) {
        *self = *self + span;
    }
}

impl Sub for Micros {
    type Output = Micros;
    fn sub(self, span: Micros) -> Micros {
        self.since(span)
    }
}

impl fmt::Display for Micros {
    /// Milliseconds with three decimals, from integers alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_ms())
    }
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Micros, D::Error> {
        let ms = f64::deserialize(deserializer)?;
        Micros::try_from_ms(ms).ok_or_else(|| {
            de::Error::invalid_value(
                de::Unexpected::Float(ms),
                &"a number of milliseconds from 0 to 1000000000",
            )
        })
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Micros {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Milliseconds".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Milliseconds of virtual time; kept to the microsecond.",
            "type": "number", "minimum": 0, "maximum": 1_000_000_000
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_kept_to_the_microsecond() {
        assert_eq!(Micros::try_from_ms(12.345), Some(Micros(12_345)));
        assert_eq!(Micros(12_345).to_string(), "12.345");
        for bad in [-0.001, f64::NAN, f64::INFINITY, 1e9 + 1.0] {
            assert_eq!(Micros::try_from_ms(bad), None);
        }
    }
}
