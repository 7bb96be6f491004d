//! The one vocabulary of what is done to a cluster: by a script, by hand, by a hunt, by a lesson.

use crate::base::{ClientId, Micros, NodeId, Ratio};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something done to the cluster from outside.
///
/// In JSON an action is an object whose `do` names it, with the fields below beside it:
/// `{ "do": "crash", "node": 1 }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(tag = "do"))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// A node stops; all but its disk is lost.
    Crash {
        /// Which node.
        node: NodeId,
    },
    /// A crashed node starts again from its disk.
    Restart {
        /// Which node.
        node: NodeId,
    },
    /// A node stands still, as in a long garbage collection: it keeps its memory, its clock goes
    /// on, and what arrives waits.
    Pause {
        /// Which node.
        node: NodeId,
    },
    /// A paused node goes on: it takes what has waited, then the timers that are overdue.
    Resume {
        /// Which node.
        node: NodeId,
    },
    /// A client stands still, as in a long garbage collection: it keeps its memory, its clock
    /// goes on, what arrives waits, and it asks nothing.
    PauseClient {
        /// Which client.
        client: ClientId,
    },
    /// A paused client goes on: it takes what has waited.
    ResumeClient {
        /// Which client.
        client: ClientId,
    },
    /// Sets a client's clock off from true time, and how fast it drifts.
    SkewClient {
        /// Which client.
        client: ClientId,
        /// How far the clock jumps ahead, in milliseconds. Clocks never jump back.
        #[serde(default, rename = "ahead_ms")]
        ahead: Micros,
        /// How much the clock gains, in parts per million; negative loses. Within ±500000.
        #[serde(default)]
        drift_ppm: i32,
    },
    /// A node loses its disk, and crashes if it is up.
    DiskLoss {
        /// Which node.
        node: NodeId,
    },
    /// Sets a node's clock off from true time, and how fast it drifts.
    Skew {
        /// Which node.
        node: NodeId,
        /// How far the clock jumps ahead, in milliseconds. Clocks never jump back.
        #[serde(default, rename = "ahead_ms")]
        ahead: Micros,
        /// How much the clock gains, in parts per million; negative loses. Within ±500000.
        #[serde(default)]
        drift_ppm: i32,
    },
    /// Cuts a link: what is sent on it is lost, and what would arrive before it is mended.
    Cut {
        /// One end.
        from: NodeId,
        /// The other end.
        to: NodeId,
        /// Only from `from` to `to`.
        #[serde(default)]
        one_way: bool,
    },
    /// Mends a link that was cut.
    Mend {
        /// One end.
        from: NodeId,
        /// The other end.
        to: NodeId,
        /// Only from `from` to `to`.
        #[serde(default)]
        one_way: bool,
    },
    /// Cuts all links of one node.
    Isolate {
        /// Which node.
        node: NodeId,
    },
    /// Cuts the cluster into groups that cannot reach each other, and mends the links within
    /// each. Nodes in no group form one more group together.
    Partition {
        /// The groups; no node is in two.
        groups: Vec<Vec<NodeId>>,
    },
    /// Mends every link.
    Heal {},
    /// Changes how a link, or every link, carries messages; what is left out stays as it is. The
    /// loss of every link is also that of what clients send and hear.
    Link {
        /// The sender's end; every node when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<NodeId>,
        /// The receiver's end; every node when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<NodeId>,
        /// Least and greatest latency in milliseconds.
        #[serde(
            default,
            rename = "latency_ms",
            skip_serializing_if = "Option::is_none"
        )]
        latency: Option<[Micros; 2]>,
        /// The share of messages lost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        loss: Option<Ratio>,
        /// The share of messages delivered twice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        duplicate: Option<Ratio>,
        /// The share of messages that may overtake those before them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reorder: Option<Ratio>,
    },
    /// Switches manual delivery: when on, messages between nodes wait until they are delivered.
    /// Switching it off sends the waiting ones on their way.
    Manual {
        /// On or off.
        on: bool,
    },
    /// Delivers a message now, whether it waits or is under way.
    Deliver(Pick),
    /// Loses a message that waits or is under way.
    Drop(Pick),
    /// Makes a second copy of a message that waits or is under way; it waits, or arrives after
    /// a latency of its own.
    Duplicate(Pick),
    /// Makes a message arrive later.
    Delay {
        /// The message.
        message: u32,
        /// By how many milliseconds.
        #[serde(rename = "by_ms")]
        by: Micros,
    },
    /// A client asks for something.
    Request {
        /// Which node is asked first; the client's own choice when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<NodeId>,
        /// Which client asks; one that is used by nothing else when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<ClientId>,
        /// The operation, in the protocol's own form: `{ "put": ["x", 1] }`.
        op: Value,
    },
    /// A timer goes off now, if it is set.
    Timeout {
        /// Whose timer.
        node: NodeId,
        /// Which timer, by its name in lower case; the one due next when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timer: Option<String>,
    },
    /// A new node starts with an empty disk and asks to become a member. It gets the next number.
    Join {},
    /// A member is asked to leave.
    Leave {
        /// Which node.
        node: NodeId,
    },
    /// A malformed message arrives at a node.
    Garbage {
        /// The node it arrives at.
        node: NodeId,
        /// Who seems to have sent it; may be no member at all.
        from: NodeId,
    },
    /// From now on chance falls otherwise: the same past, another future.
    Reseed {
        /// The seed of all chance from now on.
        seed: u64,
    },
    /// A node begins to misbehave, or keeps to its protocol again.
    Conduct {
        /// Which node.
        node: NodeId,
        /// In which ways, by the protocol's names for them; none for an honest node.
        ways: Vec<String>,
    },
}

