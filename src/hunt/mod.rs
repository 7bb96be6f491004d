//! The hunt: a search for runs in which a protocol violates what it promises, and what makes of a
//! run that was found one that can be understood.
//!
//! - A [`Quarry`] is what is hunted: a protocol, the rule that is left out of it, and what may
//!   befall it. Each protocol says under which circumstances it claims to be safe
//!   ([`Core::ground`](crate::base::Core::ground)); a hunt never leaves them, so that what it finds
//!   in a protocol with all its rules is a defect.
//! - A [`Strategy`] makes scenarios: a [swarm](Strategy::Swarm) of random faults, [priorities to
//!   chains of messages](Strategy::Pct), [changes to what was interesting](Strategy::Guided), and
//!   a search of [every order there is](Strategy::Exhaustive).
//! - [`try_out`] runs one and judges it.
//! - [`shrink`] makes a scenario that violates something as small as it goes.
//! - [`no_return`] asks from when on the violation could not be avoided any more.
//! - [`exhaust`] is the search itself, for any [`Space`].
//!
//! Everything follows from a seed: a hunt that is repeated finds the same.

mod budget;
mod changes;
mod exhaust;
mod guided;
mod no_return;
mod pct;
mod plain;
mod played;
mod rounds;
mod seen;
mod session;
mod shrink;
mod space;
mod swarm;
mod trial;
mod wander;

pub use budget::{Budget, Quarry};
pub use exhaust::{Found, Search, Space, Survey, exhaust};
pub use no_return::{Fate, no_return};
pub use seen::Seen;
pub use session::{Catch, Figures, Hunt, Order, Strategy};
pub use shrink::{Progress, Shrunk, Tell, shrink};
pub use space::{Bounds, End, Reach};
pub use trial::{Breach, Trial, try_out};
