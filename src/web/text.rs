//! The sequence CRDT, as JavaScript edits it: indexes are UTF-16 code units throughout, bytes are
//! `Uint8Array`s, sequence numbers are numbers, and replicas' names are 16 hexadecimal digits.

use super::shown;
use crate::text::{Anchor, Bias, Error, Patch, Replica, ReplicaId, Snapshot, Version};
use serde::Serialize;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"/** One change of the text: at `at`, `deleted` units give way to `text`. A list of them is carried out in order. */
export interface TextPatch { at: number; deleted: number; text: string }
/** A stretch of text and the replica that wrote it, `len` in UTF-16 units. */
export interface TextAuthor { replica: string; len: number }
/** The text as it was once, and its authors from start to end. */
export interface TextSnapshot { text: string; authors: TextAuthor[] }"#;

#[wasm_bindgen]
extern "C" {
    /// Changes of the text, as TypeScript knows them.
    #[wasm_bindgen(typescript_type = "TextPatch[]")]
    pub type JsPatches;
    /// A past text, as TypeScript knows it.
    #[wasm_bindgen(typescript_type = "TextSnapshot")]
    pub type JsSnapshot;
    /// Who wrote what, as TypeScript knows it.
    #[wasm_bindgen(typescript_type = "TextAuthor[]")]
    pub type JsAuthors;
}

/// One copy of a document. Free it when it is no longer needed.
#[wasm_bindgen(js_name = TextReplica)]
pub struct WebTextReplica {
    replica: Replica,
}

/// A patch, in JavaScript's unit.
#[derive(Serialize)]
struct WebPatch<'a> {
    at: usize,
    deleted: usize,
    text: &'a str,
}

/// An author, in JavaScript's unit.
#[derive(Serialize)]
struct WebAuthor {
    replica: String,
    len: usize,
}

#[derive(Serialize)]
struct WebSnapshot<'a> {
    text: &'a str,
    authors: Vec<WebAuthor>,
}