/// Names a message: by its number in the run, or as the oldest one of a link and kind that
/// waits or is under way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pick {
    /// The message's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<u32>,
    /// The sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NodeId>,
    /// The receiver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NodeId>,
    /// The kind, in the protocol's words: `RequestVote`; `Request` and `Reply` are a client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// How many of the oldest that fit to pass over.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skip: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's way of asking
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// An action at its moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When it is done.
    pub at: Micros,
    /// Among what happens in the same microsecond: after that many entries of the run's agenda
    /// (arrivals, timers, alarms of clients), those included that came to nothing and left no
    /// event. Zero comes first. Set where a hand acted in the midst of a microsecond.
    pub after: u32,
    /// What is done.
    pub action: Action,
}

impl Action {
    /// The action's name, as its `do` gives it.
    pub const fn name(&self) -> &'static str {
        use Action::*;
        match self {
            Crash { .. } => "crash",
            Restart { .. } => "restart",
            Pause { .. } => "pause",
            Resume { .. } => "resume",
            PauseClient { .. } => "pause_client",
            ResumeClient { .. } => "resume_client",
            SkewClient { .. } => "skew_client",
            DiskLoss { .. } => "disk_loss",
            Skew { .. } => "skew",
            Cut { .. } => "cut",
            Mend { .. } => "mend",
            Isolate { .. } => "isolate",
            Partition { .. } => "partition",
            Heal {} => "heal",
            Link { .. } => "link",
            Manual { .. } => "manual",
            Deliver(_) => "deliver",
            Drop(_) => "drop",
            Duplicate(_) => "duplicate",
            Delay { .. } => "delay",
            Request { .. } => "request",
            Timeout { .. } => "timeout",
            Join {} => "join",
            Leave { .. } => "leave",
            Garbage { .. } => "garbage",
            Reseed { .. } => "reseed",
            Conduct { .. } => "conduct",
        }
    }

    /// The node that this is done to, if it is one.
    pub const fn node(&self) -> Option<NodeId> {
        use Action::*;
        match self {
            Crash { node }
            | Restart { node }
            | Pause { node }
            | Resume { node }
            | DiskLoss { node }
            | Skew { node, .. }
            | Isolate { node }
            | Timeout { node, .. }
            | Leave { node }
            | Garbage { node, .. }
            | Conduct { node, .. } => Some(*node),
            _ => None,
        }
    }

    /// The client that this is done to, if it is one.
    pub const fn client(&self) -> Option<ClientId> {
        use Action::*;
        match self {
            PauseClient { client } | ResumeClient { client } | SkewClient { client, .. } => {
                Some(*client)
            }
            _ => None,
        }
    }

    /// Calls `see` with each node that must be there for this action, and its JSON path.
    pub fn each_node<E>(
        &self,
        see: &mut dyn FnMut(&str, NodeId) -> Result<(), E>,
    ) -> Result<(), E> {
        use Action::*;
        match self {
            Cut { from, to, .. } | Mend { from, to, .. } => {
                see("from", *from)?;
                see("to", *to)
            }
            Link { from, to, .. }
            | Deliver(Pick { from, to, .. })
            | Drop(Pick { from, to, .. })
            | Duplicate(Pick { from, to, .. }) => {
                from.map_or(Ok(()), |node| see("from", node))?;
                to.map_or(Ok(()), |node| see("to", node))
            }
            Partition { groups } => {
                for (g, group) in groups.iter().enumerate() {
                    for (i, node) in group.iter().enumerate() {
                        see(&format!("groups[{g}][{i}]"), *node)?;
                    }
                }
                Ok(())
            }
            Request { node, .. } => node.map_or(Ok(()), |node| see("node", node)),
            _ => self.node().map_or(Ok(()), |node| see("node", node)),
        }
    }

    /// Whether the link is cut from now on, if that is changed.
    pub(super) fn cuts(&self, from: NodeId, to: NodeId) -> Option<bool> {
        use Action::*;
        let same = |ends: (&NodeId, &NodeId), one_way: bool| {
            ends == (&from, &to) || (!one_way && ends == (&to, &from))
        };
        match self {
            Cut {
                from: a,
                to: b,
                one_way,
            } => same((a, b), *one_way).then_some(true),
            Mend {
                from: a,
                to: b,
                one_way,
            } => same((a, b), *one_way).then_some(false),
            Isolate { node } => (from == *node || to == *node).then_some(true),
            Partition { groups } => {
                let group = |node| groups.iter().position(|group| group.contains(&node));
                Some(group(from) != group(to))
            }
            Heal {} => Some(false),
            _ => None,
        }
    }

    /// What is new on a link, in words.
    fn conditions(&self) -> String {
        let Action::Link {
            latency,
            loss,
            duplicate,
            reorder,
            ..
        } = self
        else {
            return String::new();
        };
        let time = latency.map(|[least, most]| match least == most {
            true => format!("messages take {} ms", most.as_ms()),
            false => format!("messages take {} to {} ms", least.as_ms(), most.as_ms()),
        });
        let shares = [
            (loss, "are lost"),
            (duplicate, "arrive twice"),
            (reorder, "may overtake others"),
        ];
        let share = |(share, what): (&Option<Ratio>, &str)| {
            let percent = f64::from((*share)?.millionths()) / 10_000.0;
            Some(format!("{percent} % {what}"))
        };
        let says: Vec<String> = time
            .into_iter()
            .chain(shares.into_iter().filter_map(share))
            .collect();
        match says.is_empty() {
            true => "as before".into(),
            false => says.join(", "),
        }
    }

    /// What is done, in one plain sentence without its final stop. There are so many nodes, and
    /// `tell` puts an operation into words.
    pub fn sentence(&self, nodes: usize, tell: &dyn Fn(&Value) -> String) -> String {
        use Action::*;
        match self {
            Crash { node } => format!("Node {node} crashes"),
            Restart { node } => format!("Node {node} is started again"),
            Pause { node } => format!("Node {node} is paused"),
            Resume { node } => format!("Node {node} goes on"),
            DiskLoss { node } => format!("Node {node} loses its disk"),
            Skew { .. } | PauseClient { .. } | ResumeClient { .. } | SkewClient { .. } => {
                self.sentence_of_time()
            }
            Cut {
                from,
                to,
                one_way: true,
            } => format!("The link {from} → {to} is cut"),
            Cut { from, to, .. } => format!("The link {from} – {to} is cut"),
            Mend {
                from,
                to,
                one_way: true,
            } => format!("The link {from} → {to} is mended"),
            Mend { from, to, .. } => format!("The link {from} – {to} is mended"),
            Isolate { node } => format!("Node {node} is cut off from all others"),
            Partition { groups } => format!("The network is cut into {}", parts(groups, nodes)),
            Heal {} => "Every link is mended".into(),
            Link { from, to, .. } => {
                let name = |node: &Option<NodeId>| node.map_or("any".into(), |n| n.to_string());
                let says = self.conditions();
                format!("On the link {} → {}: {says}", name(from), name(to))
            }
            Manual { on: true } => "Messages now wait to be delivered by hand".into(),
            Manual { on: false } => "Messages travel by themselves again".into(),
            Deliver(pick) => format!("Delivered by hand: {pick}"),
            Drop(pick) => format!("Dropped by hand: {pick}"),
            Duplicate(pick) => format!("Duplicated by hand: {pick}"),
            Delay { message, by } => format!("Message {message} is delayed by {by} ms"),
            Request { node, client, op } => {
                let who = client.map_or("A client".into(), |client| format!("Client {client}"));
                let whom = node.map_or(String::new(), |node| format!(" node {node}"));
                format!("{who} asks{whom}: {}", tell(op))
            }
            Timeout {
                node,
                timer: Some(timer),
            } => {
                let timer = timer.replace('_', " ");
                format!("The {timer} timer of node {node} goes off at once")
            }
            Timeout { node, .. } => format!("A timer of node {node} goes off at once"),
            Join {} => "A new node starts and asks to join".into(),
            Leave { node } => format!("Node {node} is asked to leave"),
            Garbage { node, from } => {
                format!("A malformed message, as if from node {from}, reaches node {node}")
            }
            Reseed { seed } => format!("From here on chance falls otherwise, by seed {seed}"),
            Conduct { node, ways } if ways.is_empty() => {
                format!("Node {node} keeps to the protocol from now on")
            }
            Conduct { node, ways } => {
                format!("Node {node} misbehaves from now on: {}", ways.join(", "))
            }
        }
    }
}

