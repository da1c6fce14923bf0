//! The settings of a bank account that payers transfer to.

use super::DirectLink;
use serde::{Deserialize, Serialize};
use tk_formats::bank::csv::{Mapping, profile};

/// A bank account as the settings of a channel account describe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankAccount {
    /// Its number, 4 to 34 letters and digits.
    pub account_no: String,
    /// Whose it is, as the bank has it.
    pub account_name: String,
    /// The bank and branch 开户行.
    pub bank_name: String,
    /// The bank's number 联行号, 12 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnaps: Option<String>,
    /// The name of a CSV mapping that comes with the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv_profile: Option<String>,
    /// A CSV mapping of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv_mapping: Option<Mapping>,
    /// How its statements come by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_link: Option<DirectLink>,
}

/// Why settings are refused: the field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct BankAccountError {
    /// The field.
    pub field: &'static str,
    /// What is wrong.
    pub reason: String,
}

impl BankAccount {
    /// Reads settings, a JSON object.
    pub fn of_settings(settings: &str) -> Result<Self, BankAccountError> {
        let wrong = |field, reason: &str| BankAccountError { field, reason: reason.to_owned() };
        let account: Self =
            serde_json::from_str(settings).map_err(|error| wrong("settings", &error.to_string()))?;
        let number = &account.account_no;
        if !(4..=34).contains(&number.len()) || !number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(wrong("account_no", "4 to 34 letters and digits"));
        }
        for (field, text) in [("account_name", &account.account_name), ("bank_name", &account.bank_name)] {
            let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
            if !fits || text.trim() != text {
                return Err(wrong(field, "1 to 100 characters"));
            }
        }
        let cnaps = account.cnaps.as_deref();
        if cnaps.is_some_and(|text| text.len() != 12 || !text.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(wrong("cnaps", "12 digits"));
        }
        if account.csv_profile.as_deref().is_some_and(|name| profile(name).is_none()) {
            return Err(wrong("csv_profile", "no such profile"));
        }
        if let Some(Err(error)) = account.csv_mapping.as_ref().map(Mapping::check) {
            return Err(wrong("csv_mapping", &error.to_string()));
        }
        if let Some(link) = &account.direct_link {
            link.check()?;
        }
        Ok(account)
    }

    /// The CSV mapping of this account: its own, else the profile it names, else that of most banks.
    #[must_use]
    pub fn mapping(&self) -> Option<Mapping> {
        let named = self.csv_profile.as_deref().unwrap_or("debit_credit");
        self.csv_mapping.clone().or_else(|| profile(named))
    }
}
