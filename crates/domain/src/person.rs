//! People who act: their names, and acts that take two of them.

use crate::audit::{Actor, Origin};
use crate::refusal::Refusal;

/// Every act of a person has a name: 1 to 64 characters, none of them a control character.
pub(crate) fn name_of_actor(by: &str) -> Result<(), Refusal> {
    let fits = !by.trim().is_empty() && by.chars().count() <= 64 && !by.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(Refusal::FieldInvalid { param: "actor", reason: "1 to 64 characters" }) }
}

/// A name without blanks and in small letters: one person under whatever spelling.
pub(crate) fn plain_name(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Refuses whoever may not decide what this maker proposed: the maker, under whatever spelling of the name, and
/// whoever is no person of ours.
pub(crate) fn second_person(maker: &str, by: &str, origin: &Origin) -> Result<(), Refusal> {
    name_of_actor(by)?;
    match origin.actor {
        Actor::ApiKey(_) | Actor::Channel(_) | Actor::Payer => Err(Refusal::SecondPersonRequired),
        Actor::System if plain_name(maker) == plain_name(by) => Err(Refusal::SecondPersonRequired),
        Actor::System => Ok(()),
    }
}
