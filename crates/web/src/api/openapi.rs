//! The OpenAPI 3.1 document: made from the routes themselves, served at `/openapi.json`.

use crate::auth::API_VERSION;
use crate::problem::ProblemBody;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, OpenApi, PathItem, Ref, RefOr, Required, ResponseBuilder, ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};

/// The document of every route, complete with what all routes have in common.
#[must_use]
pub fn document(base_url: &str) -> OpenApi {
    let (_, document) = super::documented().split_for_parts();
    let document = finished(document, base_url);
    Arc::unwrap_or_clone(document)
}

pub(super) fn finished(mut document: OpenApi, base_url: &str) -> Arc<OpenApi> {
    document.info = InfoBuilder::new()
        .title("Tillkeeper")
        .version(API_VERSION)
        .description(Some("Payments, refunds and books of insurers and merchant groups."))
        .build();
    document.servers = Some(vec![ServerBuilder::new().url(base_url).build()]);
    let components = document.components.get_or_insert_default();
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    let mut schemas = Vec::new();
    ProblemBody::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.security_schemes.insert("bearer".to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
    for (path, item) in &mut document.paths.paths {
        if path.starts_with("/v1/") {
            complete(item);
        }
    }
    Arc::new(document)
}

fn complete(item: &mut PathItem) {
    let read = [item.get.as_mut()];
    let keyed = [item.post.as_mut()];
    let written = [item.patch.as_mut(), item.delete.as_mut()];
    for operation in read.into_iter().chain(written).flatten() {
        common(operation);
    }
    for operation in keyed.into_iter().flatten() {
        common(operation);
        let key =
            header_parameter("Idempotency-Key", Required::True, "Names the one effect of this request.");
        operation.parameters.get_or_insert_default().push(RefOr::T(key));
    }
}

fn common(operation: &mut Operation) {
    let version = header_parameter("Api-Version", Required::False, "The pinned version of the API.");
    let language = header_parameter("Accept-Language", Required::False, "zh-CN or en, for problems.");
    operation.parameters.get_or_insert_default().extend([RefOr::T(version), RefOr::T(language)]);
    operation.security = Some(vec![SecurityRequirement::new::<&str, [&str; 0], &str>("bearer", [])]);
    for status in ["4XX", "5XX"] {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description("refused; the code is in docs/refusals.md")
            .content("application/problem+json", content)
            .build();
        operation.responses.responses.insert(status.to_owned(), RefOr::T(response));
    }
}

fn header_parameter(name: &str, required: Required, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build()))
        .build()
}

pub(super) fn serve(document: &OpenApi) -> Response {
    let body = serde_json::to_string(document).unwrap_or_default();
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}
