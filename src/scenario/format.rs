//! The scenario's format: the one JSON document that a run is a function of.

use super::error::{ScenarioError, read};
use super::expect::Expect;
use super::registry;
use crate::base::{Micros, Ratio, join};
use crate::sim::{Action, Clients, Conditions, Entry, NODES_MAX, SEED_MAX, check_order};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

/// The version of the format that this build reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// The most entries that a script may have.
const SCRIPT_MAX: usize = 100_000;

/// A scenario: protocol, cluster, options, seed, and a script of what is done to them.
/// Everything that Synod shows is a function of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(deny_unknown_fields, transform = fill_in))]
pub struct Scenario {
    /// The format's version: 1.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 1)))]
    pub version: u32,
    /// The protocol's name.
    pub protocol: String,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A paragraph on what the run shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// One sentence: what to watch for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch: Option<String>,
    /// Where a page opens the run, in milliseconds: shortly before what `watch` tells of.
    #[serde(rename = "open_ms", skip_serializing_if = "Option::is_none")]
    pub open: Option<Micros>,
    /// How many nodes there are at first.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 101)))]
    pub nodes: u16,
    /// The seed of all chance.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(range(max = 9007199254740991_u64))
    )]
    pub seed: u64,
    /// The protocol's switches; the protocol's defaults fill the rest.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Map<String, Value>"))]
    pub options: Value,
    /// The network at first.
    pub network: Network,
    /// The built-in clients.
    pub clients: Clients,
    /// Whether the protocol's invariants are watched.
    pub invariants: bool,
    /// What is done from outside, in order of time.
    pub script: Vec<ScriptEntry>,
    /// How long the run lasts, in milliseconds.
    #[serde(rename = "until_ms")]
    pub until: Micros,
    /// What the run must come to, for tests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
}

/// How the network carries messages at first; actions may change it link by link.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Least and greatest latency in milliseconds; each message draws its own.
    #[serde(rename = "latency_ms")]
    pub latency: [Micros; 2],
    /// The share of messages lost, those of clients included.
    pub loss: Ratio,
    /// The share of messages delivered twice.
    pub duplicate: Ratio,
    /// The share of messages that may overtake those before them; the others keep their order.
    pub reorder: Ratio,
    /// Whether messages between nodes wait until they are delivered by script or hand.
    pub manual: bool,
}

impl Default for Network {
    fn default() -> Network {
        let Conditions {
            latency,
            loss,
            duplicate,
            reorder,
        } = Conditions::default();
        Network {
            latency,
            loss,
            duplicate,
            reorder,
            manual: false,
        }
    }
}

impl Network {
    /// The conditions of each link.
    pub fn conditions(&self) -> Conditions {
        let Network {
            latency,
            loss,
            duplicate,
            reorder,
            manual: _,
        } = *self;
        Conditions {
            latency,
            loss,
            duplicate,
            reorder,
        }
    }
}

/// An entry of the script: a moment and an action, in one object.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptEntry(pub Entry);

impl Serialize for ScriptEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Entry { at, after, action } = &self.0;
        let mut object = Map::new();
        object.insert("at_ms".into(), number(at.as_ms()));
        if *after > 0 {
            object.insert("after".into(), (*after).into());
        }
        object.extend(action_object(action));
        object.serialize(serializer)
    }
}

/// A number as people write it: whole where it is whole.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 {
        (value as u64).into()
    } else {
        value.into()
    }
}

/// An action as an object whose `do` names it.
pub fn action_object(action: &Action) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("do".into(), action.name().into());
    if let Ok(Value::Object(tagged)) = serde_json::to_value(action) {
        for (_, fields) in tagged {
            if let Value::Object(fields) = fields {
                object.extend(fields);
            }
        }
    }
    object
}

/// Reads an action from an object whose `do` names it. `parent` is where the object stands.
pub fn read_action(parent: &str, mut object: Map<String, Value>) -> Result<Action, ScenarioError> {
    let name = match object.remove("do") {
        Some(Value::String(name)) => name,
        other => {
            let found = other.map_or("nothing".to_owned(), |other| other.to_string());
            return Err(ScenarioError::new(
                join(parent, "do"),
                found,
                "the name of an action",
            ));
        }
    };
    let tagged = Value::Object(Map::from_iter([(name.clone(), Value::Object(object))]));
    read::<Action>("", tagged).map_err(|error| {
        let inner = error.path.strip_prefix(&name).unwrap_or(&error.path);
        let inner = inner.strip_prefix('.').unwrap_or(inner);
        let unknown = inner.is_empty() && error.found.starts_with('`');
        let inner = if unknown { "do" } else { inner };
        ScenarioError::new(join(parent, inner), error.found, error.expected)
    })
}

