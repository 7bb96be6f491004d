//! Who can say what: keys, signatures and authenticators, all of them real.
//!
//! Every key of a run follows from its seed. A core signs with the key of its own replica alone,
//! and liars with those of their allies besides: nothing else keeps a simulated node from
//! another's key, as nothing but secrecy keeps a real one.

use super::digest::{Digest, Sha};
use super::known::Known;
use super::options::Authentication;
use crate::base::{ClientId, NodeId};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, Mac};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use sha2::Sha256;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// A replica, by the number of its identity.
    Replica(NodeId),
    /// A client.
    Client(ClientId),
}

/// What proves who said something.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// Nothing does.
    None,
    /// An Ed25519 signature: whoever has it can show it to anybody.
    Signature([u8; 64]),
    /// HMAC-SHA256 under the key that sender and receiver share, its first 128 bits: it proves
    /// something to that receiver alone.
    Mac(Party, u128),
    /// One such code for each replica: an authenticator (Castro and Liskov 2002).
    Authenticator(Box<[u128]>),
}

impl Proof {
    /// The same with some bits turned over.
    pub(super) fn spoilt(&self) -> Proof {
        match self {
            Proof::None => Proof::None,
            Proof::Signature(bytes) => {
                let mut bytes = *bytes;
                bytes[40] ^= 0x55;
                Proof::Signature(bytes)
            }
            Proof::Mac(to, tag) => Proof::Mac(*to, !tag),
            Proof::Authenticator(tags) => {
                Proof::Authenticator(tags.iter().map(|tag| !tag).collect())
            }
        }
    }

    /// The first bytes of it, for people.
    fn shown(&self) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Proof::None => "nothing".to_owned(),
            Proof::Signature(bytes) => hex(&bytes[..6]),
            Proof::Mac(_, tag) => hex(&tag.to_le_bytes()[..6]),
            Proof::Authenticator(tags) => {
                let each = tags.iter().map(|tag| hex(&tag.to_le_bytes()[..2]));
                each.collect::<Vec<String>>().join(" ")
            }
        }
    }
}

impl Hash for Proof {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Proof::None => 0u8.hash(state),
            Proof::Signature(bytes) => {
                1u8.hash(state);
                let words = bytes.as_chunks::<8>().0.iter();
                words.for_each(|word| state.write_u64(u64::from_le_bytes(*word)));
            }
            Proof::Mac(to, tag) => (2u8, to, tag).hash(state),
            Proof::Authenticator(tags) => (3u8, tags).hash(state),
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

/// A claim of who said what, with its proof.
#[derive(Clone)]
pub struct Seal {
    /// Who is said to have said it. Nothing else tells a receiver who did.
    pub sender: Party,
    /// The digest of what was said, its kind and its sender included.
    pub content: Digest,
    /// What proves it.
    pub proof: Proof,
    /// To look at the proof when a person asks.
    keys: Option<Arc<Keys>>,
}

impl Seal {
    /// A claim with whatever proof.
    pub(super) fn new(
        sender: Party,
        content: Digest,
        proof: Proof,
        keys: Option<Arc<Keys>>,
    ) -> Seal {
        Seal {
            sender,
            content,
            proof,
            keys,
        }
    }

    /// The replicas to whom this proves nothing.
    fn fails_for(&self, keys: &Keys) -> Vec<NodeId> {
        let all = NodeId::first(keys.replicas);
        all.filter(|id| {
            Party::Replica(*id) != self.sender
                && !keys.holds(self.sender, Party::Replica(*id), &self.content, &self.proof)
        })
        .collect()
    }
}

impl PartialEq for Seal {
    fn eq(&self, other: &Seal) -> bool {
        (self.sender, self.content) == (other.sender, other.content) && self.proof == other.proof
    }
}

impl Eq for Seal {}

impl Hash for Seal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.sender, self.content, &self.proof).hash(state);
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} {:?}", self.sender, self.content, self.proof)
    }
}