impl Action {
    /// [`Action::sentence`] of what is done to a clock or to a client.
    fn sentence_of_time(&self) -> String {
        let skewed = |whose: String, ahead: &Micros, drift: &i32| {
            format!("The clock of {whose} jumps {ahead} ms ahead and drifts {drift} ppm")
        };
        match self {
            Action::Skew {
                node,
                ahead,
                drift_ppm,
            } => skewed(format!("node {node}"), ahead, drift_ppm),
            Action::SkewClient {
                client,
                ahead,
                drift_ppm,
            } => skewed(format!("client {client}"), ahead, drift_ppm),
            Action::PauseClient { client } => format!("Client {client} stands still"),
            Action::ResumeClient { client } => format!("Client {client} goes on"),
            other => other.name().to_owned(),
        }
    }
}

/// What so many nodes are parted into: those in none of the groups hear each other.
fn parts(groups: &[Vec<NodeId>], nodes: usize) -> String {
    let in_none = |node: &NodeId| !groups.iter().any(|group| group.contains(node));
    let rest: Vec<NodeId> = NodeId::first(nodes).filter(in_none).collect();
    let all = groups.iter().chain([&rest]);
    let some = all.filter(|part| !part.is_empty());
    let names: Vec<_> = some.map(|part| in_braces(part)).collect();
    names.join(" and ")
}

