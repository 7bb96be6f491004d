//! A run as a space-time diagram: the events and messages of a stretch of time as numbers, and, of
//! a stretch with too many to draw, how much happened in each part of it. Either costs what is
//! asked for, however long the run is. docs/SCENARIO.md gives the layouts.

use super::action::Action;
use super::network::Loss;
use super::run::Run;
use super::trace::{Body, Event, EventKind, NONE, Peer, Place};
use crate::base::{Class, Core, Micros, Milestone, NodeId, Wire};

/// Numbers at the head of a window.
const HEADER: usize = 6;

/// Numbers of a message, and which of them says when it ends.
const FLIGHT: usize = 10;
const DUE: usize = 6;

/// The place of what happens to the world at large, in numbers.
const WORLD: f64 = 65535.0;

/// Messages under way all through a window are looked for among so many that were sent last
/// before it.
const LOOK_BACK: usize = 20_000;

/// A window holds at most so many messages for each event that it may hold.
const FLIGHTS_PER_EVENT: usize = 4;

/// Events in a block of the overview: few enough that a cell counts them in a byte.
const BLOCK: usize = 128;

/// So many blocks at the end are counted each time anew: what comes of a heartbeat is seen later.
const OPEN_BLOCKS: usize = 64;

/// What comes of a heartbeat is followed over so many messages, each sent when the one before arrived.
const FOLLOWED: u8 = 8;

/// How much happened at one place in some stretch of the trace, with heartbeats and without.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    count: [u8; 2],
    mask: [u8; 2],
}

/// How much happened in each block of the trace at each place. It is made when somebody first
/// looks, and follows the trace then.
#[derive(Clone, Debug, Default)]
pub(super) struct Overview {
    lanes: usize,
    cells: Vec<Cell>,
}

impl Overview {
    fn blocks(&self) -> usize {
        self.cells.len().checked_div(self.lanes).unwrap_or(0)
    }

    /// Forgets what may be different once the trace is cut after its first `events` events.
    pub(super) fn cut(&mut self, events: u32) {
        self.cells
            .truncate(closed_blocks(events as usize) * self.lanes);
    }
}

impl<C: Core> Run<C> {
    /// Writes the events and messages of a stretch of time, unless there are more than `most`
    /// events in it.
    pub(super) fn window_of(&self, from: Micros, to: Micros, most: u32, out: &mut Vec<f64>) {
        let events = &self.trace.events;
        let first = events.partition_point(|event| event.at < from);
        let end = first + events[first..].partition_point(|event| event.at <= to);
        let total = end - first;
        out.clear();
        let (nodes, clients) = (self.world.nodes.len(), self.world.client_count());
        out.extend([total as f64, 0.0, 0.0, nodes as f64, clients as f64, 0.0]);
        debug_assert_eq!(out.len(), HEADER);
        if total > most as usize {
            return;
        }
        out[1] = total as f64;
        for id in first..end {
            out.extend(self.event_numbers(id));
        }
        self.flights_within(first, end, most as usize * FLIGHTS_PER_EVENT, out);
    }

    /// Writes the messages that were under way at some time between two events.
    fn flights_within(&self, first: usize, end: usize, most: usize, out: &mut Vec<f64>) {
        let flights = &self.trace.flights;
        let sent = flights.partition_point(|flight| (flight.sent_by as usize) < first);
        let later = flights.partition_point(|flight| (flight.sent_by as usize) < end);
        let mut numbers: Vec<u32> = (sent.saturating_sub(LOOK_BACK)..sent)
            .filter(|number| {
                let ended = flights[*number].ended;
                ended == NONE || ended as usize >= end
            })
            .map(|number| number as u32)
            .collect();
        let spanning = numbers.len();
        for event in &self.trace.events[first..end] {
            if let EventKind::Deliver(number) | EventKind::Lose(number, _) = event.kind
                && (number as usize) < sent
            {
                numbers.push(number);
            }
        }
        let before = numbers.len();
        numbers.extend(sent as u32..later as u32);
        let count = numbers.len().min(most);
        out[2] = count as f64;
        out[5] = (numbers.len() - count) as f64;
        let start = out.len();
        for number in &numbers[..count] {
            out.extend(self.flight_numbers(*number));
        }
        // When those under way will arrive, the world alone knows.
        for (_, flying) in self.world.flying.iter() {
            let number = flying.flight as usize;
            let row = if number >= sent {
                Some(before + number - sent)
            } else {
                numbers[..spanning].binary_search(&flying.flight).ok()
            };
            let open = flights[number].ended == NONE && flying.due < Micros::NEVER;
            if let Some(row) = row.filter(|row| *row < count && open) {
                out[start + row * FLIGHT + DUE] = flying.due.as_ms();
            }
        }
    }