/// The document as it comes in, its script still unread.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Document {
    version: u32,
    protocol: Option<String>,
    title: Option<String>,
    about: Option<String>,
    watch: Option<String>,
    #[serde(rename = "open_ms")]
    open: Option<Micros>,
    nodes: u16,
    seed: u64,
    options: Map<String, Value>,
    network: Network,
    clients: Clients,
    invariants: bool,
    script: Vec<Map<String, Value>>,
    #[serde(rename = "until_ms")]
    until: Micros,
    expect: Option<Expect>,
}

impl Default for Document {
    fn default() -> Document {
        Document {
            version: FORMAT_VERSION,
            protocol: None,
            title: None,
            about: None,
            watch: None,
            open: None,
            nodes: 5,
            seed: 1,
            options: Map::new(),
            network: Network::default(),
            clients: Clients::default(),
            invariants: true,
            script: Vec::new(),
            until: Micros::from_ms(5_000),
            expect: None,
        }
    }
}

impl Scenario {
    /// Reads a scenario. Its protocol's own parts (options, operations, message kinds) are
    /// checked when it is built: see [`super::build`].
    ///
    /// # Errors
    /// Where it is wrong, what was found and what was expected.
    pub fn read(value: Value) -> Result<Scenario, ScenarioError> {
        if !value.is_object() {
            return Err(ScenarioError::new("", brief(&value), "an object"));
        }
        check_objects(&value)?;
        let document: Document = read("", value)?;
        document.check()?;
        let Some(protocol) = document.protocol else {
            return Err(ScenarioError::new(
                "protocol",
                "nothing",
                "the name of a protocol",
            ));
        };
        let script = read_script(document.script, document.nodes, &protocol)?;
        Ok(Scenario {
            version: FORMAT_VERSION,
            protocol,
            title: document.title,
            about: document.about,
            watch: document.watch,
            open: document.open,
            nodes: document.nodes,
            seed: document.seed,
            options: Value::Object(document.options),
            network: document.network,
            clients: document.clients,
            invariants: document.invariants,
            script,
            until: document.until,
            expect: document.expect,
        })
    }

    /// Reads a scenario from JSON text.
    ///
    /// # Errors
    /// As [`Scenario::read`], or with the line and column where the text is not JSON.
    pub fn parse(text: &str) -> Result<Scenario, ScenarioError> {
        let value = serde_json::from_str(text)
            .map_err(|error| ScenarioError::new("", error.to_string(), "a JSON document"))?;
        Scenario::read(value)
    }
}

impl Document {
    fn check(&self) -> Result<(), ScenarioError> {
        let within = |path: &str, found: u64, low: u64, high: u64| {
            if (low..=high).contains(&found) {
                return Ok(());
            }
            let expected = format!("a number from {low} to {high}");
            Err(ScenarioError::new(path, found.to_string(), expected))
        };
        if self.version != FORMAT_VERSION {
            let expected = format!("{FORMAT_VERSION}, the only version that this build reads");
            return Err(ScenarioError::new(
                "version",
                self.version.to_string(),
                expected,
            ));
        }
        within("nodes", u64::from(self.nodes), 1, 101)?;
        within("seed", self.seed, 0, SEED_MAX)?;
        within("clients.count", u64::from(self.clients.count), 0, 1_000)?;
        within(
            "clients.attempts",
            u64::from(self.clients.attempts),
            1,
            u64::from(u32::MAX),
        )?;
        within("script", self.script.len() as u64, 0, SCRIPT_MAX as u64)?;
        ordered("network.latency_ms", self.network.latency)?;
        ordered("clients.latency_ms", self.clients.latency)?;
        ordered("clients.think_ms", self.clients.think)
    }
}

