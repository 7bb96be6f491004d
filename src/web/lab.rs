//! Ways to order a shared text, side by side, as the lab's page edits and looks at them.

use super::shown;
use crate::text::ReplicaId;
use crate::text::lab::{Algorithm, Change, Edit, Row, Sequence, Totals, site_name};
use serde::Serialize;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"/** What an element hangs from: indexes into the list of rows, null being the edge of the document. */
export interface LabOrigin { left: number | null; right: number | null; parent: number | null; side: "left" | "right" }
/** An element of a text in the lab. */
export interface LabRow { letter: string; site: number; id: string; bytes: number; levels: number; visible: boolean; origin: LabOrigin | null }
/** What the elements amount to. */
export interface LabTotals { elements: number; tombstones: number; bytes_mean: number; bytes_max: number; levels_max: number }
/** A replica in the lab, with its elements in the order of the document, tombstones included. */
export interface LabReplica { text: string; held_back: number; rows: LabRow[]; totals: LabTotals }
/** A change that was made, for showing. */
export interface LabChange { site: number; words: string }"#;

#[wasm_bindgen]
extern "C" {
    /// A replica in the lab, as TypeScript knows it.
    #[wasm_bindgen(typescript_type = "LabReplica")]
    pub type JsLabReplica;
    /// A change, as TypeScript knows it.
    #[wasm_bindgen(typescript_type = "LabChange")]
    pub type JsLabChange;
}

/// The names of the algorithms.
#[wasm_bindgen(js_name = labAlgorithms)]
#[must_use]
pub fn lab_algorithms() -> Vec<String> {
    Algorithm::ALL.map(|each| each.name().to_owned()).into()
}

/// Some replicas of one text, ordered by one algorithm. The network between them is the caller's:
/// it carries the changes, by their numbers.
#[wasm_bindgen(js_name = TextLab)]
pub struct WebTextLab {
    replicas: Vec<Box<dyn Sequence>>,
    changes: Vec<Change>,
}

#[derive(Serialize)]
struct Shown {
    text: String,
    held_back: usize,
    rows: Vec<Row>,
    totals: Totals,
}

#[wasm_bindgen(js_class = TextLab)]
impl WebTextLab {
    /// `sites` empty replicas, at sites 1, 2 and so on.
    ///
    /// # Errors
    /// When there is no such algorithm.
    #[wasm_bindgen(constructor)]
    pub fn new(algorithm: &str, sites: u32) -> Result<WebTextLab, JsError> {
        let found = Algorithm::ALL.into_iter().find(|a| a.name() == algorithm);
        let Some(algorithm) = found else {
            return Err(JsError::new(&format!(
                "no algorithm is called '{algorithm}'"
            )));
        };
        let sites = 1..=u64::from(sites);
        let replicas = sites
            .map(|site| algorithm.replica(ReplicaId(site)))
            .collect();
        let changes = Vec::new();
        Ok(WebTextLab { replicas, changes })
    }

    /// Puts `text` in the place of `len` scalars from the `index`-th on, at replica `at` (from 0).
    /// Returns the numbers of the changes made.
    ///
    /// # Errors
    /// When there is no such replica, or the range is outside its text.
    pub fn replace(
        &mut self,
        at: usize,
        index: usize,
        len: usize,
        text: &str,
    ) -> Result<Vec<u32>, JsError> {
        let Some(replica) = self.replicas.get_mut(at) else {
            return Err(JsError::new(&format!("there is no replica {at}")));
        };
        let wrong = |error: crate::text::Error| JsError::new(&error.to_string());
        if len > 0 {
            replica.delete(index, len).map_err(wrong)?;
        }
        if !text.is_empty() {
            replica.insert(index, text).map_err(wrong)?;
        }
        let first = self.changes.len() as u32;
        self.changes.extend(replica.take_changes());
        Ok((first..self.changes.len() as u32).collect())
    }

    /// Hands a change to a replica. What is unknown is ignored.
    pub fn deliver(&mut self, at: usize, change: usize) {
        if let (Some(replica), Some(change)) = (self.replicas.get_mut(at), self.changes.get(change))
        {
            replica.apply(change);
        }
    }

    /// A change, for showing.
    ///
    /// # Errors
    /// When there is no such change.
    pub fn change(&self, number: usize) -> Result<JsLabChange, JsError> {
        let Some(change) = self.changes.get(number) else {
            return Err(JsError::new(&format!("there is no change {number}")));
        };
        let words = match &change.edit {
            Edit::Insert(text) => format!("insert “{text}”"),
            Edit::Delete(1) => "delete a letter".into(),
            Edit::Delete(n) => format!("delete {n} letters"),
        };
        let site = change.site.0;
        Ok(shown(&serde_json::json!({ "site": site, "words": words })).into())
    }

    /// A replica and all its elements.
    ///
    /// # Errors
    /// When there is no such replica.
    pub fn replica(&self, at: usize) -> Result<JsLabReplica, JsError> {
        let Some(replica) = self.replicas.get(at) else {
            return Err(JsError::new(&format!("there is no replica {at}")));
        };
        let rows = replica.rows();
        Ok(shown(&Shown {
            text: replica.text(),
            held_back: replica.held_back(),
            totals: Totals::of(&rows),
            rows,
        })
        .into())
    }

    /// What a site is called in identifiers.
    #[wasm_bindgen(js_name = siteName)]
    pub fn site_name(site: u32) -> String {
        site_name(ReplicaId(u64::from(site)))
    }
}