    fn event_numbers(&self, id: usize) -> [f64; 7] {
        let event = &self.trace.events[id];
        let about = match event.kind {
            EventKind::Deliver(flight) | EventKind::Lose(flight, _) => f64::from(flight),
            _ => -1.0,
        };
        [
            id as f64,
            event.at.as_ms(),
            place_number(event.place()),
            f64::from(self.code_of(event)),
            number_of(event.cause),
            about,
            f64::from(u8::from(self.is_quiet(id)) + 2 * u8::from(event.begins_step)),
        ]
    }

    fn flight_numbers(&self, number: u32) -> [f64; FLIGHT] {
        let flight = &self.trace.flights[number as usize];
        let ending = self.trace.events.get(flight.ended as usize);
        let end_ms = ending.map(|event| event.at.as_ms());
        let lost = match ending.map(|event| event.kind) {
            Some(EventKind::Lose(_, Loss::Down | Loss::Nobody)) => 2 + 16,
            Some(EventKind::Lose(..)) => 2,
            _ => 0,
        };
        let (kind, epoch, reply) = match &flight.body {
            Body::Message(message) => (
                message.kind() as f64,
                message.epoch() as f64,
                message.is_reply(),
            ),
            Body::Request(_) => (-1.0, 0.0, false),
            Body::Reply(_) => (-2.0, 0.0, true),
        };
        let flags = u8::from(reply)
            + lost
            + 4 * u8::from(flight.copy)
            + 8 * u8::from(self.is_quiet_flight(number));
        let sent = self.trace.events.get(flight.sent_by as usize);
        [
            f64::from(number),
            peer_number(flight.from()),
            peer_number(flight.to()),
            number_of(flight.sent_by),
            sent.map_or(0.0, |event| event.at.as_ms()),
            number_of(flight.ended),
            end_ms.unwrap_or(-1.0),
            kind,
            epoch,
            f64::from(flags),
        ]
    }

    /// What an event is, in one number.
    fn code_of(&self, event: &Event<C::Timer>) -> u8 {
        match event.kind {
            EventKind::Boot => 0,
            EventKind::Deliver(_) => 1,
            EventKind::Lose(..) => 2,
            EventKind::Fire(_) => 3,
            EventKind::Request(_) => 4,
            EventKind::Retry(_) => 5,
            EventKind::Answer(_) => 6,
            EventKind::Refused(_) => 7,
            EventKind::GiveUp(_) => 8,
            EventKind::Milestone(fact) => match self.trace.milestones[fact as usize].class() {
                Class::Leadership => 10,
                Class::Decision => 11,
                Class::Change => 12,
                Class::Step | Class::Quiet => 9,
            },
            EventKind::Ignore(_) => 13,
            EventKind::Violation(_) => 14,
            EventKind::Action(_, false) => 15,
            EventKind::Action(..) => 20 + self.mark_of(event).map_or(0, |mark| mark as u8),
        }
    }

    /// Whether a message only tells that its sender is there, or answers one that does.
    fn is_heartbeat(&self, number: u32) -> bool {
        let flight = &self.trace.flights[number as usize];
        let Body::Message(message) = &flight.body else {
            return false;
        };
        if message.is_heartbeat() || !message.is_reply() {
            return message.is_heartbeat();
        }
        match self.trace.events.get(flight.sent_by as usize) {
            Some(event) => match event.kind {
                EventKind::Deliver(asked) => match &self.trace.flights[asked as usize].body {
                    Body::Message(asked) => asked.is_heartbeat(),
                    _ => false,
                },
                _ => false,
            },
            None => false,
        }
    }