fn in_braces(nodes: &[NodeId]) -> String {
    let names: Vec<_> = nodes.iter().map(NodeId::to_string).collect();
    format!("{{{}}}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(action: &Action) -> String {
        action.sentence(4, &Value::to_string)
    }

    #[test]
    fn each_part_of_a_network_that_is_cut_is_named() {
        let cases: [(&[&[u16]], &str); 3] = [
            (&[&[3, 1]], "{3, 1} and {0, 2}"),
            (&[&[0], &[1]], "{0} and {1} and {2, 3}"),
            (&[&[0, 1], &[2, 3]], "{0, 1} and {2, 3}"),
        ];
        for (groups, parts) in cases {
            let nodes = |group: &&[u16]| group.iter().copied().map(NodeId).collect();
            let groups = groups.iter().map(nodes).collect();
            let says = sentence(&Action::Partition { groups });
            assert_eq!(says, format!("The network is cut into {parts}"));
        }
    }

    #[test]
    fn how_long_messages_take_is_said_once() {
        let link = |least, most| {
            sentence(&Action::Link {
                from: Some(NodeId(2)),
                to: None,
                latency: Some([Micros::from_ms(least), Micros::from_ms(most)]),
                loss: None,
                duplicate: None,
                reorder: None,
            })
        };
        let name = "On the link 2 → any:";
        assert_eq!(link(3000, 3000), format!("{name} messages take 3000 ms"));
        assert_eq!(link(5, 20), format!("{name} messages take 5 to 20 ms"));
    }
}
