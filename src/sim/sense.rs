//! Whether an action makes sense at all, whatever the run it is done to.

use super::act::{ActionError, decode, timer_name};
use super::action::{Action, Pick};
use super::client::CLIENTS_MAX;
use super::clock::DRIFT_PPM_MAX;
use crate::base::{self, ClientId, Core, Membership, Micros, NodeId, Wire};
use std::collections::BTreeSet;

/// The greatest seed: what a JavaScript number holds exactly.
pub const SEED_MAX: u64 = (1 << 53) - 1;

/// Checks what of an action of this protocol can be known without a run.
///
/// # Errors
/// When it can never be done.
pub fn check_sense<C: Core>(action: &Action) -> Result<(), ActionError> {
    use Action::*;
    match action {
        Skew { drift_ppm, .. } | SkewClient { drift_ppm, .. }
            if drift_ppm.unsigned_abs() > DRIFT_PPM_MAX as u32 =>
        {
            let range = format!("a whole number from -{DRIFT_PPM_MAX} to {DRIFT_PPM_MAX}");
            Err(ActionError::new("drift_ppm", drift_ppm.to_string(), range))
        }
        Reseed { seed } if *seed > SEED_MAX => {
            let expected = format!("a whole number from 0 to {SEED_MAX}");
            Err(ActionError::new("seed", seed.to_string(), expected))
        }
        Partition { groups } => check_groups(groups),
        Link {
            latency: Some(latency),
            ..
        } => check_order("latency_ms", *latency),
        Deliver(pick) | Drop(pick) | Duplicate(pick) => check_kind::<C>(pick),
        Request { client, op, .. } => {
            client.map_or(Ok(()), check_client)?;
            decode::<C>(op).map(|_| ())
        }
        PauseClient { client } | ResumeClient { client } | SkewClient { client, .. } => {
            check_client(*client)
        }
        Timeout {
            timer: Some(timer), ..
        } => check_timer::<C>(timer),
        Conduct { ways, .. } => base::Conduct::of(ways, C::CONDUCTS).map_or_else(
            |place| {
                let known = C::CONDUCTS.join(", ");
                let expected = if known.is_empty() {
                    "no ways: this protocol's nodes do not misbehave".to_owned()
                } else {
                    format!("one of {known}")
                };
                let path = format!("ways[{place}]");
                Err(ActionError::new(
                    path,
                    format!("{:?}", ways[place]),
                    expected,
                ))
            },
            |_| Ok(()),
        ),
        Join {} | Leave { .. } if C::membership(Membership::Join(NodeId(0))).is_none() => {
            let expected = "a protocol that can change its members";
            Err(ActionError::new("do", action.name(), expected))
        }
        _ => Ok(()),
    }
}

/// Checks that a request takes in none but a node that is there, of `count`.
///
/// # Errors
/// When there is no such node.
pub fn check_newcomer<C: Core>(action: &Action, count: usize) -> Result<(), ActionError> {
    let Action::Request { op, .. } = action else {
        return Ok(());
    };
    match C::takes_in(&decode::<C>(op)?) {
        Some(node) if node.index() >= count => {
            let expected = format!("a node from 0 to {}", count - 1);
            Err(ActionError::new("op", format!("node {node}"), expected))
        }
        _ => Ok(()),
    }
}

/// Checks that the least comes before the greatest.
///
/// # Errors
/// When it does not.
pub fn check_order(path: &str, [low, high]: [Micros; 2]) -> Result<(), ActionError> {
    if low <= high {
        return Ok(());
    }
    let found = format!("[{}, {}]", low.as_ms(), high.as_ms());
    let expected = "the least first, then the greatest";
    Err(ActionError::new(path, found, expected))
}

fn check_client(client: ClientId) -> Result<(), ActionError> {
    if client < CLIENTS_MAX {
        return Ok(());
    }
    let expected = format!("a client from 0 to {}", CLIENTS_MAX - 1);
    Err(ActionError::new("client", client.to_string(), expected))
}

fn check_groups(groups: &[Vec<NodeId>]) -> Result<(), ActionError> {
    let mut seen = BTreeSet::new();
    for (g, group) in groups.iter().enumerate() {
        for (i, node) in group.iter().enumerate() {
            if !seen.insert(*node) {
                let path = format!("groups[{g}][{i}]");
                let found = format!("node {node} for the second time");
                return Err(ActionError::new(path, found, "each node once at most"));
            }
        }
    }
    Ok(())
}

/// A pick names a kind of message there is: one of the protocol's, or a client's `Request` or
/// `Reply`.
fn check_kind<C: Core>(pick: &Pick) -> Result<(), ActionError> {
    let known = C::Message::KINDS.iter().chain(&["Request", "Reply"]);
    one_of("kind", pick.kind.as_deref(), known.copied())
}

fn check_timer<C: Core>(timer: &str) -> Result<(), ActionError> {
    let names: Vec<String> = C::TIMERS.iter().map(timer_name).collect();
    one_of("timer", Some(timer), names.iter().map(String::as_str))
}

fn one_of<'a>(
    path: &str,
    name: Option<&str>,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), ActionError> {
    let Some(name) = name.filter(|name| !known.clone().any(|known| known == *name)) else {
        return Ok(());
    };
    let names: Vec<&str> = known.collect();
    let expected = format!("one of {}", names.join(", "));
    Err(ActionError::new(path, format!("{name:?}"), expected))
}