    /// Whether an event is a heartbeat's: it arrives or is sent, and nothing else comes of it.
    fn is_quiet(&self, id: usize) -> bool {
        self.is_quiet_within(id, FOLLOWED)
    }

    /// Nor does anything come of what is sent in it: what is shown is shown with where it began.
    fn is_quiet_within(&self, id: usize, followed: u8) -> bool {
        let event = &self.trace.events[id];
        let next = self.trace.events.get(id + 1);
        if !event.begins_step || next.is_some_and(|next| !next.begins_step) {
            return false;
        }
        let fires = match event.kind {
            EventKind::Deliver(flight) if self.is_heartbeat(flight) => false,
            EventKind::Fire(_) => true,
            _ => return false,
        };
        let flights = &self.trace.flights;
        let first = flights.partition_point(|flight| (flight.sent_by as usize) < id);
        let sent = flights[first..].iter();
        let count = sent
            .take_while(|flight| flight.sent_by as usize == id)
            .count();
        (count > 0 || !fires)
            && (first..first + count)
                .all(|flight| self.is_quiet_flight_within(flight as u32, followed))
    }

    /// Whether a message is a heartbeat that nothing came of.
    fn is_quiet_flight(&self, number: u32) -> bool {
        self.is_quiet_flight_within(number, FOLLOWED)
    }

    fn is_quiet_flight_within(&self, number: u32, followed: u8) -> bool {
        let ended = self.trace.flights[number as usize].ended as usize;
        let ending = self.trace.events.get(ended);
        self.is_heartbeat(number)
            && ending.is_none_or(|event| match event.kind {
                EventKind::Deliver(_) => followed > 0 && self.is_quiet_within(ended, followed - 1),
                _ => false,
            })
    }

    /// Writes how much happened at each place in `count` parts of time of a certain `width`.
    pub(super) fn bins_of(
        &mut self,
        (from, width, count): (Micros, Micros, u32),
        quiet: bool,
        out: &mut Vec<f64>,
    ) {
        self.look_over();
        let (nodes, clients) = (self.world.nodes.len(), self.world.client_count());
        let lanes = nodes + clients;
        out.clear();
        out.extend([nodes as f64, clients as f64, 0.0, 0.0]);
        let mut sums = vec![(0u32, 0u8); lanes];
        let events = &self.trace.events;
        let mut first = events.partition_point(|event| event.at < from);
        for bin in 1..=u64::from(count) {
            let until = Micros(from.0.saturating_add(width.0.saturating_mul(bin)));
            // The width of a step rather than of the run: parts are often short.
            let mut step = BLOCK;
            while first + step < events.len() && events[first + step].at < until {
                step *= 2;
            }
            let reach = events.len().min(first + step + 1);
            let end = first + events[first..reach].partition_point(|event| event.at < until);
            sums.fill((0, 0));
            self.add_up(first, end, usize::from(quiet), &mut sums);
            for (sum, mask) in &sums {
                out[2] = out[2].max(f64::from(*sum));
                out.push(f64::from(*mask) * 16_777_216.0 + f64::from((*sum).min(0xff_ffff)));
            }
            out[3] += (end - first) as f64;
            first = end;
        }
    }

    /// Adds the events `first..end` to the sums of their places.
    fn add_up(&self, first: usize, end: usize, which: usize, sums: &mut [(u32, u8)]) {
        let Overview { lanes, cells } = &self.overview;
        let mut id = first;
        while id < end {
            let block = id / BLOCK;
            if id.is_multiple_of(BLOCK) && id + BLOCK <= end && block < self.overview.blocks() {
                let row = &cells[block * lanes..(block + 1) * lanes];
                for (sum, cell) in sums.iter_mut().zip(row) {
                    sum.0 += u32::from(cell.count[which]);
                    sum.1 |= cell.mask[which];
                }
                id += BLOCK;
                continue;
            }
            if let Some(lane) = self.lane_of(id)
                && (which == 0 || !self.is_quiet(id))
                && let Some(sum) = sums.get_mut(lane)
            {
                sum.0 += 1;
                sum.1 |= self.bit_of(id);
            }
            id += 1;
        }
    }

