//! The network: what becomes of the n-th message on each link. It sees numbers, never bodies.

use crate::base::{Chance, Micros, NodeId, Ratio};
use serde::{Deserialize, Serialize};

/// How a link carries messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// Least and greatest latency in milliseconds; each message draws its own.
    #[serde(rename = "latency_ms")]
    pub latency: [Micros; 2],
    /// The share of messages lost.
    pub loss: Ratio,
    /// The share of messages delivered twice.
    pub duplicate: Ratio,
    /// The share of messages that may overtake those before them; the others keep their order.
    pub reorder: Ratio,
}

impl Default for Conditions {
    /// 5 to 15 ms, in order, nothing lost and nothing twice.
    fn default() -> Conditions {
        Conditions {
            latency: [Micros::from_ms(5), Micros::from_ms(15)],
            loss: Ratio::ZERO,
            duplicate: Ratio::ZERO,
            reorder: Ratio::ZERO,
        }
    }
}

/// What becomes of a message: when it arrives, or is lost half-way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fate {
    /// When it arrives or is lost; `NEVER` where it waits for manual delivery.
    pub due: Micros,
    /// Why it will be lost, if it will.
    pub lost: Option<Loss>,
    /// When a second copy arrives.
    pub copy_due: Option<Micros>,
}

/// Why a message did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Loss {
    /// The network lost it by chance.
    Chance,
    /// The link is cut.
    Cut,
    /// The receiver is down.
    Down,
    /// Somebody dropped it.
    ByHand,
    /// There is no such receiver.
    Nobody,
}

impl Loss {
    /// All reasons, in the order of their numbers.
    pub const ALL: [Loss; 5] = [
        Loss::Chance,
        Loss::Cut,
        Loss::Down,
        Loss::ByHand,
        Loss::Nobody,
    ];

    /// The reason in a few words, as it stands in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Loss::Chance => "lost by chance",
            Loss::Cut => "link cut",
            Loss::Down => "receiver down",
            Loss::ByHand => "dropped by hand",
            Loss::Nobody => "no such receiver",
        }
    }
}

/// One direction between two nodes.
#[derive(Clone, Copy, Debug)]
struct Link {
    chance: Chance,
    last_due: Micros,
    sent: u32,
    conditions: u32,
    cut: bool,
}

/// All links between nodes.
#[derive(Clone, Debug)]
pub(super) struct Network {
    chance: Chance,
    nodes: usize,
    /// `links[from * nodes + to]`.
    links: Vec<Link>,
    /// Conditions by number; 0 is what a link has unless told otherwise.
    conditions: Vec<Conditions>,
    cuts: usize,
    pub manual: bool,
    /// The share lost of what clients and nodes send each other.
    pub client_loss: Ratio,
}

impl Network {
    pub(super) fn new(seed: u64, nodes: usize, conditions: Conditions, manual: bool) -> Network {
        let chance = Chance::from_seed(seed).of(0x6c69_6e6b);
        let links = Vec::new();
        let mut network = Network {
            chance,
            nodes: 0,
            links,
            conditions: vec![conditions],
            cuts: 0,
            manual,
            client_loss: conditions.loss,
        };
        network.grow(nodes);
        network
    }

    /// Makes room for `nodes` nodes; links that are there stay as they are.
    pub(super) fn grow(&mut self, nodes: usize) {
        let old = std::mem::take(&mut self.links);
        let was = self.nodes;
        self.links = (0..nodes * nodes)
            .map(|place| match (place / nodes, place % nodes) {
                (from, to) if from < was && to < was => old[from * was + to],
                (from, to) => Link {
                    chance: self.chance.of(from as u64).of(to as u64),
                    last_due: Micros::ZERO,
                    sent: 0,
                    conditions: 0,
                    cut: false,
                },
            })
            .collect();
        self.nodes = nodes;
    }

    fn link_mut(&mut self, from: NodeId, to: NodeId) -> &mut Link {
        &mut self.links[from.index() * self.nodes + to.index()]
    }

