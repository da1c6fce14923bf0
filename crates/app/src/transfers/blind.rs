//! Blind indexes: keyed hashes by which equal names and accounts find each other, and nobody reads them.

use crate::{App, seal};
use aws_lc_rs::hmac;
use tk_domain::id::TenantId;
use tk_domain::transfer::{BlindIndex, ExpectedPayer, index_text};

/// Makes the blind indexes of one tenant.
pub(super) struct Blind {
    key: hmac::Key,
    tenant_id: TenantId,
}

impl Blind {
    pub(super) fn of(app: &App, tenant_id: TenantId) -> Self {
        let key = seal::derive(&app.config().master_key, "blind index");
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &key), tenant_id }
    }

    /// Of a name: blanks, case and the width of brackets do not matter.
    pub(super) fn name(&self, name: &str) -> Option<String> {
        let plain: String = name
            .chars()
            .filter(|letter| !letter.is_whitespace())
            .map(|letter| match letter {
                '（' => '(',
                '）' => ')',
                _ => letter.to_ascii_uppercase(),
            })
            .collect();
        self.index("name", &plain)
    }

    /// Of an account: only letters and digits matter.
    pub(super) fn account(&self, account: &str) -> Option<String> {
        let plain: String = account
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        self.index("account", &plain)
    }

    fn index(&self, kind: &str, plain: &str) -> Option<String> {
        if plain.is_empty() {
            return None;
        }
        let mut signed = hmac::Context::with_key(&self.key);
        signed.update(&self.tenant_id.0.0);
        signed.update(kind.as_bytes());
        signed.update(&[0]);
        signed.update(plain.as_bytes());
        let mut index = BlindIndex::default();
        for (byte, from) in index.iter_mut().zip(signed.sign().as_ref()) {
            *byte = *from;
        }
        Some(index_text(&index))
    }
}

impl App {
    /// Who is expected to pay by transfer, as blind indexes of this tenant.
    #[must_use]
    pub fn expected_payer(
        &self,
        tenant_id: TenantId,
        name: Option<&str>,
        account: Option<&str>,
    ) -> ExpectedPayer {
        let blind = Blind::of(self, tenant_id);
        ExpectedPayer {
            name_index: name.and_then(|name| blind.name(name)),
            account_index: account.and_then(|account| blind.account(account)),
        }
    }
}