impl Serialize for Seal {
    /// With the verdict of a real check: whether it holds, and for which replicas it does not.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Seal", 5)?;
        let kind = match self.proof {
            Proof::None => "none",
            Proof::Signature(_) => "Ed25519",
            Proof::Mac(..) | Proof::Authenticator(_) => "HMAC-SHA256",
        };
        record.serialize_field("kind", kind)?;
        match self.sender {
            Party::Replica(id) => record.serialize_field("sender", &id)?,
            Party::Client(id) => record.serialize_field("client", &id)?,
        }
        record.serialize_field("proof", &self.proof.shown())?;
        if let Some(keys) = &self.keys {
            let holds = match self.proof {
                Proof::Mac(to, _) => keys.holds(self.sender, to, &self.content, &self.proof),
                _ => {
                    let fails = self.fails_for(keys);
                    if !fails.is_empty() && fails.len() + 1 < keys.replicas {
                        record.serialize_field("fails_for", &fails)?;
                    }
                    fails.is_empty()
                }
            };
            record.serialize_field("holds", &holds)?;
        }
        record.end()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Seal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Seal".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Who is said to have said it, and whether the proof holds.",
            "type": "object",
            "properties": {
                "kind": { "enum": ["none", "Ed25519", "HMAC-SHA256"] },
                "sender": { "type": "integer" },
                "client": { "type": "integer" },
                "proof": { "type": "string" },
                "fails_for": { "type": "array", "items": { "type": "integer" } },
                "holds": { "type": "boolean" }
            },
            "required": ["kind", "proof"]
        })
    }
}

/// The keys of one run. Those of clients are made when they are first needed.
pub struct Keys {
    seed: u64,
    auth: Authentication,
    secret: Digest,
    replicas: usize,
    signing: Vec<SigningKey>,
    /// The shared key of replicas i and j, as a MAC that has taken it in, at `i * replicas + j`.
    shared: Vec<Hmac<Sha256>>,
    clients: Mutex<BTreeMap<ClientId, Arc<ClientKeys>>>,
    known: Mutex<Known>,
}

struct ClientKeys {
    signing: Option<SigningKey>,
    /// What it shares with each replica.
    shared: Vec<Hmac<Sha256>>,
}

/// Clients whose keys are kept at the most.
const CLIENTS_KEPT: usize = 512;

thread_local! {
    /// The keys that were made last: whoever tries many runs of one seed has the same ones.
    static LAST: RefCell<Option<Arc<Keys>>> = const { RefCell::new(None) };
}

impl Keys {
    /// The keys of `replicas` replicas in a run of that seed.
    pub(super) fn of(seed: u64, replicas: usize, auth: Authentication) -> Arc<Keys> {
        LAST.with_borrow_mut(|last| {
            let same =
                |keys: &&Arc<Keys>| (keys.seed, keys.replicas, keys.auth) == (seed, replicas, auth);
            if let Some(keys) = last.as_ref().filter(same) {
                return Arc::clone(keys);
            }
            let keys = Arc::new(Keys::new(seed, replicas, auth));
            *last = Some(Arc::clone(&keys));
            keys
        })
    }

    fn new(seed: u64, replicas: usize, auth: Authentication) -> Keys {
        let secret = Digest::of(&("keys", seed));
        let mut keys = Keys {
            seed,
            auth,
            secret,
            replicas,
            signing: Vec::new(),
            shared: Vec::new(),
            clients: Mutex::default(),
            known: Mutex::new(Known::new(replicas)),
        };
        let all = || NodeId::first(replicas).map(Party::Replica);
        match auth {
            Authentication::Signatures => {
                keys.signing = all().map(|party| keys.signing_key(party)).collect();
            }
            Authentication::Macs => {
                let pairs = all().flat_map(|one| all().map(move |other| (one, other)));
                keys.shared = pairs
                    .map(|(one, other)| keys.shared_key(one, other))
                    .collect();
            }
        }
        keys
    }

    fn signing_key(&self, party: Party) -> SigningKey {
        SigningKey::from_bytes(&Digest::of(&("sign", self.secret, party)).0)
    }

    fn shared_key(&self, one: Party, other: Party) -> Hmac<Sha256> {
        let key = Digest::of(&("share", self.secret, one.min(other), one.max(other)));
        // A key of any length will do, so that there is no error to be had here.
        Hmac::new_from_slice(&key.0).unwrap_or_else(|_| Hmac::new(&Default::default()))
    }

    fn client(&self, client: ClientId) -> Arc<ClientKeys> {
        let mut clients = unpoisoned(&self.clients);
        if let Some(keys) = clients.get(&client) {
            return Arc::clone(keys);
        }
        let party = Party::Client(client);
        let all = NodeId::first(self.replicas).map(Party::Replica);
        let keys = Arc::new(match self.auth {
            Authentication::Signatures => ClientKeys {
                signing: Some(self.signing_key(party)),
                shared: Vec::new(),
            },
            Authentication::Macs => ClientKeys {
                signing: None,
                shared: all.map(|replica| self.shared_key(party, replica)).collect(),
            },
        });
        if clients.len() >= CLIENTS_KEPT {
            clients.clear();
        }
        clients.insert(client, Arc::clone(&keys));
        keys
    }

