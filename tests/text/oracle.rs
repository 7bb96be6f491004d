//! FugueMax in the plainest way: the tree of the paper, one node a scalar, walked in full for every
//! question. It shares no code with `src/text` and is what that is compared with.

use std::collections::BTreeMap;

/// A scalar's or deletion's identity: whose, and which.
pub type Name = (u64, u32);

/// What one replica tells another.
#[derive(Clone, Debug)]
pub enum Message {
    /// A new node of the tree, as its author placed it.
    Insert {
        /// Its identity.
        name: Name,
        /// The node it hangs from; none is the root.
        parent: Option<Name>,
        /// Whether it hangs there as a right child.
        is_right: bool,
        /// What stood behind it when it was made; none is the end.
        right_origin: Option<Name>,
        /// The scalar.
        scalar: char,
    },
    /// A scalar is deleted.
    Delete {
        /// The identity of the deletion.
        name: Name,
        /// Which scalar.
        target: Name,
    },
}

impl Message {
    fn name(&self) -> Name {
        match self {
            Message::Insert { name, .. } | Message::Delete { name, .. } => *name,
        }
    }
}

#[derive(Clone, Debug)]
struct Node {
    name: Option<Name>,
    scalar: char,
    deleted: bool,
    right_origin: Option<Name>,
    /// Children to the left and to the right, each in order.
    children: [Vec<usize>; 2],
}

/// A replica that is slow and plainly right.
#[derive(Clone, Debug)]
pub struct Oracle {
    me: u64,
    /// Node 0 is the root.
    nodes: Vec<Node>,
    history: Vec<Message>,
    known: BTreeMap<u64, u32>,
    /// Sorts right siblings by identity alone, as Fugue does.
    plain_fugue: bool,
}

impl Oracle {
    /// An empty document.
    pub fn new(me: u64) -> Oracle {
        let root = Node {
            name: None,
            scalar: ' ',
            deleted: true,
            right_origin: None,
            children: [Vec::new(), Vec::new()],
        };
        Oracle {
            me,
            nodes: vec![root],
            history: Vec::new(),
            known: BTreeMap::new(),
            plain_fugue: false,
        }
    }

    /// An empty document, ordered by Fugue rather than FugueMax.
    pub fn fugue(me: u64) -> Oracle {
        Oracle {
            plain_fugue: true,
            ..Oracle::new(me)
        }
    }

    /// All nodes but the root, in order.
    fn order(&self) -> Vec<usize> {
        // Typing makes chains as long as the text, so the walk keeps a stack of its own.
        let mut order = Vec::new();
        let mut stack = vec![(0, false)];
        while let Some((node, left_done)) = stack.pop() {
            let [left, right] = &self.nodes[node].children;
            if left_done {
                order.push(node);
                stack.extend(right.iter().rev().map(|&kid| (kid, false)));
            } else {
                stack.push((node, true));
                stack.extend(left.iter().rev().map(|&kid| (kid, false)));
            }
        }
        order.retain(|&node| node != 0);
        order
    }

    fn visible(&self) -> Vec<usize> {
        let mut order = self.order();
        order.retain(|&node| !self.nodes[node].deleted);
        order
    }

    /// The visible text.
    pub fn text(&self) -> String {
        let visible = self.visible();
        visible.iter().map(|&n| self.nodes[n].scalar).collect()
    }

    /// How many operations of `replica` are known.
    pub fn known(&self, replica: u64) -> u32 {
        self.known.get(&replica).copied().unwrap_or(0)
    }

    fn find(&self, name: Option<Name>) -> usize {
        let found = self.nodes.iter().position(|node| node.name == name);
        found.expect("the node is known")
    }

    fn next_name(&self) -> Name {
        (self.me, self.known(self.me))
    }

    /// Inserts a scalar before the `index`-th visible one (the paper's `insert`).
    pub fn insert(&mut self, index: usize, scalar: char) {
        let order = self.order();
        let left_origin = match index {
            0 => 0,
            _ => self.visible()[index - 1],
        };
        let behind = match left_origin {
            0 => 0,
            _ => order
                .iter()
                .position(|&n| n == left_origin)
                .map_or(0, |at| at + 1),
        };
        let right_origin = order.get(behind).and_then(|&n| self.nodes[n].name);
        let is_right = self.nodes[left_origin].children[1].is_empty();
        let parent = if is_right {
            self.nodes[left_origin].name
        } else {
            right_origin
        };
        self.receive(&Message::Insert {
            name: self.next_name(),
            parent,
            is_right,
            right_origin,
            scalar,
        });
    }

    /// Deletes the `index`-th visible scalar.
    pub fn delete(&mut self, index: usize) {
        let node = self.visible()[index];
        if let Some(target) = self.nodes[node].name {
            let name = self.next_name();
            self.receive(&Message::Delete { name, target });
        }
    }

    /// Takes in what another replica knows.
    pub fn merge(&mut self, other: &Oracle) {
        for message in &other.history {
            let (author, number) = message.name();
            if number >= self.known(author) {
                self.receive(message);
            }
        }
    }

    fn receive(&mut self, message: &Message) {
        let (author, number) = message.name();
        self.known.insert(author, number + 1);
        self.history.push(message.clone());
        match *message {
            Message::Delete { target, .. } => {
                let node = self.find(Some(target));
                self.nodes[node].deleted = true;
            }
            Message::Insert {
                name,
                parent,
                is_right,
                right_origin,
                scalar,
            } => {
                let parent = self.find(parent);
                let new = self.nodes.len();
                self.nodes.push(Node {
                    name: Some(name),
                    scalar,
                    deleted: false,
                    right_origin,
                    children: [Vec::new(), Vec::new()],
                });
                let order = self.order();
                let place = |origin: Option<Name>| match origin {
                    None => usize::MAX,
                    Some(_) => {
                        let node = self.find(origin);
                        order.iter().position(|&n| n == node).unwrap_or(usize::MAX)
                    }
                };
                let side = usize::from(is_right);
                let key = |node: usize| {
                    let node = &self.nodes[node];
                    let place = if is_right && !self.plain_fugue {
                        usize::MAX - place(node.right_origin)
                    } else {
                        0
                    };
                    (place, node.name)
                };
                let siblings = &self.nodes[parent].children[side];
                let mine = key(new);
                let at = siblings.iter().filter(|&&s| key(s) < mine).count();
                self.nodes[parent].children[side].insert(at, new);
            }
        }
    }
}