/// Checks that objects stand where they must: the reader would take a list for one, its items for
/// the fields in order.
fn check_objects(value: &Value) -> Result<(), ScenarioError> {
    let check = |path: String, value: &Value| match value {
        Value::Array(_) => Err(ScenarioError::new(path, brief(value), "an object")),
        _ => Ok(()),
    };
    for part in ["network", "clients", "expect"] {
        value
            .get(part)
            .map_or(Ok(()), |inner| check(part.to_owned(), inner))?;
    }
    for list in ["milestones", "tallies", "nodes", "results"] {
        let items = value
            .pointer(&format!("/expect/{list}"))
            .and_then(Value::as_array);
        for (place, item) in items.into_iter().flatten().enumerate() {
            check(format!("expect.{list}[{place}]"), item)?;
        }
    }
    Ok(())
}

fn ordered(path: &str, span: [Micros; 2]) -> Result<(), ScenarioError> {
    check_order(path, span).map_err(|error| ScenarioError::in_action("", error))
}

/// Reads the script and puts it in order of time. An error names an entry by its place in the file;
/// which nodes are there is a matter of time, though, and of the joins before.
fn read_script(
    script: Vec<Map<String, Value>>,
    nodes: u16,
    protocol: &str,
) -> Result<Vec<ScriptEntry>, ScenarioError> {
    let mut entries = Vec::with_capacity(script.len());
    for (place, object) in script.into_iter().enumerate() {
        let path = format!("script[{place}]");
        let entry = read_entry(&path, object)?;
        registry::check_action(protocol, &entry.action)
            .map_err(|error| ScenarioError::in_action(&path, error))?;
        entries.push((path, entry));
    }
    entries.sort_by_key(|(_, entry)| entry.at);
    let mut count = nodes;
    for (path, entry) in &entries {
        if let Action::Join {} = entry.action {
            count = count.saturating_add(1).min(NODES_MAX as u16);
        }
        entry.action.each_node(&mut |field, node| {
            if node.0 < count {
                return Ok(());
            }
            let expected = format!("a node from 0 to {}", count - 1);
            let path = join(path, field);
            Err(ScenarioError::new(path, node.to_string(), expected))
        })?;
        registry::check_taken_in(protocol, &entry.action, count)
            .map_err(|error| ScenarioError::in_action(path, error))?;
    }
    Ok(entries
        .into_iter()
        .map(|(_, entry)| ScriptEntry(entry))
        .collect())
}

fn read_entry(path: &str, mut object: Map<String, Value>) -> Result<Entry, ScenarioError> {
    let Some(at) = object.remove("at_ms") else {
        let expected = "the moment in milliseconds";
        let path = join(path, "at_ms");
        return Err(ScenarioError::new(path, "nothing", expected));
    };
    let at: Micros = read(&join(path, "at_ms"), at)?;
    let after = object
        .remove("after")
        .map_or(Ok(0), |after| read(&join(path, "after"), after))?;
    let action = read_action(path, object)?;
    Ok(Entry { at, after, action })
}

/// A value in a few words, for an error.
pub(super) fn brief(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".into(),
        other => other.to_string().chars().take(80).collect(),
    }
}

/// Says in the schema what the reader fills in: the protocol alone has to be there.
#[cfg(not(target_arch = "wasm32"))]
fn fill_in(schema: &mut schemars::Schema) {
    schema.insert("required".into(), serde_json::json!(["protocol"]));
    let least = Scenario::read(serde_json::json!({ "protocol": "" }));
    let Ok(Ok(Value::Object(filled))) = least.map(serde_json::to_value) else {
        return;
    };
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for (name, value) in filled.into_iter().filter(|(name, _)| name != "protocol") {
        if let Some(Value::Object(property)) = properties.get_mut(&name) {
            property.insert("default".into(), value);
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for ScriptEntry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ScriptEntry".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let at = generator.subschema_for::<Micros>();
        generator.subschema_for::<Action>();
        let mut schema = <Action as schemars::JsonSchema>::json_schema(generator);
        let about = "An entry of the script: a moment and an action, in one object.";
        schema.insert("description".into(), about.into());
        let Some(Value::Array(variants)) = schema.get_mut("oneOf") else {
            return schema;
        };
        for variant in variants {
            let Some(variant) = variant.as_object_mut() else {
                continue;
            };
            let properties = variant
                .entry("properties")
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(properties) = properties {
                properties.insert("at_ms".into(), at.clone().into());
                let after = "Among what happens in the same microsecond: after that many arrivals, timers and alarms of the run.";
                properties.insert(
                    "after".into(),
                    serde_json::json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX, "description": after }),
                );
            }
            if let Some(Value::Array(required)) = variant.get_mut("required") {
                required.push("at_ms".into());
            }
        }
        schema
    }
}