    /// Proves to every replica that `signer` says `content`.
    pub(super) fn prove(&self, signer: Party, content: &Digest) -> Proof {
        match (self.auth, signer) {
            (Authentication::Signatures, _) => self.sign(signer, content),
            (Authentication::Macs, Party::Replica(id)) => {
                let row = self.shared.chunks(self.replicas).nth(id.index());
                let row = row.unwrap_or_default();
                Proof::Authenticator(row.iter().map(|key| tag(key, content)).collect())
            }
            (Authentication::Macs, Party::Client(id)) => {
                let keys = self.client(id);
                Proof::Authenticator(keys.shared.iter().map(|key| tag(key, content)).collect())
            }
        }
    }

    /// Proves to one party that `signer` says `content`.
    pub(super) fn prove_to(&self, to: Party, signer: Party, content: &Digest) -> Proof {
        match self.auth {
            Authentication::Signatures => self.sign(signer, content),
            Authentication::Macs => match self.mac(signer, to, content) {
                Some(tag) => Proof::Mac(to, tag),
                None => Proof::None,
            },
        }
    }

    fn sign(&self, signer: Party, content: &Digest) -> Proof {
        // Whoever says the same again signs the same again: these signatures leave nothing to chance.
        if let Some(bytes) = unpoisoned(&self.known).of(signer, content) {
            return Proof::Signature(*bytes);
        }
        let client;
        let key = match signer {
            Party::Replica(id) => self.signing.get(id.index()),
            Party::Client(id) => {
                client = self.client(id);
                client.signing.as_ref()
            }
        };
        key.map_or(Proof::None, |key| {
            Proof::Signature(key.sign(&content.0).to_bytes())
        })
    }

    fn mac(&self, one: Party, other: Party, content: &Digest) -> Option<u128> {
        match (one, other) {
            (Party::Replica(a), Party::Replica(b)) if b.index() < self.replicas => {
                let key = self.shared.get(a.index() * self.replicas + b.index())?;
                Some(tag(key, content))
            }
            (Party::Client(client), Party::Replica(id))
            | (Party::Replica(id), Party::Client(client)) => {
                let keys = self.client(client);
                Some(tag(keys.shared.get(id.index())?, content))
            }
            _ => None,
        }
    }

    /// Whether `proof` proves to `receiver` that `sender` says `content`.
    pub(super) fn holds(
        &self,
        sender: Party,
        receiver: Party,
        content: &Digest,
        proof: &Proof,
    ) -> bool {
        match (self.auth, proof, receiver) {
            (Authentication::Signatures, Proof::Signature(bytes), _) => {
                self.verifies(sender, content, bytes)
            }
            (Authentication::Macs, Proof::Mac(to, claimed), _) if *to == receiver => {
                self.mac(sender, receiver, content) == Some(*claimed)
            }
            (Authentication::Macs, Proof::Authenticator(tags), Party::Replica(id)) => tags
                .get(id.index())
                .is_some_and(|claimed| self.mac(sender, receiver, content) == Some(*claimed)),
            _ => false,
        }
    }

    fn verifies(&self, sender: Party, content: &Digest, bytes: &[u8; 64]) -> bool {
        if unpoisoned(&self.known).of(sender, content) == Some(bytes) {
            return true;
        }
        let client;
        let key = match sender {
            Party::Replica(id) => self.signing.get(id.index()),
            Party::Client(id) => {
                client = self.client(id);
                client.signing.as_ref()
            }
        };
        let key: Option<VerifyingKey> = key.map(SigningKey::verifying_key);
        let signature = Signature::from_bytes(bytes);
        let holds = key.is_some_and(|key| key.verify_strict(&content.0, &signature).is_ok());
        if holds {
            unpoisoned(&self.known).put(sender, content, bytes);
        }
        holds
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys of {} replicas", self.replicas)
    }
}

/// A thread that panicked while it held these left nothing half done: both are caches.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tag(key: &Hmac<Sha256>, content: &Digest) -> u128 {
    let mut mac = key.clone();
    mac.update(&content.0);
    let code = mac.finalize().into_bytes();
    code.first_chunk()
        .map_or(0, |half| u128::from_le_bytes(*half))
}

