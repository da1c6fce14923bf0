//! Keys that are unique for ever.

use crate::failure::Failure;
use crate::record::{decided, record};
use crate::store::Store;
use tk_domain::id::{Id128, MerchantId, ProductId, TenantId};
use tk_domain::key::{KeyName, NaturalKey, NaturalKind};
use tk_domain::merchant::Merchant;
use tk_domain::product::Product;

record! {
    NaturalKey in "natural_keys", keys 3, Contended, Unlocked;
    name: KeyName as ["tenant_id", "kind", "natural_key"],
    id: Id128,
}
decided!(NaturalKey, natural_keys);

impl Store {
    /// The object that a natural key names.
    pub async fn find(&self, name: &KeyName) -> Result<Option<Id128>, Failure> {
        Ok(self.get::<NaturalKey>(name).await?.map(|key| key.id))
    }

    /// The merchant with this code.
    pub async fn merchant_by_code(
        &self,
        tenant_id: TenantId,
        code: &str,
    ) -> Result<Option<Merchant>, Failure> {
        let name = KeyName::of_tenant(tenant_id, NaturalKind::MerchantCode, code);
        match self.find(&name).await? {
            Some(id) => self.get::<Merchant>(&(tenant_id, MerchantId(id))).await,
            None => Ok(None),
        }
    }

    /// The product with this code.
    pub async fn product_by_code(&self, tenant_id: TenantId, code: &str) -> Result<Option<Product>, Failure> {
        let name = KeyName::of_tenant(tenant_id, NaturalKind::ProductCode, code);
        match self.find(&name).await? {
            Some(id) => self.get::<Product>(&(tenant_id, ProductId(id))).await,
            None => Ok(None),
        }
    }
}