#[wasm_bindgen(js_class = TextReplica)]
impl WebTextReplica {
    /// An empty document, edited under `name`: 16 hexadecimal digits that nobody else has or had.
    ///
    /// # Errors
    /// When `name` is no such name.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &str) -> Result<WebTextReplica, JsError> {
        Ok(WebTextReplica {
            replica: Replica::new(read_name(name)?),
        })
    }

    /// A replica called `name` of the document that [`encode`](WebTextReplica::encode) wrote.
    ///
    /// # Errors
    /// When the bytes are no whole document.
    pub fn decode(bytes: &[u8], name: &str) -> Result<WebTextReplica, JsError> {
        let replica = Replica::decode(bytes, read_name(name)?).map_err(wrong)?;
        Ok(WebTextReplica { replica })
    }

    /// The name under which this replica edits.
    #[wasm_bindgen(getter)]
    pub fn name(&self) -> String {
        show_name(self.replica.name())
    }

    /// The length of the text.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.replica.len_utf16()
    }

    /// The whole text.
    pub fn text(&self) -> String {
        self.replica.text()
    }

    /// Puts `text` before unit `index`.
    ///
    /// # Errors
    /// When `index` is outside the text or inside a surrogate pair.
    pub fn insert(&mut self, index: usize, text: &str) -> Result<(), JsError> {
        self.replace(index, 0, text)
    }

    /// Removes `len` units from `index` on.
    ///
    /// # Errors
    /// When the range is not in the text, or cuts a surrogate pair.
    pub fn delete(&mut self, index: usize, len: usize) -> Result<(), JsError> {
        self.replace(index, len, "")
    }

    /// Puts `text` in the place of `len` units from `index` on: one step of undo.
    ///
    /// # Errors
    /// When the range is not in the text, or cuts a surrogate pair.
    pub fn replace(&mut self, index: usize, len: usize, text: &str) -> Result<(), JsError> {
        self.replica.replace_utf16(index, len, text).map_err(wrong)
    }

    /// Puts one scalar, given by its code point, in the place of `len` units: what `replace` does
    /// with a text of one letter, without a string crossing the border.
    ///
    /// # Errors
    /// As for `replace`, and when `code` is no Unicode scalar.
    #[wasm_bindgen(js_name = replaceWithScalar)]
    pub fn replace_with_scalar(
        &mut self,
        index: usize,
        len: usize,
        code: u32,
    ) -> Result<(), JsError> {
        let Some(scalar) = char::from_u32(code) else {
            return Err(JsError::new(&format!("{code} is no Unicode scalar")));
        };
        let mut space = [0; 4];
        self.replace(index, len, scalar.encode_utf8(&mut space))
    }

    /// What `replace` does, with a text in UTF-8, as a `TextEncoder` makes it: a long one, say what was
    /// pasted, crosses the border many times faster like this than letter by letter.
    ///
    /// # Errors
    /// As for `replace`, and when `utf8` is no UTF-8.
    #[wasm_bindgen(js_name = replaceWithUtf8)]
    pub fn replace_with_utf8(
        &mut self,
        index: usize,
        len: usize,
        utf8: &[u8],
    ) -> Result<(), JsError> {
        self.replace(index, len, std::str::from_utf8(utf8)?)
    }

    /// Applies changes or a whole document made elsewhere, in any order and any number of times.
    /// Returns how the text changed.
    ///
    /// # Errors
    /// When the bytes are damaged or say something impossible; the replica is as it was.
    pub fn apply(&mut self, bytes: &[u8]) -> Result<JsPatches, JsError> {
        let patches = self.replica.apply(bytes).map_err(wrong)?;
        Ok(show_patches(&patches))
    }

    /// The same, for who does not want to know how the text changed.
    ///
    /// # Errors
    /// As for `apply`.
    #[wasm_bindgen(js_name = applyQuietly)]
    pub fn apply_quietly(&mut self, bytes: &[u8]) -> Result<(), JsError> {
        self.replica.apply(bytes).map(drop).map_err(wrong)
    }

    /// Takes in everything that another replica knows. Returns how the text changed.
    pub fn merge(&mut self, other: &WebTextReplica) -> JsPatches {
        show_patches(&self.replica.merge(&other.replica))
    }

    /// Our own changes since this was last called, to be sent to everybody else; empty if none.
    #[wasm_bindgen(js_name = takeChanges)]
    pub fn take_changes(&mut self) -> Vec<u8> {
        self.replica.take_changes()
    }

    /// Everything that who has `version` (see [`version`](WebTextReplica::version)) does not know.
    ///
    /// # Errors
    /// When `version` is none.
    #[wasm_bindgen(js_name = changesSince)]
    pub fn changes_since(&self, version: &[u8]) -> Result<Vec<u8>, JsError> {
        let version = Version::from_bytes(version).map_err(wrong)?;
        Ok(self.replica.changes_since(&version))
    }

    /// Which operations are known: a version vector, as bytes.
    pub fn version(&self) -> Vec<u8> {
        self.replica.version().to_bytes()
    }

    /// How many operations in `version` are not known here.
    ///
    /// # Errors
    /// When `version` is none.
    pub fn behind(&self, version: &[u8]) -> Result<f64, JsError> {
        let other = Version::from_bytes(version).map_err(wrong)?;
        Ok(self.replica.version().behind(&other) as f64)
    }

    /// How many operations known here are not in `version`.
    ///
    /// # Errors
    /// When `version` is none.
    pub fn ahead(&self, version: &[u8]) -> Result<f64, JsError> {
        let other = Version::from_bytes(version).map_err(wrong)?;
        Ok(other.behind(&self.replica.version()) as f64)
    }

    /// How many changes wait for others that they build on.
    #[wasm_bindgen(getter, js_name = heldBack)]
    pub fn held_back(&self) -> usize {
        self.replica.held_back()
    }

    /// The whole document with its history, as bytes.
    pub fn encode(&self) -> Vec<u8> {
        self.replica.encode()
    }

    /// How many operations are known: there are so many past versions, and one more.
    #[wasm_bindgen(getter, js_name = historyLength)]
    pub fn history_length(&self) -> f64 {
        self.replica.history_len() as f64
    }

    /// The version after the first `n` operations, in the order in which they came here.
    #[wasm_bindgen(js_name = versionAfter)]
    pub fn version_after(&self, n: f64) -> Vec<u8> {
        self.replica.version_after(n.max(0.0) as u64).to_bytes()
    }

    /// The text as it was when just the operations in `version` had been made.
    ///
    /// # Errors
    /// When `version` is none.
    pub fn at(&self, version: &[u8]) -> Result<JsSnapshot, JsError> {
        let version = Version::from_bytes(version).map_err(wrong)?;
        let Snapshot { text, authors } = self.replica.at(&version);
        let authors = authors.iter().map(web_author).collect();
        let text = &text;
        Ok(shown(&WebSnapshot { text, authors }).into())
    }

    /// Who wrote the text as it is now, from its start to its end.
    pub fn attribution(&self) -> JsAuthors {
        let authors: Vec<WebAuthor> = self.replica.attribution().iter().map(web_author).collect();
        shown(&authors).into()
    }

    /// A cursor at `index` that stays with the letter before it, or with the one behind it if
    /// `holds_next`, while others edit.
    ///
    /// # Errors
    /// When `index` is outside the text or inside a surrogate pair.
    pub fn anchor(&mut self, index: usize, holds_next: bool) -> Result<Vec<u8>, JsError> {
        let bias = if holds_next {
            Bias::After
        } else {
            Bias::Before
        };
        let anchor = self.replica.anchor_utf16(index, bias).map_err(wrong)?;
        Ok(anchor.to_bytes())
    }

    /// Where a cursor from [`anchor`](WebTextReplica::anchor) is now; undefined as long as what it
    /// holds on to has not come here.
    ///
    /// # Errors
    /// When the bytes are no anchor.
    pub fn resolve(&mut self, anchor: &[u8]) -> Result<Option<usize>, JsError> {
        let anchor = Anchor::from_bytes(anchor).map_err(wrong)?;
        Ok(self.replica.resolve(&anchor).map(|extent| extent.utf16))
    }

    /// Takes back the last step of our own that still shows. Returns how the text changed.
    pub fn undo(&mut self) -> JsPatches {
        show_patches(&self.replica.undo())
    }

    /// Does again what was undone last. Returns how the text changed.
    pub fn redo(&mut self) -> JsPatches {
        show_patches(&self.replica.redo())
    }

    /// Whether there is a step to undo.
    #[wasm_bindgen(getter, js_name = canUndo)]
    pub fn can_undo(&self) -> bool {
        self.replica.can_undo()
    }

    /// Whether there is a step to redo.
    #[wasm_bindgen(getter, js_name = canRedo)]
    pub fn can_redo(&self) -> bool {
        self.replica.can_redo()
    }

    /// Ends the step that typing on would continue: after a pause, say.
    #[wasm_bindgen(js_name = sealStep)]
    pub fn seal_step(&mut self) {
        self.replica.seal_step();
    }

    /// Makes the next edit part of the last step: the second cursor's, say.
    #[wasm_bindgen(js_name = joinStep)]
    pub fn join_step(&mut self) {
        self.replica.join_step();
    }
}

fn read_name(name: &str) -> Result<ReplicaId, JsError> {
    let digits = name.len() == 16 && name.bytes().all(|b| b.is_ascii_hexdigit());
    match u64::from_str_radix(name, 16) {
        Ok(number) if digits => Ok(ReplicaId(number)),
        _ => Err(JsError::new(&format!(
            "a replica's name is 16 hexadecimal digits, not '{name}'"
        ))),
    }
}

fn show_name(name: ReplicaId) -> String {
    format!("{:016x}", name.0)
}

fn web_author(author: &crate::text::Author) -> WebAuthor {
    WebAuthor {
        replica: show_name(author.replica),
        len: author.len.utf16,
    }
}

fn show_patches(patches: &[Patch]) -> JsPatches {
    let patches: Vec<WebPatch<'_>> = patches.iter().map(web_patch).collect();
    shown(&patches).into()
}

fn web_patch(patch: &Patch) -> WebPatch<'_> {
    WebPatch {
        at: patch.at.utf16,
        deleted: patch.deleted.utf16,
        text: &patch.text,
    }
}

fn wrong(error: Error) -> JsError {
    JsError::new(&error.to_string())
}
