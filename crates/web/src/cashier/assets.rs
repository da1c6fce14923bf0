//! The pages' own style, script and mark, under names that carry their content's hash.

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;

/// One file of the pages.
#[derive(Debug)]
pub struct Asset {
    /// Its path on the server.
    pub path: String,
    content_type: &'static str,
    body: &'static str,
}

/// Every file of the pages.
#[derive(Debug)]
pub struct Assets {
    /// The style sheet.
    pub style: Asset,
    /// The script.
    pub script: Asset,
    /// The icon.
    pub mark: Asset,
}

/// The files as built into the program.
pub static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    style: asset("cashier", "css", "text/css; charset=utf-8", include_str!("../../assets/cashier.css")),
    script: asset("cashier", "js", "text/javascript; charset=utf-8", include_str!("../../assets/cashier.js")),
    mark: asset("mark", "svg", "image/svg+xml", include_str!("../../assets/mark.svg")),
});

fn asset(name: &str, extension: &str, content_type: &'static str, body: &'static str) -> Asset {
    let hash = digest(&SHA256, body.as_bytes());
    let hash = hash.as_ref().iter().take(6).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    Asset { path: format!("/assets/{name}.{hash:012x}.{extension}"), content_type, body }
}

/// Serves a file by its hashed name, to be kept for a year.
pub async fn serve(Path(name): Path<String>) -> Response {
    let path = format!("/assets/{name}");
    let files = [&ASSETS.style, &ASSETS.script, &ASSETS.mark];
    let Some(found) = files.into_iter().find(|asset| asset.path == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(found.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, found.body).into_response()
}

#[cfg(test)]
mod tests {
    use super::ASSETS;

    #[test]
    fn the_script_and_a_whole_page_stay_small() {
        assert!(ASSETS.script.body.len() <= 10_000, "{}", ASSETS.script.body.len());
        let all = ASSETS.style.body.len() + ASSETS.script.body.len() + ASSETS.mark.body.len();
        assert!(all <= 40_000, "{all}");
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        for asset in [&ASSETS.style, &ASSETS.script, &ASSETS.mark] {
            let body = asset.body.replace("http://www.w3.org/2000/svg", "");
            assert!(!body.contains("://") && !body.contains("@import"), "{}", asset.path);
        }
    }
}
