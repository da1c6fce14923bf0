//! What an instruction says that only the channel's adapter may read.

use serde_json::{Map, Value};

/// The member that holds it, sealed.
const SEALED: &str = "sealed";

/// The payload of an instruction as its adapter reads it: what is sealed in it, opened by `open` to a JSON object, stands
/// beside the rest. Nothing where nothing is sealed, or where it does not open.
pub fn told(payload: &str, open: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    let mut payload: Map<String, Value> = serde_json::from_str(payload).ok()?;
    let sealed = payload.remove(SEALED)?;
    let opened: Map<String, Value> = serde_json::from_str(&open(sealed.as_str()?)?).ok()?;
    payload.extend(opened);
    Some(Value::Object(payload).to_string())
}

#[cfg(test)]
mod tests {
    use super::told;
    use serde_json::{Value, json};

    #[test]
    fn what_is_sealed_stands_beside_the_rest_once_opened() {
        let payload = json!({ "return_url": "https://x", "sealed": "AA" }).to_string();
        let opened = told(&payload, |sealed| (sealed == "AA").then(|| json!({ "openid": "o1" }).to_string()));
        let opened: Value = serde_json::from_str(&opened.unwrap()).unwrap();
        assert_eq!(opened, json!({ "return_url": "https://x", "openid": "o1" }));
        assert_eq!(told(&payload, |_| None), None);
        assert_eq!(told(&payload, |_| Some("[]".to_owned())), None);
        assert_eq!(told("{}", |_| Some("{}".to_owned())), None);
    }
}