    /// The fate of the next message on a link, sent now.
    pub(super) fn fate(&mut self, from: NodeId, to: NodeId, now: Micros) -> Fate {
        let place = from.index() * self.nodes + to.index();
        let Network {
            links,
            conditions,
            manual,
            ..
        } = self;
        let link = &mut links[place];
        let conditions = &conditions[link.conditions as usize];
        let n = u64::from(link.sent) * 8;
        link.sent += 1;
        let latency = |draw| {
            let [low, high] = conditions.latency;
            Micros(link.chance.between(n + draw, low.0, high.0))
        };
        let travel = latency(0);
        if link.cut || link.chance.happens(n + 1, conditions.loss) {
            let why = if link.cut { Loss::Cut } else { Loss::Chance };
            let due = now + Micros(travel.0 / 2);
            return Fate {
                due,
                lost: Some(why),
                copy_due: None,
            };
        }
        if *manual {
            return Fate {
                due: Micros::NEVER,
                lost: None,
                copy_due: None,
            };
        }
        let mut due = now + travel;
        if !link.chance.happens(n + 2, conditions.reorder) {
            due = due.max(link.last_due);
            link.last_due = due;
        }
        let twice = link.chance.happens(n + 3, conditions.duplicate);
        Fate {
            due,
            lost: None,
            copy_due: twice.then(|| now + travel + latency(4)),
        }
    }

    /// A latency for a copy made by hand, or for a message let go: the link's next.
    pub(super) fn latency(&mut self, from: NodeId, to: NodeId) -> Micros {
        let place = from.index() * self.nodes + to.index();
        let link = &mut self.links[place];
        let [low, high] = self.conditions[link.conditions as usize].latency;
        let n = u64::from(link.sent) * 8;
        link.sent += 1;
        Micros(link.chance.between(n + 5, low.0, high.0))
    }

