//! How the simulator's pages look, in two languages; nothing on them needs a script.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

const STYLE: &str = include_str!("look.css");
/// Everything from ourselves, nothing inline, in nobody's frame.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'";

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    Zh,
    En,
}

impl Lang {
    /// The language asked for, else the browser's.
    pub(crate) fn of(asked: Option<&str>, headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let wanted = asked.or(accepted).unwrap_or("zh-CN");
        if wanted.starts_with("en") { Self::En } else { Self::Zh }
    }

    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    pub(crate) const fn pick(self, chinese: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::Zh => chinese,
            Self::En => english,
        }
    }
}

/// What a page is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page<'p> {
    pub lang: Lang,
    pub title: &'p str,
    /// Links above the content; absent on a payer's page, which is narrow.
    pub bar: Option<&'p str>,
    /// Where the style is served.
    pub style: &'static str,
    /// What is shown, as HTML.
    pub content: &'p str,
}

/// A whole page with its headers.
pub(crate) fn page(status: StatusCode, page: Page<'_>) -> Response {
    let Page { lang, title, bar, style, content } = page;
    let warning =
        lang.pick("模拟环境，不涉及真实资金 · no real money", "Simulated, no real money · 模拟环境");
    let (bar, narrow) = match bar {
        Some(links) => (format!("<header class=\"top\"><nav class=\"bar\">{links}</nav></header>"), ""),
        None => (String::new(), " class=\"narrow\""),
    };
    let html = format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{}</title>\
         <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"{style}\"></head><body>\
         <p class=\"banner\"><span>{warning}</span></p>{bar}<main{narrow}>{content}</main></body></html>",
        lang.tag(),
        escape(title),
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, Html(html)).into_response()
}

/// The style of all pages.
pub(crate) async fn stylesheet() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, STYLE).into_response()
}

/// Makes text safe inside HTML and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Beijing time of a moment, `2026-11-22 13:00:01`.
pub(crate) fn clock(at_us: i64) -> String {
    tk_formats::alipay::time::format_us(at_us).unwrap_or_default()
}

/// `¥1,234.56`.
pub(crate) fn yuan(fen: i64) -> String {
    let (whole, rest) = (fen.unsigned_abs() / 100, fen.unsigned_abs() % 100);
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}¥{grouped}.{rest:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_markup_is_text() {
        let cases = [(0, "¥0.00"), (5, "¥0.05"), (123_456, "¥1,234.56"), (-100_000_000, "-¥1,000,000.00")];
        for (fen, shown) in cases {
            assert_eq!(yuan(fen), shown);
        }
        assert_eq!(escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }
}
