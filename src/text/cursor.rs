//! Cursors that stay where they were put while others edit: they hold on to an element, not to an
//! index.

use super::id::{ElementId, Id, ReplicaId};
use super::{Error, Extent, Replica};

/// Which neighbour a cursor holds on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// The scalar before it: text inserted at the cursor comes behind it.
    Before,
    /// The scalar behind it: text inserted at the cursor comes before it.
    After,
}

/// A place between two scalars that survives edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The element it holds on to; none is the edge of the document on that side.
    pub element: Option<ElementId>,
    /// On which side of the cursor that element is.
    pub bias: Bias,
}

impl Anchor {
    /// The anchor as bytes, to be sent along with one's name and colour.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.bias == Bias::After)];
        if let Some(element) = self.element {
            bytes.extend(element.replica.0.to_le_bytes());
            bytes.extend(element.seq.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`to_bytes`](Anchor::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Anchor, Error> {
        let (&side, rest) = bytes.split_first().ok_or(Error::Truncated)?;
        let bias = match side {
            0 => Bias::Before,
            1 => Bias::After,
            _ => return Err(Error::Corrupt("the side of an anchor")),
        };
        if rest.is_empty() {
            return Ok(Anchor {
                element: None,
                bias,
            });
        }
        let (name, seq) = rest.split_first_chunk::<8>().ok_or(Error::Truncated)?;
        let seq: [u8; 4] = seq.try_into().map_err(|_| Error::Truncated)?;
        Ok(Anchor {
            element: Some(ElementId {
                replica: ReplicaId(u64::from_le_bytes(*name)),
                seq: u32::from_le_bytes(seq),
            }),
            bias,
        })
    }
}

impl Replica {
    /// An anchor at scalar `index`.
    pub fn anchor(&mut self, index: usize, bias: Bias) -> Result<Anchor, Error> {
        let len = self.len();
        if index > len {
            return Err(Error::OutOfRange { index, len });
        }
        let neighbour = match bias {
            Bias::Before => index.checked_sub(1),
            Bias::After => (index < len).then_some(index),
        };
        let element = neighbour.map(|at| {
            let place = self.tree.visible(at as u32);
            let id = self.tree.id(place);
            ElementId {
                replica: self.log.name(id.agent),
                seq: id.seq,
            }
        });
        Ok(Anchor { element, bias })
    }

    /// An anchor at UTF-16 unit `index`.
    pub fn anchor_utf16(&mut self, index: usize, bias: Bias) -> Result<Anchor, Error> {
        let len = self.len_utf16();
        if index > len {
            return Err(Error::OutOfRange { index, len });
        }
        let chars = self.chars_at(index)?;
        self.anchor(chars, bias)
    }

    /// Where an anchor is now; `None` as long as its element has not come here.
    pub fn resolve(&mut self, anchor: &Anchor) -> Option<Extent> {
        let Some(element) = anchor.element else {
            return Some(match anchor.bias {
                Bias::Before => Extent::default(),
                Bias::After => self.tree.total().into(),
            });
        };
        let agent = self.log.find(element.replica)?;
        let seq = element.seq;
        let place = self.tree.locate(Id { agent, seq })?;
        let mut count = self.tree.before(place, &self.log.agents);
        let span = self.tree.span(place);
        if anchor.bias == Bias::Before && span.dels == 0 {
            count.chars += 1;
            count.wide += span.wide_in(place.offset, 1, &self.log.agents);
        }
        Some(count.into())
    }
}