    pub(super) fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        let known = from.index() < self.nodes && to.index() < self.nodes;
        self.cuts > 0 && known && self.links[from.index() * self.nodes + to.index()].cut
    }

    /// Whether no link is cut, loses anything, lets messages overtake or is slower than at first, and
    /// none waits for a hand.
    #[cfg(feature = "hunt")]
    pub(super) fn is_whole(&self) -> bool {
        let bad = |link: &Link| {
            let now = &self.conditions[link.conditions as usize];
            let slow = now.latency[1] > self.conditions[0].latency[1];
            slow || now.loss > Ratio::ZERO || now.reorder > Ratio::ZERO
        };
        self.cuts == 0
            && !self.manual
            && self.client_loss == Ratio::ZERO
            && !self.links.iter().any(bad)
    }

    /// From now on chance falls otherwise.
    pub(super) fn reseed(&mut self, seed: u64) {
        self.chance = Chance::from_seed(seed).of(0x6c69_6e6b);
        let nodes = self.nodes.max(1);
        for (place, link) in self.links.iter_mut().enumerate() {
            let (from, to) = (place / nodes, place % nodes);
            link.chance = self.chance.of(from as u64).of(to as u64);
        }
    }

    /// Cuts or mends the links of which `cuts` says so.
    pub(super) fn set_cuts(&mut self, cuts: impl Fn(NodeId, NodeId) -> Option<bool>) {
        for from in NodeId::first(self.nodes) {
            for to in NodeId::first(self.nodes) {
                if from != to
                    && let Some(cut) = cuts(from, to)
                {
                    self.link_mut(from, to).cut = cut;
                }
            }
        }
        self.cuts = self.links.iter().filter(|link| link.cut).count();
    }

    /// The directed links that are cut.
    pub(super) fn cut_links(&self) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        let places = if self.cuts == 0 { 0 } else { self.links.len() };
        (0..places)
            .filter(|&place| self.links[place].cut)
            .map(|place| {
                (
                    NodeId((place / self.nodes) as u16),
                    NodeId((place % self.nodes) as u16),
                )
            })
    }

    /// Changes the conditions of the links that `which` picks out.
    pub(super) fn set_conditions(
        &mut self,
        change: impl Fn(&mut Conditions),
        which: impl Fn(NodeId, NodeId) -> bool,
    ) {
        for from in NodeId::first(self.nodes) {
            for to in NodeId::first(self.nodes) {
                if from == to || !which(from, to) {
                    continue;
                }
                let known = self.link_mut(from, to).conditions;
                let mut changed = self.conditions[known as usize];
                change(&mut changed);
                let number = self.conditions.iter().position(|known| *known == changed);
                let number = number.unwrap_or_else(|| {
                    self.conditions.push(changed);
                    self.conditions.len() - 1
                });
                self.link_mut(from, to).conditions = number as u32;
            }
        }
    }

    /// Roughly how many bytes a clone takes.
    pub(super) fn weight(&self) -> usize {
        self.links.len() * size_of::<Link>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);

    fn ratio(parts: u32) -> Ratio {
        Ratio::from_millionths(parts).expect("at most one million")
    }

    #[test]
    fn the_fate_of_a_message_depends_on_its_link_and_number_alone() {
        let mut one = Network::new(5, 3, Conditions::default(), false);
        let mut two = Network::new(5, 3, Conditions::default(), false);
        let fates: Vec<_> = (0..50).map(|_| one.fate(A, B, Micros::ZERO)).collect();
        for fate in fates {
            two.fate(B, A, Micros(3));
            assert_eq!(two.fate(A, B, Micros::ZERO), fate);
        }
    }

    #[test]
    fn links_keep_their_order_unless_told_otherwise() {
        let mut network = Network::new(5, 2, Conditions::default(), false);
        let dues: Vec<_> = (0..200)
            .map(|t| network.fate(A, B, Micros(t)).due)
            .collect();
        assert!(dues.is_sorted());
        network.set_conditions(|c| c.reorder = ratio(1_000_000), |_, _| true);
        let dues: Vec<_> = (0..200)
            .map(|t| network.fate(A, B, Micros(t)).due)
            .collect();
        assert!(!dues.is_sorted());
    }

    #[test]
    fn cuts_are_one_way_and_survive_growth() {
        let mut network = Network::new(5, 2, Conditions::default(), false);
        network.set_cuts(|from, to| ((from, to) == (A, B)).then_some(true));
        network.grow(3);
        assert_eq!(network.fate(A, B, Micros::ZERO).lost, Some(Loss::Cut));
        assert_eq!(network.fate(B, A, Micros::ZERO).lost, None);
        assert_eq!(network.cut_links().collect::<Vec<_>>(), [(A, B)]);
        network.set_cuts(|_, _| Some(false));
        assert!(!network.is_cut(A, B));
    }

    #[cfg(feature = "hunt")]
    #[test]
    fn a_network_that_is_slower_or_reorders_is_not_whole() {
        type Change = fn(&mut Conditions);
        let changes: [(Change, bool); 4] = [
            (|_| (), true),
            (|c| c.latency = [Micros::ZERO; 2], true),
            (|c| c.latency[1] = Micros::from_ms(3_000), false),
            (|c| c.reorder = ratio(1), false),
        ];
        for (change, whole) in changes {
            let mut network = Network::new(9, 2, Conditions::default(), false);
            network.set_conditions(change, |from, _| from == A);
            assert_eq!(network.is_whole(), whole);
        }
    }

    #[test]
    fn loss_and_duplication_come_as_often_as_asked() {
        let conditions = Conditions {
            loss: ratio(200_000),
            duplicate: ratio(100_000),
            ..Default::default()
        };
        let mut network = Network::new(9, 2, conditions, false);
        let fates: Vec<_> = (0..10_000)
            .map(|_| network.fate(A, B, Micros::ZERO))
            .collect();
        let lost = fates.iter().filter(|fate| fate.lost.is_some()).count();
        let twice = fates.iter().filter(|fate| fate.copy_due.is_some()).count();
        assert!((1_850..2_150).contains(&lost), "{lost}");
        assert!((700..900).contains(&twice), "{twice}");
    }
}
