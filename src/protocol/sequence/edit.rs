//! What a node does for its clients: at once, whoever else is there.

use super::message::Message;
use super::milestone::{Change, How, Milestone};
use super::op::{DOCUMENT_MAX, Delete, Insert, Op, Refusal, Reply};
use super::state::Sequence;
use crate::base::{ClientId, Effects, RequestId};
use crate::text::{Bias, Edit, Replica};
use std::sync::Arc;

/// What an edit did: how, and what it changed.
type Made = (How, Vec<Change>);

impl Sequence {
    pub(super) fn on_request(&mut self, id: RequestId, op: &Op, out: &mut Effects<Sequence>) {
        // A retry is answered as the first time, and not carried out again.
        match self.sessions.get(&id.client) {
            Some((serial, reply)) if *serial == id.serial => return out.reply(id, reply.clone()),
            Some((serial, _)) if *serial > id.serial => return out.ignore("an old request"),
            _ => {}
        }
        let reply = match self.carry_out(id.client, op) {
            Ok(made) => {
                self.tell(id, made, out);
                match op {
                    Op::Read => Reply::Text(self.document.text().into()),
                    _ => Reply::Done {
                        len: self.document.len() as u32,
                        cursor: self.cursor(id.client),
                    },
                }
            }
            Err(refusal) => Reply::Refused(refusal),
        };
        let sessions = Arc::make_mut(&mut self.sessions);
        sessions.insert(id.client, (id.serial, reply.clone()));
        out.reply(id, reply);
    }

    /// Before which letter a client's cursor stands: at the end until it was moved.
    pub(super) fn cursor(&mut self, client: ClientId) -> u32 {
        let anchor = self.cursors.get(&client).copied();
        let found = anchor.and_then(|anchor| Arc::make_mut(&mut self.document).resolve(&anchor));
        found.map_or(self.document.len(), |extent| extent.chars) as u32
    }

    fn carry_out(&mut self, client: ClientId, op: &Op) -> Result<Option<Made>, Refusal> {
        match op {
            Op::Insert(Insert { at, text }) => {
                let at = at.unwrap_or_else(|| self.cursor(client));
                if self.document.history_len() >= DOCUMENT_MAX as u64 {
                    return Err(Refusal::Full);
                }
                let document = Arc::make_mut(&mut self.document);
                let done = document.insert(at as usize, text);
                done.map_err(|_| refusal(document, at, 0))?;
                self.place(client, at as usize + text.chars().count());
                let change = Change {
                    at,
                    deleted: 0,
                    text: Arc::clone(text),
                };
                Ok(Some((How::Insert, vec![change])))
            }
            Op::Delete(Delete { at, len }) => {
                let (at, len) = match at {
                    Some(at) => (*at, *len),
                    None => {
                        let cursor = self.cursor(client);
                        let at = cursor.saturating_sub(*len);
                        (at, cursor - at)
                    }
                };
                let document = Arc::make_mut(&mut self.document);
                let done = document.delete(at as usize, len as usize);
                done.map_err(|_| refusal(document, at, len))?;
                self.place(client, at as usize);
                let change = Change {
                    at,
                    deleted: len,
                    text: "".into(),
                };
                Ok(Some((How::Delete, vec![change])))
            }
            Op::Undo => {
                let patches = Arc::make_mut(&mut self.document).undo();
                let changes: Vec<Change> = patches.iter().map(Change::of).collect();
                Ok(Some((How::Undo, changes)))
            }
            Op::Move(to) => {
                self.place(client, (*to as usize).min(self.document.len()));
                Ok(None)
            }
            Op::Read => Ok(None),
        }
    }

    /// Puts a client's cursor: it holds on to the letter before it, whatever others do.
    fn place(&mut self, client: ClientId, at: usize) {
        let anchor = Arc::make_mut(&mut self.document).anchor(at, Bias::Before);
        if let Ok(anchor) = anchor {
            Arc::make_mut(&mut self.cursors).insert(client, anchor);
        }
    }

    /// Tells everybody what a client has done here.
    fn tell(&mut self, request: RequestId, made: Option<Made>, out: &mut Effects<Sequence>) {
        let Some((how, changes)) = made else { return };
        let edits: Arc<[Edit]> = Arc::make_mut(&mut self.document).take_edits().into();
        if edits.is_empty() {
            return; // Nothing to erase, or to take back.
        }
        // Each request is a step of undo by itself.
        Arc::make_mut(&mut self.document).seal_step();
        self.grow();
        out.milestone(Milestone::Wrote {
            request,
            how,
            changes: changes.into(),
            edits: Arc::clone(&edits),
        });
        if self.options.push {
            for other in &self.others {
                out.send(other.node, Message::Edits(Arc::clone(&edits)));
            }
        }
    }
}

/// Why the document refuses an edit.
fn refusal(document: &Replica, at: u32, len: u32) -> Refusal {
    let (end, held) = (u64::from(at) + u64::from(len), document.len() as u32);
    match end > u64::from(held) {
        true => Refusal::BeyondEnd { end, len: held },
        false => Refusal::Full,
    }
}
