//! Keys that are unique for ever.

use crate::failure::Failure;
use crate::reader::{Query, first};
use crate::record::{Record, decided, record};
use crate::store::Store;
use crate::writer::request::Sql;
use tk_domain::id::{Id128, MerchantId, PartnerId, ProductId, TenantId, TypedId};
use tk_domain::key::{KeyName, NaturalKey, NaturalKind};
use tk_domain::merchant::Merchant;
use tk_domain::partner::Partner;
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
        let sql = named::<Merchant>(tenant_id, NaturalKind::MerchantCode, Named::Code::<MerchantId>(code));
        first(Some(self.read_one(tenant_id, sql).await?))
    }

    /// The product with this code.
    pub async fn product_by_code(&self, tenant_id: TenantId, code: &str) -> Result<Option<Product>, Failure> {
        let sql = named::<Product>(tenant_id, NaturalKind::ProductCode, Named::Code::<ProductId>(code));
        first(Some(self.read_one(tenant_id, sql).await?))
    }

    /// The partner with this code.
    pub async fn partner_by_code(&self, tenant_id: TenantId, code: &str) -> Result<Option<Partner>, Failure> {
        let sql = named::<Partner>(tenant_id, NaturalKind::PartnerCode, Named::Code::<PartnerId>(code));
        first(Some(self.read_one(tenant_id, sql).await?))
    }

    /// A merchant and a product, read together.
    pub async fn merchant_and_product(
        &self,
        tenant_id: TenantId,
        (merchant, product): (Named<'_, MerchantId>, Named<'_, ProductId>),
    ) -> Result<(Option<Merchant>, Option<Product>), Failure> {
        let merchant = named::<Merchant>(tenant_id, NaturalKind::MerchantCode, merchant);
        let product = named::<Product>(tenant_id, NaturalKind::ProductCode, product);
        let mut found = self.look_up(vec![tenant_id], vec![merchant, product]).await?.into_iter();
        Ok((first(found.next())?, first(found.next())?))
    }
}

/// How a caller names an object of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'a, I> {
    /// By its identifier.
    Id(I),
    /// By its code.
    Code(&'a str),
}

fn named<R: Record>(tenant_id: TenantId, kind: NaturalKind, name: Named<'_, impl TypedId>) -> Sql {
    let query = Query::<R>::of(tenant_id);
    let query = match name {
        Named::Id(id) => query.only("id =", Some(id.id128())),
        Named::Code(code) => {
            let key = format!(
                "id = (SELECT id FROM natural_keys WHERE tenant_id = ?1 AND kind = '{kind}' AND natural_key ="
            );
            query.only_under(&key, code.to_owned())
        }
    };
    query.all("id", 1)
}
