//! Query parameters, each named at most once except lists, none unknown.

use crate::problem::{Code, Problem};
use axum::extract::Query;
use axum::http::Uri;
use std::collections::BTreeSet;
use tk_app::store::Page;
use tk_domain::id::TypedId;

/// Rows of a page where the caller does not say.
const LIMIT_DEFAULT: i64 = 20;
/// Parameters that a request may have.
const PARAMETERS_MAX: usize = 30;

/// The parameters of a request that nobody has taken yet.
#[derive(Debug)]
pub struct Params {
    left: Vec<(String, String)>,
}

fn refused(name: &str, detail: &str) -> Problem {
    Problem::field(Code::ParameterInvalid, format!("?{}", name.chars().take(64).collect::<String>()), detail)
}

impl Params {
    /// All parameters of a request.
    pub fn of(uri: &Uri) -> Result<Self, Problem> {
        let Query(left) =
            Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| refused("", "malformed"))?;
        if left.len() > PARAMETERS_MAX {
            return Err(refused("", "too many"));
        }
        // PostgreSQL has no text with a NUL, and no value of ours has a control character.
        if let Some((name, _)) = left.iter().find(|(_, value)| value.chars().any(char::is_control)) {
            return Err(refused(name, "control characters"));
        }
        Ok(Self { left })
    }

    /// Takes a parameter that comes once at most.
    pub fn take(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let mut values = self.take_all(name).into_iter();
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(refused(name, "comes twice")),
        }
    }

    fn take_all(&mut self, name: &str) -> Vec<String> {
        let (taken, left) = std::mem::take(&mut self.left).into_iter().partition(|(key, _)| key == name);
        self.left = left;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// Takes a parameter that `read` understands.
    pub fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        read(&text).map(Some).ok_or_else(|| refused(name, "malformed, or not one of its words"))
    }

    /// Takes the limit, 1 to 100.
    pub fn limit(&mut self) -> Result<i64, Problem> {
        match self.take("limit")? {
            None => Ok(LIMIT_DEFAULT),
            Some(text) => {
                text.parse().ok().filter(|limit| (1..=100).contains(limit)).ok_or_else(|| {
                    Problem::field(Code::LimitInvalid, "?limit", "a whole number from 1 to 100")
                })
            }
        }
    }

    /// Takes the paging parameters; cursors are identifiers of the list's own kind.
    pub fn page<I: TypedId>(&mut self) -> Result<Page, Problem> {
        let limit = self.limit()?;
        let mut cursor = |name: &str| match self.take(name)? {
            None => Ok(None),
            Some(text) => I::parse(&text)
                .map(|id| Some(id.id128()))
                .ok_or_else(|| Problem::field(Code::CursorInvalid, format!("?{name}"), "not of this list")),
        };
        let (starting_after, ending_before) = (cursor("starting_after")?, cursor("ending_before")?);
        if starting_after.is_some() && ending_before.is_some() {
            return Err(refused("ending_before", "not together with starting_after"));
        }
        Ok(Page { limit, starting_after, ending_before })
    }

    /// Takes a list of words, given as `name[]=a&name[]=b`, each one of those allowed.
    pub fn words(&mut self, name: &str, allowed: &[&str]) -> Result<BTreeSet<String>, Problem> {
        let mut values = self.take_all(&format!("{name}[]"));
        values.extend(self.take_all(name));
        match values.iter().find(|value| !allowed.contains(&value.as_str())) {
            None => Ok(values.into_iter().collect()),
            Some(_) => Err(refused(&format!("{name}[]"), &format!("only {}", allowed.join(", ")))),
        }
    }

    /// Refuses whatever nobody took.
    pub fn finish(self) -> Result<(), Problem> {
        self.left.first().map_or(Ok(()), |(name, _)| Err(refused(name, "unknown")))
    }
}