    /// Brings the overview up to the trace, as far as it is told by blocks.
    fn look_over(&mut self) {
        let lanes = self.world.nodes.len() + self.world.client_count();
        if self.overview.lanes != lanes {
            self.overview = Overview {
                lanes,
                cells: Vec::new(),
            };
        }
        let whole = closed_blocks(self.trace.events.len());
        for block in self.overview.blocks()..whole {
            let mut row = vec![Cell::default(); lanes];
            for id in block * BLOCK..(block + 1) * BLOCK {
                let Some(cell) = self.lane_of(id).and_then(|lane| row.get_mut(lane)) else {
                    continue;
                };
                let bit = self.bit_of(id);
                cell.count[0] += 1;
                cell.mask[0] |= bit;
                if !self.is_quiet(id) {
                    cell.count[1] += 1;
                    cell.mask[1] |= bit;
                }
            }
            self.overview.cells.extend(row);
        }
    }

    fn lane_of(&self, id: usize) -> Option<usize> {
        match self.trace.events[id].place() {
            Place::Node(node) => Some(usize::from(node)),
            Place::Client(client) => Some(self.world.nodes.len() + usize::from(client)),
            Place::World => None,
        }
    }

    fn bit_of(&self, id: usize) -> u8 {
        match self.code_of(&self.trace.events[id]) {
            2 => 2,
            3 => 4,
            4..=8 => 8,
            10 => 16,
            11 => 32,
            12 => 64,
            14 | 20.. => 128,
            _ => 1,
        }
    }

    /// Writes when places began, ceased, stood still and went on, by the events from `from` on.
    pub(super) fn lives_of(&self, from: u32, out: &mut Vec<f64>) {
        out.clear();
        let from = (from as usize).min(self.trace.events.len());
        for (offset, event) in self.trace.events[from..].iter().enumerate() {
            let found = match event.kind {
                EventKind::Boot => Some((event.place(), 1.0)),
                EventKind::Action(number, true) => life_of(&self.trace.actions[number as usize]),
                _ => None,
            };
            if let Some((place, code)) = found {
                let id = (from + offset) as f64;
                out.extend([id, event.at.as_ms(), place_number(place), code]);
            }
        }
    }
}

/// How many blocks are counted for good, of a trace of so many events.
fn closed_blocks(events: usize) -> usize {
    (events.saturating_sub(1) / BLOCK).saturating_sub(OPEN_BLOCKS)
}

/// What an action does to the life of a node or a client.
fn life_of(action: &Action) -> Option<(Place, f64)> {
    match action {
        Action::Crash { node } | Action::DiskLoss { node } => Some((Place::Node(node.0), 2.0)),
        Action::Pause { node } => Some((Place::Node(node.0), 3.0)),
        Action::Resume { node } => Some((Place::Node(node.0), 4.0)),
        Action::PauseClient { client } => Some((Place::Client(*client as u16), 3.0)),
        Action::ResumeClient { client } => Some((Place::Client(*client as u16), 4.0)),
        _ => None,
    }
}

/// An event's number, or -1 for none.
fn number_of(event: u32) -> f64 {
    if event == NONE {
        -1.0
    } else {
        f64::from(event)
    }
}

fn place_number(place: Place) -> f64 {
    match place {
        Place::Node(node) => f64::from(node),
        Place::Client(client) => -f64::from(client) - 1.0,
        Place::World => WORLD,
    }
}

fn peer_number(peer: Peer) -> f64 {
    match peer {
        Peer::Node(NodeId(node)) => f64::from(node),
        Peer::Client(client) => -f64::from(client) - 1.0,
    }
}
