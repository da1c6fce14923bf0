//! The language of a page or an answer, and its texts.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, langid, static_loader};
use std::borrow::Cow;
use std::collections::HashMap;

static_loader! {
    static TEXTS = {
        locales: "./locales",
        fallback_language: "zh-CN",
        // Isolates would be copied along with amounts and numbers.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// The cookie that keeps a chosen language.
pub const LANGUAGE_COOKIE: &str = "tk_lang";
/// Ranges of an `Accept-Language` header that are looked at.
const RANGES_MAX: usize = 16;

/// A language that every text exists in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locale {
    /// Simplified Chinese.
    #[default]
    ZhCn,
    /// English.
    En,
}

impl Locale {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::ZhCn, Self::En];

    /// The language tag, BCP 47.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }

    /// Reads exactly one of our tags.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.tag() == tag)
    }

    /// The language that the cookie keeps, else the best of `Accept-Language`, else Chinese.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let kept = cookie(headers, LANGUAGE_COOKIE).and_then(Self::parse);
        kept.or_else(|| accepted(headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?)).unwrap_or_default()
    }

    fn id(self) -> LanguageIdentifier {
        match self {
            Self::ZhCn => langid!("zh-CN"),
            Self::En => langid!("en"),
        }
    }
}

/// The text of `key`, its placeholders filled from `args`; the key itself where no text exists.
#[must_use]
pub fn text(locale: Locale, key: &str, args: &[(&'static str, &str)]) -> String {
    let args: HashMap<Cow<'static, str>, FluentValue<'_>> =
        args.iter().map(|(name, value)| (Cow::Borrowed(*name), FluentValue::from(*value))).collect();
    TEXTS.try_lookup_with_args(&locale.id(), key, &args).unwrap_or_else(|| key.to_owned())
}

/// The value of a request cookie.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

fn accepted(header: &str) -> Option<Locale> {
    let mut best: Option<(Locale, u16)> = None;
    for range in header.split(',').take(RANGES_MAX) {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=").map(thousandths)).unwrap_or(1_000);
        let locale = match tag.split('-').next() {
            Some("zh") => Locale::ZhCn,
            Some("en") => Locale::En,
            _ => continue,
        };
        if weight > 0 && best.is_none_or(|(_, most)| weight > most) {
            best = Some((locale, weight));
        }
    }
    best.map(|(locale, _)| locale)
}

/// A quality value (RFC 9110 section 12.4.2) in thousandths; 0 where it is malformed.
fn thousandths(value: &str) -> u16 {
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole, fraction.parse::<u16>()) {
        ("0", Ok(fraction)) => fraction,
        ("1", Ok(0)) => 1_000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn headers(accept: &str, cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(accept).unwrap());
        headers.insert(COOKIE, HeaderValue::from_str(cookie).unwrap());
        headers
    }

    #[test]
    fn the_cookie_goes_before_the_header_and_the_header_before_chinese() {
        let cases = [
            ("", "", Locale::ZhCn),
            ("en-GB,en;q=0.9", "", Locale::En),
            ("fr, zh;q=0.3, en;q=0.8", "", Locale::En),
            ("en;q=0.2, zh-TW;q=0.7", "", Locale::ZhCn),
            ("en;q=0", "", Locale::ZhCn),
            ("en;q=x", "", Locale::ZhCn),
            ("de", "", Locale::ZhCn),
            ("zh-CN", "a=1; tk_lang=en; b=2", Locale::En),
            ("en", "tk_lang=zh-CN", Locale::ZhCn),
            ("en", "tk_lang=<script>", Locale::En),
            ("en", "xtk_lang=zh-CN", Locale::En),
        ];
        for (accept, cookie, expected) in cases {
            assert_eq!(Locale::from_headers(&headers(accept, cookie)), expected, "{accept} | {cookie}");
        }
    }

    fn keys_of(locale: Locale) -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(locale.tag());
        let mut keys = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let named = source.lines().filter_map(|line| line.split_once('='));
            let named = named.map(|(name, _)| name.trim_end());
            for name in named.filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase())) {
                assert!(keys.insert(name.to_owned()), "{name} stands twice in {}", locale.tag());
            }
        }
        keys
    }

    /// Every placeholder of every text, filled.
    fn placeholders(locale: Locale) -> Vec<(&'static str, &'static str)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(locale.tag());
        let mut names = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let source: &'static str = std::fs::read_to_string(file.unwrap().path()).unwrap().leak();
            let word =
                |rest: &'static str| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
            names.extend(source.split('$').skip(1).filter_map(word));
        }
        names.into_iter().map(|name| (name, "1")).collect()
    }

    #[test]
    fn both_languages_have_the_same_texts() {
        assert_eq!(keys_of(Locale::ZhCn), keys_of(Locale::En));
    }

    #[test]
    fn every_text_is_found_without_isolates_in_both_languages() {
        for locale in Locale::ALL {
            for key in keys_of(locale) {
                let shown = text(locale, &key, &placeholders(locale));
                assert_ne!(shown, key, "{} has no {key}", locale.tag());
                assert!(!shown.contains(['\u{2068}', '\u{2069}']), "{shown}");
            }
        }
        assert_eq!(text(Locale::En, "no-such-text", &[]), "no-such-text");
    }
}