/// The keys where they lie among the options: no part of what a scenario says.
#[derive(Clone, Default)]
pub struct KeyRing(pub(super) Option<Arc<Keys>>);

impl PartialEq for KeyRing {
    /// They follow from the seed and the other options.
    fn eq(&self, _: &KeyRing) -> bool {
        true
    }
}

impl Eq for KeyRing {}

impl Hash for KeyRing {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The digest that is sealed: of a kind, a sender, and what `body` writes.
pub(super) fn content_of(kind: u8, sender: Party, body: &dyn Fn(&mut Sha)) -> Digest {
    let mut sha = Sha::default();
    // In few bytes: most bodies are to fit into one block of SHA-256 with it.
    match sender {
        Party::Replica(id) => (kind, id).hash(&mut sha),
        Party::Client(id) => (kind | 0x80, id).hash(&mut sha),
    }
    body(&mut sha);
    sha.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_again_is_signed_the_same_and_holds() {
        let (seed, content) = (77, Digest::of(&"again"));
        let signer = Party::Replica(NodeId(1));
        let keys = Keys::of(seed, 4, Authentication::Signatures);
        let first = keys.prove(signer, &content);
        assert!(keys.holds(signer, Party::Replica(NodeId(2)), &content, &first));
        let again = Keys::of(seed, 4, Authentication::Signatures);
        assert!(Arc::ptr_eq(&keys, &again), "they are the same keys");
        assert_eq!(again.prove(signer, &content), first);
        let afresh = Keys::new(seed, 4, Authentication::Signatures);
        assert_eq!(afresh.prove(signer, &content), first);
        let other = Keys::of(seed + 1, 4, Authentication::Signatures);
        assert_ne!(other.prove(signer, &content), first);
        assert!(!other.holds(signer, Party::Replica(NodeId(2)), &content, &first));
    }

    #[test]
    fn seals_hold_for_whom_they_are_made_and_for_nobody_else() {
        let content = Digest::of(&"content");
        let replica = |id| Party::Replica(NodeId(id));
        let parties = [
            replica(0),
            replica(1),
            replica(2),
            replica(3),
            Party::Client(7),
        ];
        for auth in [Authentication::Signatures, Authentication::Macs] {
            let keys = Keys::new(1, 4, auth);
            let other_run = Keys::new(2, 4, auth);
            for signer in parties {
                let proof = keys.prove(signer, &content);
                for receiver in parties.into_iter().take(4).filter(|party| *party != signer) {
                    assert!(keys.holds(signer, receiver, &content, &proof));
                    assert!(!keys.holds(signer, receiver, &Digest::of(&"other"), &proof));
                    assert!(!keys.holds(signer, receiver, &content, &proof.spoilt()));
                    assert!(!other_run.holds(signer, receiver, &content, &proof));
                    for claimed in parties.into_iter().filter(|claimed| *claimed != signer) {
                        assert!(!keys.holds(claimed, receiver, &content, &proof));
                    }
                }
            }
            let reply = keys.prove_to(Party::Client(7), replica(2), &content);
            assert!(keys.holds(replica(2), Party::Client(7), &content, &reply));
            let for_all = auth == Authentication::Signatures;
            assert_eq!(
                keys.holds(replica(2), Party::Client(8), &content, &reply),
                for_all
            );
        }
    }

    /// The first of RFC 8032's test vectors and the second of RFC 4231's, by the same calls.
    #[test]
    fn signatures_and_codes_are_the_standard_ones() {
        let hex = |text: &str| -> Vec<u8> {
            let pairs = text
                .as_bytes()
                .chunks(2)
                .map(|pair| std::str::from_utf8(pair));
            pairs
                .map(|pair| u8::from_str_radix(pair.expect("ASCII"), 16).expect("hex"))
                .collect()
        };
        let secret = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let key = SigningKey::from_bytes(&secret.try_into().expect("32 bytes"));
        let public = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert_eq!(key.verifying_key().to_bytes().to_vec(), public);
        let signature = key.sign(b"").to_bytes();
        assert_eq!(signature[..8], hex("e5564300c360ac72")[..]);
        let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").expect("any length");
        mac.update(b"what do ya want for nothing?");
        let code = mac.finalize().into_bytes();
        assert_eq!(code[..8], hex("5bdcc146bf60754e")[..]);
    }
}
